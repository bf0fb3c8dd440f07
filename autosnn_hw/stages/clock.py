"""How long each stage took, over interruptions: kept in the log of the run folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from autosnn_hw.progress import Reporter
from autosnn_hw.run_folder import RunFolder


class Clock:
    """Seconds by stage; a stage that was interrupted and gone on with counts all its parts."""

    def __init__(self, folder: RunFolder, reporter: Reporter) -> None:
        self._folder, self._reporter = folder, reporter

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as one stage, whatever ends it."""
        self._reporter.stage(name)
        started = time.monotonic()
        try:
            yield
        finally:
            self._folder.log("stage", name=name, seconds=round(time.monotonic() - started, 3))

    def stages(self) -> list[dict[str, float | str]]:
        """[{"name", "seconds"}] in the order they were begun."""
        seconds: dict[str, float] = {}
        for entry in self._folder.events():
            name, spent = entry.get("name"), entry.get("seconds")
            if entry.get("event") == "stage" and isinstance(name, str) and isinstance(spent, (int, float)):
                seconds[name] = seconds.get(name, 0.0) + spent
        return [{"name": name, "seconds": round(value, 3)} for name, value in seconds.items()]
