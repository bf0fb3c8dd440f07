"""How large the sums of a layer can become: what decides in which arithmetic they are exact. Numpy only."""

from __future__ import annotations

import numpy as np


def largest_sum(weight: np.ndarray, largest_input: int = 1) -> int:
    """Bound on the magnitude of every partial sum of weights (outputs, ...) times inputs of at most `largest_input`."""
    rows = weight.reshape(len(weight), -1)
    # Python integers: weights near 2^63 must not overflow the bound itself.
    if int(np.abs(rows).max(initial=0)) < 1 << 40:
        return int(np.abs(rows).sum(axis=1).max()) * largest_input
    return max(sum(abs(int(w)) for w in row) for row in rows) * largest_input
