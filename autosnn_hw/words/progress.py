"""Progress of long work: bars with the time left on a terminal, elsewhere a line for every step that matters; silent where it is not wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from autosnn_hw.words.pace import Pace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

A_DAY = 86400.0  # seconds that the bars take their pace over; rich's 30 are less than an epoch can last


class Reporter(Protocol):
    """What long work tells while it runs."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins; `total` units of work are expected, or None where unknown."""

    def advance(self, done: int, text: str = "") -> None:
        """So many units of the stage are done in all; `text` says how it stands after a step that matters (an epoch, a generation, a
        network), and is left out where only the number is new."""

    def say(self, sentence: str) -> None:
        """Something worth a line that stays."""


class Silent:
    """Tells nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        pass

    def advance(self, done: int, text: str = "") -> None:
        pass

    def say(self, sentence: str) -> None:
        pass


class Lines:
    """Plain lines for a pipe or a file, with the time of the stage and what is left of it; which ones, `Pace.due` says.

    Args:
        clock: seconds.
        write: takes a line; None is standard error.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, write: Callable[[str], None] | None = None) -> None:
        self._clock, self._write = clock, write or _to_standard_error
        self._name = ""
        self._pace: Pace | None = None

    def stage(self, name: str, total: int | None = None) -> None:
        if name != self._name:
            self._write(f"{name} ..")
        self._name, self._pace = name, Pace(self._clock(), total)

    def advance(self, done: int, text: str = "") -> None:
        if self._pace is None:
            return
        now = self._clock()
        self._pace.went(now, done)
        if self._pace.due(now, done, bool(text)):
            self._write(self._pace.line(now, self._name, done, text))

    def say(self, sentence: str) -> None:
        self._write(sentence)


def _to_standard_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Bars:
    """A bar a stage on a terminal, with its time and what is left of it.

    Args:
        clock: seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.bars = Progress(
            TextColumn("{task.description:24}"),
            BarColumn(bar_width=12),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            TextColumn("{task.fields[text]}"),
            console=console,
            speed_estimate_period=A_DAY,
            get_time=clock,
        )
        self.task: TaskID | None = None
        self.name = ""

    def stage(self, name: str, total: int | None = None) -> None:
        if name == self.name and self.task is not None:
            self.bars.update(self.task, total=total)
            return
        self.finish()
        self.name = name
        self.task = self.bars.add_task(name, total=total, text="")

    def advance(self, done: int, text: str = "") -> None:
        if self.task is None:
            return
        self.bars.update(self.task, completed=done)
        if text:  # what was said last stands until there is something new
            self.bars.update(self.task, text=text)

    def say(self, sentence: str) -> None:
        self.bars.console.print(sentence, highlight=False, markup=False)

    def finish(self) -> None:
        """The bar of the last stage is full."""
        if self.task is not None:
            bar = next(task for task in self.bars.tasks if task.id == self.task)
            self.bars.update(self.task, total=bar.completed or 1, completed=bar.completed or 1)


@contextmanager
def progress(silent: bool = False) -> Iterator[Reporter]:
    """A reporter on standard error for the time of the block."""
    if silent:
        yield Silent()
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    bars = Bars(console)
    with bars.bars:
        yield bars
        bars.finish()
