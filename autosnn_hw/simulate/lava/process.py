"""The caller's end of the process that runs Lava: starts it, feeds it jobs, watches it, ends it and leaves nothing behind.

Lava must never run in the caller's process: a failing model makes it hang without a word, and its import changes the
start method of multiprocessing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw import child_process
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.simulate.lava.process_group import end_group, members

START_SECONDS = 300.0
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
SOCKET_FOLDER = 60  # a socket's path holds 107 characters, of which multiprocessing needs 40
_WORKER = "autosnn_hw.simulate.lava.child.worker"
# The models are many processes already; BLAS threads inside each only get in each other's way.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class LavaUnavailable(InputError):
    """Lava is not installed or cannot be imported here."""


class LavaFailed(RunError):
    """A job failed in Lava; `trace` is the traceback where there is one, `reusable` whether the child survived it."""

    def __init__(self, sentence: str, trace: str = "", reusable: bool = False) -> None:
        super().__init__(sentence)
        self.trace = trace
        self.reusable = reusable


def unavailable(reason: str) -> LavaUnavailable:
    """The one sentence that says why there is no Lava and what works without it."""
    return LavaUnavailable(
        f"Lava is not available ({reason}); it needs Linux and Python 3.10 with lava-nc 0.10.0 and lava-dl 0.6.0. "
        "Everything but the lava backend works without it: use the exact backend, which gives the same spikes."
    )


def _environment(folder: Path) -> dict[str, str]:
    """The child's environment: temporary files of multiprocessing, which a killed process leaves, go with the folder."""
    environment = {**os.environ, **_ONE_THREAD}
    if len(str(folder)) <= SOCKET_FOLDER:
        environment["TMPDIR"] = str(folder)
    return environment


def _remove(owner: int, folder: Path) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _finish(owner: int, process: subprocess.Popen[bytes], reply: int) -> None:
    """End a child and its models. Does nothing in a process that was forked from the owner."""
    if os.getpid() != owner:
        return
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    end_group(process.pid)
    process.wait()
    os.close(reply)


