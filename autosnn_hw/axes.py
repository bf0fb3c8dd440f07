"""How arrays are laid beside one another."""

from __future__ import annotations

import numpy as np


def along_first(values: np.ndarray, ndim: int) -> np.ndarray:
    """`values` (N,), one for each row of an array (N, ..) of `ndim` axes, as (N, 1, ..): it broadcasts to that array."""
    return values.reshape((-1,) + (1,) * (ndim - 1))
