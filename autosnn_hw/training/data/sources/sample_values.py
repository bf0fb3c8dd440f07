"""Values of the samples of all parts of a data set together: one part alone may lack the large ones, and the fractions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

BYTE = 255
AT_ONCE = 64  # samples that are looked at together: those of a file may be more than memory holds twice


@dataclass(frozen=True)
class ValueRange:
    """Range of the values of all parts, and whether they are whole numbers."""

    low: float
    high: float
    whole: bool

    @classmethod
    def of(cls, arrays: Iterable[np.ndarray]) -> ValueRange:
        """Those of arrays of numbers, none of which is empty."""
        known = list(arrays)
        low, high = min(float(x.min()) for x in known), max(float(x.max()) for x in known)
        return cls(low, high, all(map(is_whole, known)))

    @property
    def bytes(self) -> bool:
        """Whether bytes hold them."""
        return self.whole and self.low >= 0 and self.high <= BYTE

    @property
    def binary(self) -> bool:
        """Zeros and ones."""
        return self.whole and self.low >= 0 and self.high <= 1

    @property
    def shares(self) -> bool:
        """Between 0 and 1."""
        return self.low >= 0 and self.high <= 1


def is_whole(x: np.ndarray) -> bool:
    """Whether an array holds no fractions."""
    if x.dtype.kind != "f":
        return True
    return all(
        bool((some == np.trunc(some)).all()) for some in (x[low : low + AT_ONCE] for low in range(0, len(x), AT_ONCE))
    )


def holds_frames(x: np.ndarray) -> bool:
    """Whether samples are frames, (N, T, C, H, W) or (N, T, F). Three axes with fractions are grey images (N, H, W)."""
    return x.ndim == 5 or (x.ndim == 3 and is_whole(x))
