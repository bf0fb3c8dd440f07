"""What compiled kernels need: compilation kept on disk, threads that outlive forks, arrays that begin on a cache line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cfunc, njit

_LINE = 64  # bytes of a cache line


def compiled(function: Callable[..., Any]) -> Any:
    """`njit` that releases the GIL and caches on disk, beside the source or in the user's cache folder (NUMBA_CACHE_DIR).

    Where neither can be written (a read-only install without a home) it compiles in every process instead of failing.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return njit(nogil=True)(function)


def compiled_pointer(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """The same for a function that is called by its address."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return cfunc(signature, cache=True)(function)
        except RuntimeError:
            return cfunc(signature)(function)

    return decorate


def aligned(size: int, dtype: Any) -> np.ndarray:
    """Uninitialised array that begins on a cache line: vectors that straddle lines cost a quarter of the speed."""
    itemsize = np.dtype(dtype).itemsize
    raw = np.empty(size * itemsize + _LINE, np.uint8)
    first = -raw.ctypes.data % _LINE
    return raw[first : first + size * itemsize].view(dtype)


def share(work, samples: int, threads: int) -> None:  # type: ignore[no-untyped-def]
    """Call work(low, high) for `threads` equal shares of the samples, on threads (kernels release the GIL).

    Plain threads and not numba's own pool: a pool does not survive the forks that Lava and data loaders make.
    """
    threads = max(1, min(threads, samples))
    borders = np.linspace(0, samples, threads + 1).astype(int).tolist()
    failures: list[BaseException] = []

    def guarded(low: int, high: int) -> None:
        try:
            work(low, high)
        except BaseException as error:
            failures.append(error)

    others = [threading.Thread(target=guarded, args=pair) for pair in zip(borders[1:], borders[2:])]
    for other in others:
        other.start()
    guarded(borders[0], borders[1])
    for other in others:
        other.join()
    if failures:
        raise failures[0]
