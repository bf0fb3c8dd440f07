"""Evaluations on a Dask cluster: a pool as any other, whose workers may be other machines, and may be lost.

What a function needs there (images, super-network) is scattered once under its hash; workers hand it on among themselves. A
worker that is lost costs what it was doing: its tasks are given to others, and what only it held is scattered again. Every
task is a function of its arguments alone and its result is taken once, so that a loss changes no number.
"""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from importlib import metadata
from types import TracebackType
from typing import Any, Generic, Protocol, runtime_checkable

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.search.workers.processes import Pool, Result, Task

CONNECT = 30.0  # s to reach the scheduler
FIRST_WORKER = 300.0  # s until it has a worker; a batch system may let it wait
PACKAGE = "autosnn-hw"
LOSSES = 20  # times that a task is given out again after what it needs was lost


@runtime_checkable
class Portable(Protocol):
    """A function of one task that can run where none of this machine's files are."""

    def carries(self) -> Mapping[str, Callable[[], Any]]:
        """What it needs there, by hash; asked for once a cluster."""

    def at_home(self, task: Any) -> Any | None:
        """The result of a task that needs no worker, or None."""

    def packed(self) -> Callable[[Mapping[str, Any]], Callable[[Any], Any]]:
        """What is sent, picklable: called with what is carried it gives the function itself, once a process."""

    def sent(self, task: Any) -> Any:
        """At home: what a worker gets of a task, picklable."""

    def received(self, task: Any, result: Any) -> Any:
        """At home: the result of a task, from what came back."""


