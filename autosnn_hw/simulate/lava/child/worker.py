"""The long-lived process that runs Lava: reads jobs, runs them one after the other, answers on a pipe of its own.

Jobs come as JSON lines on standard input, which a thread reads with os.read on a duplicate: a thread blocked in
sys.stdin makes every net.run hang. Answers go to a descriptor of their own, because importing Lava prints.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
import traceback
from importlib import import_module
from multiprocessing.connection import wait
from typing import Any

from autosnn_hw.child_process import take_standard_input

PARENT_POLL_SECONDS = 1.0
ORPHAN_SECONDS = 0.5  # a dying caller closes its pipes before its children see it gone


def _end_with_parent(parent: int) -> None:
    """End the process group: the forked models outlive their parent otherwise. The files go, too, if nobody else can."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(PARENT_POLL_SECONDS / 50)
    if os.getppid() != parent:
        shutil.rmtree(os.getcwd(), ignore_errors=True)
    os.killpg(0, signal.SIGTERM)


def _read_jobs(descriptor: int, parent: int, jobs: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Queue the jobs; at the end of the input, or when the parent is gone, end the whole process group."""
    text = b""
    while os.getppid() == parent:
        # A process that the parent forked may hold the pipe open after it; so the parent itself is looked at, too.
        if not wait([descriptor], PARENT_POLL_SECONDS):
            continue
        data = os.read(descriptor, 65536)
        if not data:
            break
        text += data
        *lines, text = text.split(b"\n")
        for line in lines:
            jobs.put(json.loads(line))
    _end_with_parent(parent)


class FailureFile:
    """Where forked models write the traceback that Lava would swallow; the first failure of a job stands."""

    path: str | None = None

    @classmethod
    def write(cls, text: str) -> None:
        if cls.path is None:
            return
        part = f"{cls.path}.{os.getpid()}"
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            os.link(part, cls.path)
        except FileExistsError:
            pass
        finally:
            os.unlink(part)


def watch_models() -> None:
    """Make every Lava process write its traceback: an exception in a model makes net.run hang without a word."""
    from lava.magma.runtime.message_infrastructure.multiprocessing import SystemProcess

    inner = SystemProcess.run

    def run(process: Any) -> None:
        target = process._target

        def watched(*args: Any, **kwargs: Any) -> None:
            try:
                target(*args, **kwargs)
            except BaseException:
                FailureFile.write(traceback.format_exc())
                raise

        process._target = watched
        inner(process)

    SystemProcess.run = run


def _answer(descriptor: int, message: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(message).encode() + b"\n")


def perform(job: dict[str, Any]) -> dict[str, Any]:
    """Answer of one job: {"ok": True, ..}, or {"ok": False, "error", "reusable"}; a failed run leaves models behind."""
    FailureFile.path = job.get("failure")
    try:
        # lava-loihi is there for a board's job only.
        name = "board_job" if job.get("kind") == "board" else "job"
        module = import_module(f"autosnn_hw.simulate.lava.child.{name}")
        network = module.load(job)
    except Exception as error:
        return {"ok": False, "error": _sentence(error), "traceback": traceback.format_exc(), "reusable": True}
    try:
        return {"ok": True, **module.run(network, job)}
    except Exception as error:
        return {"ok": False, "error": _sentence(error), "traceback": traceback.format_exc(), "reusable": False}


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()


def main(reply_word: str, parent_word: str) -> None:
    """Serve jobs until the input ends.

    Args:
        reply_word, parent_word: the descriptor for answers, and the process to live as long as, as a command line has them.
    """
    reply, parent = int(reply_word), int(parent_word)
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    descriptor = take_standard_input()
    threading.Thread(target=_read_jobs, args=(descriptor, parent, jobs), daemon=True).start()
    try:
        import_module("lava.lib.dl.netx")
        watch_models()
    except Exception as error:
        _answer(reply, {"ready": False, "error": _sentence(error), "traceback": traceback.format_exc()})
        sys.exit(0)
    _answer(reply, {"ready": True})
    while True:
        _answer(reply, perform(jobs.get()))
