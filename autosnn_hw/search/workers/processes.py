"""Evaluations in this process or in several: the same function of a genotype, so the same numbers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.workers import semaphores
from autosnn_hw.search.workers.drain import Drain

Evaluate = Callable[[Architecture], CandidateRecord]
Task = TypeVar("Task")
Result = TypeVar("Result")
Asked = TypeVar("Asked", contravariant=True)
Answer = TypeVar("Answer", covariant=True)

MOST = 4  # processes that nobody asked for; each holds torch, the data and the super-network: about 0.6 GB

_evaluate: Callable[[Any], Any] | None = None  # the worker process's own copy


def worker_count(asked: int) -> int:
    """`asked` processes, or for 0 one a core that this process may use, at most `MOST`. No number depends on it."""
    if asked:
        return asked
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST, cores))


class Pool(Protocol[Asked, Answer]):
    """Evaluations at work, wherever they are."""

    def map(self, tasks: Sequence[Asked]) -> Iterator[Answer]:
        """Results of `tasks`, in their order, each as soon as it and those before it are there."""


class Crew(Protocol):
    """Where evaluations run; no number depends on it.

    Args:
        count: workers as far as they are known.
        elsewhere: they are on other machines.
    """

    @property
    def count(self) -> int: ...

    @property
    def elsewhere(self) -> bool: ...

    def open(
        self, evaluate: Callable[[Task], Result], *, most: int | None = None, apart: bool = False
    ) -> AbstractContextManager[Pool[Task, Result]]:
        """A pool that evaluates, with as many workers as there are, or at most so many.

        Args:
            apart: all of them are other processes than this one.
        """


@dataclass(frozen=True)
class Local:
    """`count` processes of this machine."""

    count: int = 1
    elsewhere: bool = False

    def open(
        self, evaluate: Callable[[Task], Result], *, most: int | None = None, apart: bool = False
    ) -> AbstractContextManager[Pool[Task, Result]]:
        """See `Crew.open`."""
        return Workers(evaluate, self.count if most is None else max(1, min(self.count, most)), apart=apart)


def crew(workers: int | Crew) -> Crew:
    """A crew as it is; a number is so many processes of this machine."""
    return Local(workers) if isinstance(workers, int) else workers


class Workers(Generic[Task, Result]):
    """Evaluates architectures, or whatever `evaluate` takes, with `count` processes; 1 evaluates here.

    Args:
        evaluate: a function of its argument alone; for more than one process it is pickled, once a process.
        count: number of processes.
        apart: one process is another process, too, so that this one can do something else meanwhile.
    """

    def __init__(self, evaluate: Callable[[Task], Result], count: int = 1, *, apart: bool = False) -> None:
        if count < 1:
            raise InputError(f"--workers is {count}; at least 1 is needed.")
        self._evaluate = evaluate
        self._pool: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None
        self._drain: Drain | None = None
        if count > 1 or apart:
            # spawn: a fork of a process with torch's or numba's threads can hang.
            context = multiprocessing.get_context("spawn")
            end, self._lifeline = context.Pipe(duplex=False)
            semaphores.remove_dead()
            with semaphores.named_after_this_process():
                self._pool = ProcessPoolExecutor(
                    count, mp_context=context, initializer=_begin, initargs=(evaluate, end)
                )
            self._drain = Drain(self._pool)

    def __enter__(self) -> Workers[Task, Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None or self._lifeline is None or self._drain is None:
            return
        try:
            if kind is None:
                self._pool.shutdown(wait=True)
                self._lifeline.close()
            else:
                self._lifeline.close()  # ends the workers in the middle of what they do
                self._drain.start()
                self._pool.shutdown(wait=True, cancel_futures=True)
        finally:
            self._drain.close()

    def map(self, tasks: Sequence[Task]) -> Iterator[Result]:
        """Results of `tasks`, in their order, each as soon as it and those before it are there.

        Other processes begin at once, this one with each result that is asked for.

        Raises:
            RunError: a worker process died.
        """
        if self._pool is None:
            return map(self._evaluate, tasks)
        try:
            with _deaf_to_ctrl_c():
                futures = [self._pool.submit(_call, task) for task in tasks]
            return _results(futures)
        except BrokenProcessPool as error:
            raise _died() from error


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes begun within never hear Ctrl-C, not even while they import; this one hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _results(futures: Sequence[Future[Result]]) -> Iterator[Result]:
    try:
        for future in futures:
            yield future.result()
    except BrokenProcessPool as error:
        raise _died() from error


def _died() -> RunError:
    return RunError(
        "an evaluation process died (out of memory?); what was finished is kept: --resume goes on, and fewer --workers need less memory."
    )


def _begin(evaluate: Callable[[Any], Any], lifeline: Connection) -> None:
    """Set up a worker: it ends when the search does, however that ends, and leaves Ctrl-C to it."""
    global _evaluate
    _evaluate = evaluate
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(lifeline,), daemon=True).start()


def _leave_with(lifeline: Connection) -> None:
    wait([lifeline])  # nothing is ever sent: it gets ready when the other end is closed, by a kill -9 too
    os._exit(0)


def _call(task: Any) -> Any:
    if _evaluate is None:
        raise RuntimeError("the worker process was not set up")
    return _evaluate(task)
