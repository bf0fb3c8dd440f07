"""How fast a stage goes: what time is left, and which of its steps are worth a line where lines stay."""

from __future__ import annotations

from collections import deque

from autosnn_hw.words.quantities import duration

MANY = 1000  # units of a stage up to which each of its steps is worth a line
SECONDS = 10.0  # between lines of any other
STEP, UNIT = 0.01, 0.1  # shares of the stage between such lines: of steps that say how it stands, and of bare units
WINDOW = 30.0  # seconds that the pace is taken over, or the later half of the stage, whichever is longer
APART = 1.0  # seconds between what is remembered of the way


class Pace:
    """How far a stage is, and when it was told last.

    Args:
        now: seconds of some clock.
        total: units of work, None where unknown.
    """

    def __init__(self, now: float, total: int | None = None) -> None:
        self.begun, self.total = now, total
        self.told, self.told_at = 0, now
        self._way = deque([(now, 0)])

    def went(self, now: float, done: int) -> None:
        """So many units are done in all."""
        way = self._way
        if (
            len(way) == 1 and way[0][1] == 0 and done > 1
        ):  # gone on with, perhaps: nobody knows how many were done before
            way[0] = (now, done)
        elif len(way) > 2 and now - way[-2][0] < APART:
            way[-1] = (now, done)
        else:
            way.append((now, done))
        since = now - max(WINDOW, (now - self.begun) / 2)
        while len(way) > 2 and way[1][0] <= since:
            way.popleft()

    def left(self) -> float | None:
        """Seconds that the rest will take at the present pace; None where that is not known, or nothing is left."""
        (before, few), (now, done) = self._way[0], self._way[-1]
        if self.total is None or not few < done < self.total:
            return None
        return (self.total - done) * (now - before) / (done - few)

    def due(self, now: float, done: int, step: bool) -> bool:
        """Whether this is worth a line: each step of a stage of up to `MANY` units, and the stage's last unit; else what is both
        `SECONDS` and a share of the stage (of an unknown one, a tenth of its time) behind the line before.

        Args:
            step: it says how the stage stands: an epoch, a generation, a network.
        """
        new, waited = done > self.told, now - self.told_at
        if self.total is None:
            return waited >= max(SECONDS, (self.told_at - self.begun) * UNIT)
        if (step and self.total <= MANY) or (new and done >= self.total):
            return True
        return waited >= SECONDS and done - self.told >= self.total * (STEP if step else UNIT)

    def line(self, now: float, name: str, done: int, text: str) -> str:
        """The line, which is told thereby: "super-network: 3 of 24, loss 0.0812; 12 s, about 84 s left"."""
        self.told, self.told_at = done, now
        of = "" if self.total is None else f" of {self.total:,}"
        left = self.left()
        rest = "" if left is None else f", about {duration(left)} left"
        return f"{name}: {done:,}{of}{text and f', {text}'}; {duration(now - self.begun)}{rest}"
