"""How long each stage took, and how much processor time, over interruptions: kept in the log of the run folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from autosnn_hw.run_folder import RunFolder
from autosnn_hw.words.progress import Reporter


class Clock:
    """Seconds by stage; a stage that was interrupted and gone on with counts all its parts.

    Args:
        elsewhere: whether a part of the work is done by machines whose processor time is not seen here.
    """

    def __init__(self, folder: RunFolder, reporter: Reporter, elsewhere: bool = False) -> None:
        self._folder, self._reporter, self._elsewhere = folder, reporter, elsewhere
        self._counted = _processor_seconds()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as one stage, whatever ends it."""
        self._reporter.stage(name)
        started = time.monotonic()
        try:
            yield
        finally:
            seconds = round(time.monotonic() - started, 3)
            self._folder.log("stage", name=name, seconds=seconds, cpu_seconds=self._spent())

    def ended(self) -> None:
        """Count processes that outlived the stages, once they have ended."""
        self._folder.log("ended", cpu_seconds=self._spent())

    def cpu_seconds(self) -> float | None:
        """Processor time of all stages and their processes; None where a part of it was spent elsewhere, or not counted."""
        entries = [entry for entry in self._folder.events() if entry.get("event") in ("stage", "ended")]
        spent = [entry.get("cpu_seconds") for entry in entries]
        known = [seconds for seconds in spent if isinstance(seconds, (int, float))]
        return sum(known) if known and len(known) == len(spent) else None

    def _spent(self) -> float | None:
        """Since it was asked last."""
        before, self._counted = self._counted, _processor_seconds()
        return None if self._elsewhere else round(self._counted - before, 3)

    def stages(self) -> list[dict[str, float | str]]:
        """[{"name", "seconds"}] in the order they were begun."""
        seconds: dict[str, float] = {}
        for entry in self._folder.events():
            name, spent = entry.get("name"), entry.get("seconds")
            if entry.get("event") == "stage" and isinstance(name, str) and isinstance(spent, (int, float)):
                seconds[name] = seconds.get(name, 0.0) + spent
        return [{"name": name, "seconds": round(value, 3)} for name, value in seconds.items()]


def _processor_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    return sum(os.times()[:4])
