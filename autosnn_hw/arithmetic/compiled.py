"""What compiled kernels need: compilation kept on disk, threads, arrays that begin on a cache line."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
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


_POOLS: list[ThreadPoolExecutor] = []  # one, made when it is first needed
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOLS.clear)  # threads do not survive a fork


def share(work: Callable[[int, int], object], samples: int, threads: int) -> None:
    """Call work(low, high) for `threads` equal shares of the samples, on threads (kernels release the GIL).

    The threads stay: one that is started for a call begins beside its parent on the same core, and loses what two gain. Numba's
    own pool would not survive the forks that Lava and data loaders make. A share that no thread is free for is done by the
    caller, so shares may be shared out themselves.
    """
    threads = max(1, min(threads, samples))
    if threads == 1:
        work(0, samples)
        return
    if not _POOLS:
        _POOLS.append(ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="share"))
    borders = [samples * share // threads for share in range(threads + 1)]
    pairs = list(zip(borders, borders[1:]))
    others = [_POOLS[0].submit(work, *pair) for pair in pairs[1:]]
    try:
        work(*pairs[0])
        for other, pair in zip(others, pairs[1:]):
            if other.cancel():  # not begun
                work(*pair)
    finally:
        wait([other for other in others if not other.cancel()])
    for other in others:
        if not other.cancelled():
            other.result()
