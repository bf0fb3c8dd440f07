"""Progress of long work on the terminal: one line a stage, with what is known of it; silent where it is not wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import TaskID


class Reporter(Protocol):
    """What long work tells while it runs."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins; `total` units of work are expected, or None where unknown."""

    def advance(self, done: int, text: str = "") -> None:
        """So many units of the stage are done in all; `text` says how it stands."""

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


class _Bars:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(stderr=True)
        self.bars = Progress(
            TextColumn("{task.description:24}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[text]}"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.task: TaskID | None = None
        self.name = ""

    def stage(self, name: str, total: int | None = None) -> None:
        if name == self.name and self.task is not None:
            self.bars.update(self.task, total=total)
            return
        self.finish()
        self.name = name
        if not self.console.is_terminal:
            self.console.print(f"{name} ..", highlight=False)
        self.task = self.bars.add_task(name, total=total, text="")

    def advance(self, done: int, text: str = "") -> None:
        if self.task is not None:
            self.bars.update(self.task, completed=done, text=text)

    def say(self, sentence: str) -> None:
        self.console.print(sentence, highlight=False)

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
    bars = _Bars()
    with bars.bars:
        yield bars
        bars.finish()
