"""Event frames as counts: the largest that a network sees, and what is cut of those above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from autosnn_hw.simulate.frame_values import BYTE, above_payload
from autosnn_hw.training.data.sources.sample_arrays import LOST

MOST_GRADED = BYTE  # what a graded spike carries
CUT = "and are sent as"


def graded_payload(x_train: np.ndarray) -> int:
    """Largest value that a network sees of event frames with `graded`: that of the training samples, at most `MOST_GRADED`."""
    return int(min(MOST_GRADED, x_train.max(initial=1)))


def cut_notes(parts: Mapping[str, np.ndarray], payload: int) -> list[str]:
    """A sentence about each part with values above what is sent.

    Args:
        parts: frames by what they are for: training, validation, test.
    """
    sent, why = str(payload), "the largest of the training samples: are they on the scale of those?"
    if payload == 1:  # of training samples without an event, too
        sent, why = (
            "single spikes",
            "because no count of the training samples is above 1: are they on the scale of those?",
        )
    elif payload == MOST_GRADED:
        why = "the most that a graded spike carries; more and shorter frames would cut fewer"
    found = {part: above_payload(payload, frames) for part, frames in parts.items()}
    return [f"of the {part} samples {above} {CUT} {sent}, {why}" for part, above in found.items() if above is not None]


def without_cuts(notes: Iterable[str]) -> list[str]:
    """The notes of a data set that say nothing of values that are not sent as they are."""
    return [note for note in notes if LOST not in note and CUT not in note]
