"""A pool's tasks that nobody will read any more are read here, so that who writes them does not wait for ever.

Before Python 3.12 `ProcessPoolExecutor.shutdown` waits for a task that is being written, and a task larger than a pipe is never written when
its readers are gone (CPython gh-94777). Closing the pool's own read end would end it too, but the pool's writing thread closes the same object
when it leaves: whoever comes second closes a descriptor that is not its own. So this has a descriptor of its own from the beginning.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait

_OFTEN = 0.05  # seconds between two looks whether it is over


class Drain:
    """Made with `pool`, while nobody else uses its pipe; `close` it in any case."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        reader = getattr(getattr(pool, "_call_queue", None), "_reader", None)
        # Windows has handles there, which are not duplicated alike
        self._descriptor = None if reader is None or sys.platform == "win32" else os.dup(reader.fileno())
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read all tasks from now on: for when no worker is to have them."""
        if self._descriptor is not None and self._thread is None:
            self._thread = threading.Thread(target=self._read, args=(self._descriptor,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Nothing is written any more: stop reading."""
        self._over.set()
        if self._thread is None and self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _read(self, descriptor: int) -> None:
        try:
            while not self._over.is_set():
                if wait([descriptor], _OFTEN) and not os.read(descriptor, 1 << 20):
                    return  # the writing end is closed
        finally:
            os.close(descriptor)
