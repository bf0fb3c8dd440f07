"""How many epochs a training that has not learnt enough would likely need, from its losses so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log

import numpy as np

LEAST_POINTS = 3  # losses that a line is drawn through
LEAST_FALL = 0.01  # of the loss of guessing
MARGIN = 1.25  # more than what the line says: it is drawn through few points
MOST = 10.0  # times the epochs so far: beyond, the line says nothing
BASIS = "a straight line through its loss over the logarithm of the epochs, accuracy in proportion to how far the loss is below guessing"


@dataclass(frozen=True)
class Forecast:
    """Epochs in all that would likely do, and whether the losses say so (else it is twice as many, for want of better)."""

    epochs: int
    known: bool

    @property
    def sentence(self) -> str:
        """In words, with how the number was found."""
        if self.known:
            return f"About {self.epochs} epochs would likely do (estimate: {BASIS})."
        return (
            f"Its losses do not tell how many epochs would do, as they hardly fall; {self.epochs} are twice as many, and a new run with a "
            "smaller --batch or a larger --learning-rate makes more of each."
        )


def guessing_loss(labels: np.ndarray, classes: int) -> float:
    """Mean squared error to one-hot labels of the best constant answer, the shares of the classes: mean over c of p_c (1 - p_c).

    Args:
        labels: int64 (N,).
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    return float((shares * (1 - shares)).mean())


def forecast(losses: Sequence[float], done: int, guessing: float, reached: float, needed: float) -> Forecast:
    """Epochs that would do.

    Args:
        losses: mean loss of each epoch in which all paths were trained, the last one last.
        done: epochs so far, those before `losses` included.
        guessing: loss of a network that knows nothing (`guessing_loss`).
        reached, needed: accuracy above chance as a share of what there is above it, 0..1.
    """
    unknown = Forecast(2 * done, known=False)
    recent = np.asarray(losses[-max(LEAST_POINTS, len(losses) // 2) :], float)
    if len(recent) < LEAST_POINTS or reached <= 0:
        return unknown
    epochs = np.log(np.arange(done - len(recent), done) + 1.0)
    slope, start = np.polyfit(epochs, recent, 1)
    now = start + slope * log(done)
    spread = float(np.std(recent - (start + slope * epochs)))
    if guessing - now <= 0 or -slope * (epochs[-1] - epochs[0]) <= max(2 * spread, LEAST_FALL * guessing):
        return unknown
    wanted = guessing - (guessing - now) * needed / reached
    times = min(MOST, exp(min(log(MOST), (wanted - now) / slope)) * MARGIN)
    return Forecast(max(done + 1, ceil(done * times)), known=True)
