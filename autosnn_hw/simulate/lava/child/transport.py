"""Lava's channels without a thread at either end: the same messages in the same order, a third of the time per step.

Lava wakes a thread for every message, which then wakes the model: with some 30 processes that is most of a step. Here the
model itself waits on the channel's semaphore. The shared memory, the semaphores and the two-slot protocol stay Lava's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from lava.magma.compiler.channels.pypychannel import CspRecvPort, CspSelector, CspSendPort

SELECT_SECONDS = 0.0005  # between looks at several channels, which happens between runs only


def _slots(port: Any) -> list[np.ndarray]:
    size = port._nbytes
    return [
        np.ndarray(shape=port._shape, dtype=port._dtype, buffer=port._shm.buf[size * i : size * (i + 1)])
        for i in range(port._size)
    ]


def _start_sending(self: Any) -> None:
    self._array = _slots(self)
    self._unread = 0


def _can_send(self: Any) -> bool:
    if self._unread == self._size and self._ack.acquire(block=False):
        self._unread -= 1
    return bool(self._unread < self._size)


def _send(self: Any, data: np.ndarray) -> None:
    if data.shape != self._shape:
        raise AssertionError(f"{data.shape=} {self._shape=} Mismatch")
    if self._unread == self._size:
        self._ack.acquire()
        self._unread -= 1
    self._array[self._idx][...] = data
    self._idx = (self._idx + 1) % self._size
    self._unread += 1
    self._req.release()


def _start_receiving(self: Any) -> None:
    self._array = _slots(self)
    self._arrived = False


def _wait(self: Any) -> None:
    if not self._arrived:
        self._req.acquire()
        self._arrived = True


def _has_arrived(self: Any) -> bool:
    self._arrived = self._arrived or self._req.acquire(block=False)
    return bool(self._arrived)


def _peek(self: Any) -> np.ndarray:
    _wait(self)
    message: np.ndarray = self._array[self._idx].copy()
    return message


def _receive(self: Any) -> np.ndarray:
    message = _peek(self)
    self._arrived = False
    self._idx = (self._idx + 1) % self._size
    self._ack.release()
    return message


def _select(self: Any, *channel_actions: tuple[Any, Callable]) -> Any:
    if len(channel_actions) == 1 and isinstance(channel_actions[0][0], CspRecvPort):
        _wait(channel_actions[0][0])
        return channel_actions[0][1]()
    while True:
        for channel, action in channel_actions:
            if channel.probe():
                return action()
        time.sleep(SELECT_SECONDS)


_PATCHES: dict[type, dict[str, Callable]] = {
    CspSendPort: {"start": _start_sending, "probe": _can_send, "send": _send},
    CspRecvPort: {"start": _start_receiving, "probe": _has_arrived, "peek": _peek, "recv": _receive},
    CspSelector: {"select": _select},
}


@contextmanager
def threadless_channels(wanted: bool) -> Iterator[None]:
    """Let networks that are built inside use channels without threads; Lava's own where not `wanted`."""
    stock = {kind: {name: kind.__dict__[name] for name in patches} for kind, patches in _PATCHES.items()}
    try:
        for kind, patches in _PATCHES.items() if wanted else ():
            for name, function in patches.items():
                setattr(kind, name, function)
        yield
    finally:
        for kind, functions in stock.items():
            for name, function in functions.items():
                setattr(kind, name, function)
