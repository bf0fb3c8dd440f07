"""Events of a camera as frames: T counts a pixel and polarity, of equal numbers of events or of equal times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import MAX_TIMESTEPS

MOST = 255  # events that a value of a frame counts
WAYS = ("events", "time")


@dataclass(frozen=True)
class EventStream:
    """Events of one sample, in the order of the file.

    Args:
        x, y: column and row, integers (events,).
        polarity: 1 is ON, 0 OFF.
        time: us, int64 (events,).
    """

    x: np.ndarray
    y: np.ndarray
    polarity: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def within(self, begin: int, end: int) -> EventStream:
        """Those with begin <= time < end, us."""
        chosen = (self.time >= begin) & (self.time < end)
        return EventStream(self.x[chosen], self.y[chosen], self.polarity[chosen], self.time[chosen])


@dataclass(frozen=True)
class Framing:
    """How events become frames.

    Args:
        steps: T.
        by: "events": every frame holds as many events as any other, "time": every frame lasts as long, but for the last.
    """

    steps: int
    by: str = "events"

    def __str__(self) -> str:
        return f"{self.steps} frames of equal {'numbers of events' if self.by == 'events' else 'times'}, counts up to {MOST}"

    @classmethod
    def of(cls, name: str, steps: int) -> Framing:
        """That of `NAME`, `NAME:T`, or `NAME:T:events` or `NAME:T:time`.

        Args:
            steps: T where the name says none.

        Raises:
            InputError: T is no number of steps, or events are cut into frames in another way.
        """
        kind, *said = name.split(":")
        number = said[0] if said else str(steps)
        by = said[1] if len(said) > 1 else WAYS[0]
        if len(said) > 2 or by not in WAYS or not (number.isdecimal() and 1 <= int(number) <= MAX_TIMESTEPS):
            raise InputError(
                f"unknown data set {name!r}; {kind}:T takes a number of frames from 1 to {MAX_TIMESTEPS}, and {kind}:T:time frames of equal "
                "times in place of equal numbers of events."
            )
        return cls(int(number), by)

    def frames(self, events: EventStream, side: int) -> np.ndarray:
        """Frames uint8 (T, 2, side, side) that count at least one event, channel 0 OFF and 1 ON, as SpikingJelly makes them: events, or
        microseconds, that are left over where T does not divide them go into the last frame, which has all where they are fewer than T."""
        order = np.argsort(events.time, kind="stable")
        time = events.time[order]
        if self.by == "events":
            passed, whole = np.arange(len(time)), len(time)
        else:
            passed, whole = time - time[0], int(time[-1] - time[0])
        last, size = self.steps - 1, whole // self.steps
        step = np.minimum(passed // size, last) if size else np.full(len(time), last)
        x, y, polarity = (part[order].astype(np.int64) for part in (events.x, events.y, events.polarity))
        place = ((step * 2 + polarity) * side + y) * side + x
        counts = np.bincount(place, minlength=self.steps * 2 * side * side)
        return np.minimum(counts, MOST).astype(np.uint8).reshape(self.steps, 2, side, side)
