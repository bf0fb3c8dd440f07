"""Frames for an import: their axes as the network has them, and what of their values is not sent as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autosnn_hw.deploy.from_graph.beside_floats import FloatRun, sent
from autosnn_hw.importing.import_data import ImportData, Part
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate.frame_values import cut_values
from autosnn_hw.simulate.sample_inputs import suited_frames
from autosnn_hw.training.data.sources.sample_axes import AxisOrder, of_frames
from autosnn_hw.words.quantities import percent

COMPARED = 64  # samples that say what cutting values costs
SIMULATED = "`simulate --graded` sends them as they are"
LAST = {AxisOrder.CHANNELS_LAST: (2, "their channels"), AxisOrder.TIME_LAST: (1, "time")}  # where that axis belongs


def in_order(data: ImportData, shape: tuple[int, ...]) -> tuple[ImportData, list[str]]:
    """Frames with the axes of a network that takes frames of `shape`, where only one reading fits, and what was made of them, in sentences;
    images as they are."""
    if data.pixel_max is not None:
        return data, []
    said = suited_frames(shape, data.samples)[1]
    return _changed(data, lambda frames: suited_frames(shape, frames)[0]), said


def as_written(data: ImportData) -> tuple[ImportData, list[str]]:
    """Frames of five axes with channels or time where `data` finds them, for a module that does not say the shape of its input."""
    order = AxisOrder.WRITTEN if data.pixel_max is not None or data.samples.ndim != 5 else of_frames(data.samples.shape)
    if order not in LAST:
        return data, []
    place, what = LAST[order]
    said = f"the frames {data.samples.shape} are taken with {what} last; --input-shape says another order"
    return _changed(data, lambda frames: np.moveaxis(frames, -1, place)), [said]


def _changed(data: ImportData, change: Callable[[np.ndarray], np.ndarray]) -> ImportData:
    """The samples of every part changed."""

    def part(known: Part | None) -> Part | None:
        return None if known is None else (change(known[0]), known[1])

    return replace(data, samples=change(data.samples), train=part(data.train), validation=part(data.validation))


def cut_notes(
    network: ChipNetwork, data: ImportData, floats: Callable[[np.ndarray], FloatRun] | None, by: str
) -> list[str]:
    """A sentence about values that are cut before the network sees them, in floats, too, and what that costs.

    Args:
        floats: the network in floats on frames as they are; None where it has none.
        by: who runs them, in words.
    """
    said = cut_values(network, data.samples, False, SIMULATED)
    if not said or floats is None:
        return said
    some = data.samples[:COMPARED]
    whole, cut = (floats(values).outputs.argmax(axis=1) for values in (some, sent(network, some)))
    if data.labels is None:
        cost = f"with the values as they are it predicts the same for {percent(float((whole == cut).mean()))} of the first {len(some)} samples"
    else:
        one, two = (percent(float((found == data.labels[: len(some)]).mean())) for found in (whole, cut))
        cost = (
            f"with the values as they are {one} of the first {len(some)} samples are right, and {two} with what is sent"
        )
    return [f"{said[0]}. The figures of {by} are of what is sent, too: {cost}"]
