"""The process that holds a module of torch and runs it with its framework: takes jobs, one after the other, and answers.

A job is a pickled (name of a method of `HeldModule`, arguments) on standard input, an answer a pickled (kind, value) on what was
standard output: what the user's code prints goes to standard error.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import nn

from autosnn_hw.child_process import take_standard_input
from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
from autosnn_hw.deploy.from_torch import framework_run, slayer
from autosnn_hw.deploy.from_torch.module_name import load
from autosnn_hw.deploy.from_torch.traced_module import Traced, trace
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork

ANSWERED, REFUSED, FULL, DEFECT = "answered", "refused", "full", "defect"
"""Kinds of an answer: a value, a sentence about bad input, about memory, and the traceback of a defect of ours."""


class HeldModule:
    """The module of this process."""

    def __init__(self) -> None:
        self.module: nn.Module = nn.Identity()
        self.traced: Traced | None = None

    def take(self, source: str | bytes, threads: int) -> Traced | None:
        """Make the module, from MODULE:NAME or from what was pickled; what it is, or None of slayer's blocks.

        Args:
            threads: torch's own in the caller's process, so that its sums are those of the caller.
        """
        torch.set_num_threads(threads)
        self.module = load(source) if isinstance(source, str) else _unpickled(source)
        if slayer.has_blocks(self.module):
            return None
        self.traced = trace(self.module)
        neurons = {name: replace(one, step=stays) for name, one in self.traced.neurons.items()}
        return replace(self.traced, calls={}, neurons=neurons)

    def integers(self, shape: Sequence[int], timesteps: int | None) -> ChipNetwork:
        """What slayer's blocks export."""
        return slayer.from_slayer(self.module, shape, timesteps=timesteps)

    def run(self, frames: np.ndarray, held: int | None, names: Sequence[str]) -> FloatRun:
        """The module on samples.

        Args:
            held: steps for which images stand, None of frames.
            names: of the network's layers behind the input, which slayer's blocks have none of.
        """
        try:
            if self.traced is None:
                return slayer.run(self.module, names, frames)
            return framework_run.run(self.module, self.traced, frames, held)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # the framework's or the user's own code
            if "can't allocate memory" in str(error):
                raise MemoryError from None
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise InputError(
                f"{type(self.module).__name__} failed in its framework on samples of shape {frames.shape} ({type(error).__name__}: {reason}); "
                "as it is, in eval mode, it must take float32 values on the CPU."
            ) from None


def stays(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
    """The step of neurons that are in another process."""
    raise AssertionError("the module is in a process of its own")


def _unpickled(content: bytes) -> nn.Module:
    sys.path.append("")  # the working folder, as a notebook has it
    try:
        module: nn.Module = pickle.loads(content)
    except Exception as error:  # the user's own classes are imported again
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"the module cannot be made again in a process of its own ({type(error).__name__}: {reason}); what its class needs must be "
            "importable there, or stand in the file that is run."
        ) from None
    return module


def _read_jobs(stream: BinaryIO, jobs: queue.SimpleQueue[Any]) -> None:
    """Queue the jobs; when the caller is gone, however it went, this process goes, too, whatever it is doing."""
    while True:
        try:
            jobs.put(pickle.load(stream))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _answer(held: HeldModule, job: tuple[str, tuple[Any, ...]]) -> tuple[str, Any]:
    name, arguments = job
    try:
        return ANSWERED, getattr(held, name)(*arguments)
    except InputError as problem:
        return REFUSED, str(problem)
    except MemoryError:
        return FULL, ""
    except Exception:
        return DEFECT, traceback.format_exc()


def main() -> None:
    """Serve jobs until the caller closes the input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stream = os.fdopen(take_standard_input(), "rb")
    threading.Thread(target=_read_jobs, args=(stream, jobs), daemon=True).start()
    held = HeldModule()
    while True:
        pickle.dump(_answer(held, jobs.get()), replies, protocol=pickle.HIGHEST_PROTOCOL)
        replies.flush()
