"""A network that was trained and then cannot be written as integers: the reason, with what was learnt of it as floats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autosnn_hw.errors import InputError


@dataclass(frozen=True)
class Floats:
    """What is known of a network as floats.

    Args:
        accuracy: share of the test samples that are right.
        spikes: AutoSNN's counter, mean a test sample. firing_rate: share; None is unknown.
        parameters: weights and biases.
        losses: by epoch.
    """

    accuracy: float
    spikes: float
    firing_rate: float | None
    parameters: int
    losses: list[float]

    def document(self, architecture: str, space: str | None, why: str, samples: int) -> dict[str, Any]:
        """As `train --json` prints any network, null where only a chip network has a number, and "not_lowered": why there is none.

        Args:
            samples: test samples.
        """
        nothing = ("file", "fits", "spikes", "synops", "energy", "latency", "cores")
        return {
            "architecture": architecture,
            "name": architecture,
            "space": space,
            "not_lowered": why,
            "left_out": [],
            "accuracy": {"float": self.accuracy, "quantised": None, "exact_test": None},
            "float_spikes": self.spikes,
            "float_firing_rate": self.firing_rate,
            "parameters": self.parameters,
            "samples": samples,
            **dict.fromkeys(nothing),
            "curves": {"loss": self.losses},
        }


class NotLoweredError(InputError):
    """Lowering or writing a trained network failed.

    Args:
        why: the sentence of what failed. floats: what was trained. samples: test samples.
    """

    def __init__(self, why: str, floats: Floats, samples: int) -> None:
        super().__init__(why, floats, samples)  # all of them, so that it can be sent between processes
        self.why, self.floats, self.samples = why, floats, samples

    def __str__(self) -> str:
        return self.why


@contextmanager
def lowering(floats: Floats, samples: int) -> Iterator[None]:
    """For a block that only lowers a trained network, or writes what was lowered.

    Args:
        floats: what was trained. samples: test samples.

    Raises:
        NotLoweredError: what the block refused.
    """
    try:
        yield
    except InputError as error:
        raise NotLoweredError(str(error), floats, samples) from error
