"""Watching and ending a group of processes (Linux): who is in it, who was killed, and how to leave nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Lava's forked models die of SIGTERM at once; one stuck in the kernel is not waited for longer than this.
GRACE_SECONDS = 2.0
# The resource tracker unlinks the segments of /dev/shm after the last process that used them has gone.
TRACKER_SECONDS = 10.0
EXIT_CODE_FIELD = 49  # of /proc/PID/stat, counted from the state (proc(5): field 52)


@dataclass(frozen=True)
class Member:
    """One process of a group; `killed_by` is the signal that ended a process not yet reaped, 0 where none did."""

    pid: int
    state: str
    killed_by: int

    @property
    def alive(self) -> bool:
        return self.state not in "ZX"


def _stat(pid: int) -> list[str]:
    with suppress(OSError):
        # The command's name stands in parentheses and may itself hold spaces and parentheses.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def members(group: int) -> Iterator[Member]:
    """Processes of process group `group`, those not yet reaped included."""
    for entry in os.listdir("/proc"):
        fields = _stat(int(entry)) if entry.isdigit() else []
        if len(fields) > EXIT_CODE_FIELD and int(fields[2]) == group:
            yield Member(int(entry), fields[0], int(fields[EXIT_CODE_FIELD]) & 0x7F if fields[0] in "ZX" else 0)


def is_resource_tracker(pid: int) -> bool:
    """Whether this is multiprocessing's resource tracker, which unlinks /dev/shm segments and must outlive their users."""
    with suppress(OSError):
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _living(group: int, trackers: bool) -> list[int]:
    return [m.pid for m in members(group) if m.alive and is_resource_tracker(m.pid) == trackers]


def _until_gone(group: int, trackers: bool, seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := _living(group, trackers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def end_group(group: int) -> None:
    """End every process of a group and return when its /dev/shm segments are gone.

    SIGTERM to all, then SIGKILL to whoever is left but the resource tracker: killing the tracker, too, leaks every
    segment, and killing the leader alone leaves its forked children running.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
    for pid in _until_gone(group, False, GRACE_SECONDS):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _until_gone(group, False, GRACE_SECONDS)
    _until_gone(group, True, TRACKER_SECONDS)
