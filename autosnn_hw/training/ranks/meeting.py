"""Where the processes of torchrun meet: rank 0 calls the others when it trains, or lets them go; one of them says what went wrong.

All of it goes through torch's key-value store at MASTER_ADDR:MASTER_PORT as JSON; nothing is unpickled.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch.distributed import rendezvous

from autosnn_hw.errors import AutosnnError, InputError
from autosnn_hw.torchrun import RankPlace
from autosnn_hw.training.ranks.ranks import PATIENCE, RankLostError, Ranks, joined

JOB, READY, BEGIN, SAID, LEFT = (
    "autosnn-hw job",
    "autosnn-hw ready",
    "autosnn-hw begin",
    "autosnn-hw said",
    "autosnn-hw left",
)
EVERY = 0.1  # s between two looks
LAST_WORDS = 5.0  # s that the end of a failed training waits for the other processes


class Meeting:
    """The store of all processes, and who this one is.

    Raises:
        RankLostError: the others do not come.
    """

    def __init__(self, place: RankPlace) -> None:
        self.place, self._called = place, False
        try:
            self._store, _, _ = next(rendezvous("env://", timeout=PATIENCE))
        except (RuntimeError, ValueError, OSError) as error:
            where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
            raise RankLostError(f"rank {place.rank} of {place.count} finds no other at {where} ({error}).") from error

    # Rank 0.

    @contextmanager
    def led(self) -> Iterator[Meeting]:
        """The whole command of rank 0; without a training, and whatever ends it, the others leave."""
        try:
            yield self
        except BaseException:
            self._say()
            raise
        finally:
            if not self._called:
                self._called = True
                self._store.set(JOB, json.dumps(None))
                self._let_go()

    @contextmanager
    def training(self, job: Mapping[str, Any], device: str) -> Iterator[Ranks]:
        """Train with all ranks within; they leave when it ends. Once only.

        Args:
            job: JSON that they read as `Follower.job`.

        Raises:
            InputError: one of them cannot train along, and why. RankLostError: one has ended.
        """
        assert not self._called
        self._called = True
        own_device(self.place, device)
        self._store.set(JOB, json.dumps(job))
        refusals = {rank: self._heard(f"{READY} {rank}", limit=True) for rank in range(1, self.place.count)}
        refused = next(((rank, why) for rank, why in refusals.items() if why), None)
        self._store.set(BEGIN, json.dumps(refused is None))
        if refused is not None:
            self._say()
            self._let_go()
            raise InputError(f"rank {refused[0]} of {self.place.count}: {refused[1]}")
        try:
            with self._joined(device) as ranks:
                yield ranks
        except BaseException:
            self._let_go()
            raise

    # The others.

    def follow(self) -> Any:
        """The job, once rank 0 calls; None where this process is to leave."""
        job = self._heard(JOB)
        if job is None:
            self._store.add(LEFT, 1)
        return job

    def refuse(self, why: AutosnnError) -> None:
        """Let rank 0 say why this process cannot train along."""
        self._store.set(f"{READY} {self.place.rank}", json.dumps(str(why)))
        self._heard(BEGIN)
        self._store.add(LEFT, 1)

    @contextmanager
    def following(self, device: str) -> Iterator[Ranks | None]:
        """The group, for a process that is ready to train along; None where another is not."""
        self._store.set(f"{READY} {self.place.rank}", json.dumps(""))
        if not self._heard(BEGIN):
            self._store.add(LEFT, 1)
            yield None
            return
        with self._joined(device) as ranks:
            yield ranks

    def said_by_another(self) -> bool:
        """Whether rank 0, or another, tells the user about a failure; if none does, this process is the one to do it."""
        with suppress(RuntimeError):
            until = time.monotonic() + LAST_WORDS
            while time.monotonic() < until and not self._store.check([SAID]):
                time.sleep(EVERY)
            first = self._store.add(SAID, 1) == 1
            self._store.add(LEFT, 1)
            return not first
        return False

    # Both.

    @contextmanager
    def _joined(self, device: str) -> Iterator[Ranks]:
        with joined(self._store, self.place.rank, self.place.count, device) as ranks:
            try:
                yield ranks
            except BaseException:
                if not self.place.follows:
                    self._say()  # before the others hear the line go dead
                raise

    def _heard(self, key: str, limit: bool = False) -> Any:
        """A value of the store, once another has set it; with a limit, within `PATIENCE`."""
        until = time.monotonic() + PATIENCE.total_seconds()
        try:
            while not self._store.check([key]):  # and not `wait`, in which no signal is heard
                if limit and time.monotonic() > until:
                    raise RankLostError(f"one of {self.place.count} processes has not come in {PATIENCE}.")
                time.sleep(EVERY)
            return json.loads(self._store.get(key))
        except RuntimeError as error:
            raise RankLostError(
                f"rank 0 of {self.place.count} has ended before the super-network was trained."
            ) from error

    def _say(self) -> None:
        with suppress(RuntimeError):
            self._store.add(SAID, 1)

    def _let_go(self) -> None:
        """Keep the store, where it is this process's own, until the others have read it."""
        if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == str(True):
            return
        with suppress(RuntimeError):
            until = time.monotonic() + LAST_WORDS
            while time.monotonic() < until and self._store.add(LEFT, 0) < self.place.count - 1:
                time.sleep(EVERY)


def own_device(place: RankPlace, device: str) -> None:
    """Have "cuda" mean the device of this process.

    Raises:
        InputError: its machine has too few.
    """
    if device != "cuda":
        return
    if place.local >= torch.cuda.device_count():
        raise InputError(
            f"this machine has {torch.cuda.device_count()} CUDA devices and at least {place.local + 1} processes; give torchrun --nproc-per-node {torch.cuda.device_count()}, or take --device cpu."
        )
    torch.cuda.set_device(place.local)
