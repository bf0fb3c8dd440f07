"""How many processes a run uses; no number in it depends on that."""

from __future__ import annotations

import os

MOST = 4  # each holds torch, the data and the super-network: about 0.6 GB


def worker_count(asked: int) -> int:
    """`asked` processes, or for 0 one a core that this process may use, at most `MOST`."""
    if asked:
        return asked
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST, cores))
