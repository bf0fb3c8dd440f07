"""Semaphores of a pool of processes: named after the process that made them, so that what a killed one left can be told and removed.

Python removes them when a process ends, or its resource tracker does. Where both are killed (kill -9 of the whole group, as out-of-memory
killers and schedulers do it) they stay in shared memory for ever.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import process
from pathlib import Path
from typing import Any

SHARED = Path("/dev/shm")
PREFIX = "autosnn-hw"


@contextmanager
def named_after_this_process() -> Iterator[None]:
    """Semaphores that are made inside carry host and process in their names."""
    config: dict[str, Any] = process.current_process()._config  # type: ignore[attr-defined]
    before = config.get("semprefix")
    config["semprefix"] = f"/{PREFIX}-{_host()}-{os.getpid()}"
    try:
        yield
    finally:
        config["semprefix"] = before


def remove_dead(folder: Path = SHARED) -> int:
    """Remove what processes of this host left that are no more; how many there were."""
    pattern = re.compile(rf"sem\.{PREFIX}-{re.escape(_host())}-(\d+)-.*")
    removed = 0
    with suppress(OSError):  # there is no such folder on other systems
        for path in folder.iterdir():
            found = pattern.fullmatch(path.name)
            if found is not None and not _alive(int(found[1])):
                with suppress(OSError):  # another user's, or another process was faster
                    path.unlink()
                    removed += 1
    return removed


def _host() -> str:
    """Containers may share the folder, not the numbers of their processes."""
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())[:40]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
