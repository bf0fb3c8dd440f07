"""What compiled kernels need: compilation that is kept on disk, and arrays that begin on a cache line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

_LINE = 64  # bytes of a cache line


def compiled(function: Callable[..., Any]) -> Any:
    """`njit` that releases the GIL and caches on disk, beside the source or in the user's cache folder (NUMBA_CACHE_DIR).

    Where neither can be written (a read-only install without a home) it compiles in every process instead of failing.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return njit(nogil=True)(function)


def aligned(size: int, dtype: Any) -> np.ndarray:
    """Uninitialised array that begins on a cache line: vectors that straddle lines cost a quarter of the speed."""
    itemsize = np.dtype(dtype).itemsize
    raw = np.empty(size * itemsize + _LINE, np.uint8)
    first = -raw.ctypes.data % _LINE
    return raw[first : first + size * itemsize].view(dtype)