class Cluster:
    """A Dask cluster that a scheduler's address leads to; what was scattered is kept for all pools.

    Raises:
        InputError: dask is not installed, or no scheduler answers there.
        RunError: it has no worker.
    """

    def __init__(self, address: str, *, connect: float = CONNECT, first_worker: float = FIRST_WORKER) -> None:
        try:
            import distributed
        except ImportError:
            raise InputError(
                "--scheduler needs Dask: pip install 'autosnn-hw[cluster]'; --workers N works without it."
            ) from None
        self.address, self._carried = address, dict[str, Any]()
        try:
            self.client = _client(distributed.Client, address, connect)
        except (OSError, ValueError, TimeoutError, KeyError, TypeError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"no Dask scheduler answers at {address!r} ({reason}); `dask scheduler` prints its address, as in tcp://host:8786."
            ) from None
        self._first_worker = first_worker
        try:
            self._wait_for_worker()
            self._require_installed()
        except BaseException:
            self.close()
            raise

    def _wait_for_worker(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=self._first_worker)
        except TimeoutError:
            raise RunError(
                f"the Dask scheduler at {self.address} has had no worker for {self._first_worker:g} s; "
                f"`dask worker {self.address}` starts one."
            ) from None

    def _require_installed(self) -> None:
        """Refuse workers that lack this package: Dask itself would lose one after the other without a word."""
        for worker, found in self.client.run(metadata.version, PACKAGE, on_error="return").items():
            if not isinstance(found, str):
                raise InputError(
                    f"the worker {worker} of {self.address} lacks {PACKAGE} ({found}); install the same version there."
                )

    def close(self) -> None:
        """Let go of everything that was scattered; scheduler and workers stay."""
        self._carried.clear()
        with suppress(Exception):  # it may be gone
            self.client.close(timeout=5)

    def pool(self, function: Callable[[Task], Result] | Portable) -> ClusterPool[Task, Result]:
        """A pool that evaluates `function`, one task at a time a worker process."""
        return ClusterPool(self, function if isinstance(function, Portable) else _Plain(function))

    def carried(self, needs: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Futures of what is needed, scattered where it is not there."""
        for name, make in needs.items():
            future = self._carried.get(name)
            if future is None or future.status in ("cancelled", "lost", "error"):
                self._wait_for_worker()
                # The key is new each time: Dask remembers a lost one.
                key = f"{name}-{uuid.uuid4().hex[:8]}"
                self._carried[name] = self.client.scatter({key: make()})[key]
        return {name: self._carried[name] for name in needs}


def _client(kind: Any, address: str, connect: float) -> Any:
    """A client of the class `distributed.Client`; where it cannot be made, what there is of it counts as closed: it would wait a
    minute for itself when it is dropped, and then say so in a traceback."""
    client = kind.__new__(kind)
    try:
        client.__init__(address, timeout=connect, set_as_default=False, name="autosnn-hw")
    except BaseException:
        client.status = "closed"
        raise
    return client


class ClusterPool(AbstractContextManager, Pool, Generic[Task, Result]):
    """Tasks of one function on a cluster."""

    def __init__(self, cluster: Cluster, function: Portable) -> None:
        self._cluster, self._function = cluster, function
        self._futures: dict[int, Any] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        futures, self._futures = list(self._futures.values()), {}
        with suppress(Exception):
            self._cluster.client.cancel(futures, force=True)

    def map(self, tasks: Sequence[Task]) -> Iterator[Result]:
        """See `Pool.map`.

        Raises:
            RunError: the scheduler is gone, or a task ended every worker that it was given to.
        """
        known = [self._function.at_home(task) for task in tasks]
        missing = [number for number, result in enumerate(known) if result is None]
        with self._told():
            self._submit(tasks, missing)
        return self._results(tasks, known)

    def _submit(self, tasks: Sequence[Task], numbers: Sequence[int]) -> None:
        if not numbers:
            return
        import cloudpickle

        carried = self._cluster.carried(self._function.carries())
        function = cloudpickle.dumps(self._function.packed())
        prefix = f"{type(self._function).__name__}-{uuid.uuid4().hex}"
        for number in numbers:
            self._futures[number] = self._cluster.client.submit(
                _call,
                function,
                self._function.sent(tasks[number]),
                list(carried),
                list(carried.values()),
                key=f"{prefix}-{number}",
                priority=-number,
                pure=False,
            )

    def _results(self, tasks: Sequence[Task], known: Sequence[Any]) -> Iterator[Result]:
        for number, task in enumerate(tasks):
            if known[number] is not None:
                yield known[number]
                continue
            with self._told():
                result = self._result(tasks, number)
            del self._futures[number]
            yield self._function.received(task, result)

    def _result(self, tasks: Sequence[Task], number: int) -> Any:
        from concurrent.futures import CancelledError

        for _ in range(LOSSES):
            try:
                return self._futures[number].result()
            except CancelledError:
                # What it needs was held by workers that are all gone, or the scheduler is.
                if self._cluster.client.status != "running":
                    raise
                waiting = [one for one in sorted(self._futures) if self._futures[one].status == "cancelled"]
                self._submit(tasks, waiting or [number])
        return self._futures[number].result()

    def _told(self) -> AbstractContextManager[None]:
        return _Told(self._cluster.address)


class _Told(AbstractContextManager):
    """Turns what a cluster can do wrong into one sentence."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        if isinstance(error, KilledWorker):
            raise RunError(
                "a task ended each worker of the cluster that it was given to (out of memory?); what was finished is kept: "
                "--resume goes on, and workers with more memory would work."
            ) from error
        if isinstance(error, (CancelledError, CommClosedError, TimeoutError, OSError)):
            raise RunError(
                f"the Dask scheduler at {self._address} is gone; what was finished is kept: --resume goes on, with --scheduler at a new one."
            ) from error


class _Plain:
    """A function that needs nothing but its argument."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def carries(self) -> Mapping[str, Callable[[], Any]]:
        return {}

    def at_home(self, task: Any) -> Any | None:
        return None

    def packed(self) -> Callable[[Mapping[str, Any]], Callable[[Any], Any]]:
        return partial(_as_it_is, self._function)

    def sent(self, task: Any) -> Any:
        return task

    def received(self, task: Any, result: Any) -> Any:
        return result


def _as_it_is(function: Callable[[Any], Any], carried: Mapping[str, Any]) -> Callable[[Any], Any]:
    return function


_one_at_a_time = threading.Lock()  # a worker with several threads: torch's settings and our caches are the process's
_ready: dict[bytes, Callable[[Any], Any]] = {}  # functions by their pickles


def _call(pickled: bytes, task: Any, names: Sequence[str], carried: Sequence[Any]) -> Any:
    """On a worker: one task."""
    with _one_at_a_time:
        if pickled not in _ready:
            while len(_ready) > 2:
                _ready.pop(next(iter(_ready)))
            _ready[pickled] = pickle.loads(pickled)(dict(zip(names, carried)))
        return _ready[pickled](task)