class LavaChild:
    """A long-lived process that runs one Lava job after the other (threads may share it: jobs wait for each other).

    It starts at the first job, or at `start`; after a job that failed inside Lava it is replaced. When the caller ends,
    however it ends, the child and its models end.

    Args:
        stall: seconds without a simulated step after which a job counts as hung.
    """

    def __init__(self, *, stall: float = 120.0) -> None:
        self.stall = stall
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize | None = None
        self._cleaner: weakref.finalize | None = None
        self._ready = False
        self._text = b""

    def __enter__(self) -> LavaChild:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id, also the id of the process group of all its models; None while none runs."""
        return None if self._process is None else self._process.pid

    @property
    def folder(self) -> Path:
        """A folder for the files of jobs; it goes with `close`, with the object, and with the caller, however that ends."""
        with self._lock:
            if self._cleaner is None or not self._cleaner.alive:
                self._folder = Path(tempfile.mkdtemp(prefix="autosnn-hw-lava-"))
                self._cleaner = weakref.finalize(self, _remove, os.getpid(), self._folder)
            return self._folder

    def start(self) -> None:
        """Start the process without waiting for it: importing Lava takes seconds that the caller can use."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._end()
            self._log = self.folder / "log"
            self._reply, write = os.pipe()
            try:
                with open(self._log, "ab") as log:
                    self._process = subprocess.Popen(
                        child_process.command(_WORKER, write, os.getpid()),
                        stdin=subprocess.PIPE,
                        stdout=log,
                        stderr=log,
                        pass_fds=(write,),
                        cwd=self.folder,
                        env=_environment(self.folder),
                        start_new_session=True,
                    )
            except BaseException:
                os.close(self._reply)
                raise
            finally:
                os.close(write)
            self._ready, self._text = False, b""
            self._finalizer = weakref.finalize(self, _finish, os.getpid(), self._process, self._reply)

    def close(self) -> None:
        """End the process, its models, their shared memory and the folder; the next job starts another."""
        with self._lock:
            self._end()
            if self._cleaner is not None:
                self._cleaner()

    def _end(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._process = self._finalizer = None

    def wait_ready(self) -> None:
        """Start if need be and wait until Lava is imported.

        Raises:
            LavaUnavailable: it cannot be imported.
        """
        with self._lock:
            self.start()
            if self._ready:
                return
            try:
                answer = self._answer(time.monotonic() + START_SECONDS, None, None)
            except LavaFailed as error:
                self._end()
                raise unavailable(f"its process did not start: {error}") from error
            except BaseException:
                self._end()
                raise
            if not answer["ready"]:
                self._end()
                raise unavailable(answer["error"])
            self._ready = True

    def submit(self, job: Mapping[str, Any], *, timeout: float | None = None) -> dict[str, Any]:
        """Run one job and return its answer.

        Args:
            job: as `lava_child.job` reads it; "failure" and "progress" are files the models write while they run.
            timeout: seconds the job may take; None for no limit but `stall`.

        Raises:
            LavaFailed: it failed, died, stalled or took too long. The process is gone then, unless it could go on.
            LavaUnavailable: there is no Lava.
        """
        with self._lock:
            self.wait_ready()
            process = self._process
            assert process is not None and process.stdin is not None
            os.truncate(self._log, 0)
            deadline = None if timeout is None else time.monotonic() + timeout
            try:
                process.stdin.write(json.dumps(dict(job)).encode() + b"\n")
                process.stdin.flush()
                answer = self._answer(deadline, job.get("failure"), job.get("progress"))
                if not answer["ok"]:
                    hint = _FULL if "No space left" in answer["error"] else ""
                    raise LavaFailed(
                        f"Lava failed: {answer['error']}{hint}.", answer.get("traceback", ""), answer["reusable"]
                    )
            except BrokenPipeError:
                failed = LavaFailed(f"the process that runs Lava died{self._last_words()}.")
                self._end()
                raise failed from None
            except BaseException as error:
                # Whatever it is (Ctrl-C, too), models may be left in the middle of a step: never reuse such a child.
                if not (isinstance(error, LavaFailed) and error.reusable):
                    self._end()
                raise
            return answer

    def _answer(self, deadline: float | None, failure: str | None, progress: str | None) -> dict[str, Any]:
        """The next line of the child, watching it meanwhile."""
        watched = steps_at = time.monotonic()
        steps = -1
        while True:
            if wait([self._reply], POLL_SECONDS):
                data = os.read(self._reply, 65536)
                self._text += data
                line, newline, rest = self._text.partition(b"\n")
                if newline:
                    self._text = rest
                    answer: dict[str, Any] = json.loads(line)
                    return answer
                if not data:
                    time.sleep(POLL_SECONDS)
            now = time.monotonic()
            if deadline is not None and now > deadline:
                raise LavaFailed(
                    "Lava did not finish in time; its process was ended. Give it more time or fewer samples."
                )
            if now - watched < WATCH_SECONDS:
                continue
            watched = now
            self._look(failure)
            if progress is not None:
                done = int(np.fromfile(progress, np.float64, 1)[0])
                if done != steps:
                    steps, steps_at = done, now
                elif now - steps_at > self.stall:
                    raise LavaFailed(
                        f"Lava has not finished a step for {self.stall:.0f} s (step {steps} was its last); its process was ended{self._last_words()}."
                    )

    def _look(self, failure: str | None) -> None:
        """Raise if a model wrote a traceback or was killed, or the child is gone."""
        assert self._process is not None
        if failure is not None and os.path.exists(failure):
            trace = Path(failure).read_text(encoding="utf-8")
            last = trace.strip().splitlines()[-1] if trace.strip() else "no traceback"
            raise LavaFailed(f"a Lava model failed: {last}", trace)
        code = self._process.poll()
        if code is not None:
            raise LavaFailed(f"the process that runs Lava {child_process.how_it_ended(code)}{self._last_words()}.")
        for member in members(self._process.pid):
            # SIGTERM is how Lava itself ends a memory manager that is slow to go.
            if member.killed_by not in (0, signal.SIGTERM):
                name = signal.Signals(member.killed_by).name
                raise LavaFailed(f"a Lava model was killed by {name}{_SIGNAL_HINTS.get(name, '')}.")

    def _last_words(self) -> str:
        """The end of what the child printed, for a message."""
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f" (its last output: {lines[-1][:200]})" if lines else ""


_FULL = (
    ", which happens when /dev/shm or the temporary folder is full: make room, or give the container a larger /dev/shm "
    "(docker run --shm-size=1g)"
)
_SIGNAL_HINTS = {
    "SIGBUS": _FULL,
    "SIGKILL": ", most likely for lack of memory: run fewer samples or a smaller network",
}
