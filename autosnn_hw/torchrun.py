"""Which of the processes that torchrun has started this one is, as its environment says it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from autosnn_hw.errors import InputError

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")  # of torchrun; srun and others set them, too


@dataclass(frozen=True)
class RankPlace:
    """One of several processes.

    Args:
        rank: 0 .. count - 1; 0 runs the search.
        count: processes in all, at least two.
        local: its number on its machine.
    """

    rank: int
    count: int
    local: int

    @property
    def follows(self) -> bool:
        """Whether it trains along and does nothing else."""
        return self.rank > 0


def follows(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether another process, rank 0, has the same command line and says what is wrong with it."""
    try:
        return (found := place(environment)) is not None and found.follows
    except InputError:
        return False


def place(environment: Mapping[str, str] = os.environ) -> RankPlace | None:
    """None where this process is alone: no torchrun, or one of one process.

    Raises:
        InputError: the environment contradicts itself.
    """
    if "WORLD_SIZE" not in environment or "RANK" not in environment or "MASTER_ADDR" not in environment:
        return None
    try:
        rank, count = int(environment["RANK"]), int(environment["WORLD_SIZE"])
        local = int(environment.get("LOCAL_RANK", "0"))
        port = int(environment["MASTER_PORT"])
    except (KeyError, ValueError):
        rank, count, local, port = -1, 0, 0, 0
    if not (0 <= rank < count and local >= 0 and 0 < port < 1 << 16):
        found = ", ".join(f"{name}={environment.get(name, 'not set')}" for name in NAMES)
        raise InputError(
            f"the environment names no rank ({found}); start with torchrun, which sets these, or unset WORLD_SIZE."
        )
    return RankPlace(rank, count, local) if count > 1 else None
