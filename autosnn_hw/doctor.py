"""What works on this machine, and what to do about what does not."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import AutosnnError

NEWEST_PYTHON = (3, 13)
SHM_BYTES = 256 << 20  # Docker's default of 64 MB is less than Lava needs for a 32x32 network
DISK_BYTES = 2 << 30  # a search with its super-network, study and Lava's recordings
CHILD_SECONDS = 120.0  # the import of torch on a slow disk
SHOWN = 160  # characters of an error of someone else


@dataclass(frozen=True)
class Condition:
    """One thing that was looked at.

    Args:
        name: what it is.
        ok: whether it works.
        needed: whether `search` and the other commands need it, or go on without.
        sentence: what was found, and what to do where it does not work.
    """

    name: str
    ok: bool
    needed: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> tuple[Condition, ...]:
    """Look at Python, torch, Lava, /dev/shm, the board and the disk; takes some seconds, as Lava is really run.

    A look that itself fails is a finding; the others are taken all the same.
    """
    looks: tuple[tuple[str, bool, Callable[[], Condition]], ...] = (
        ("python", True, python),
        ("torch", True, torch),
        ("lava", False, lava),
        ("shared memory", False, shared_memory),
        ("board", False, board),
        ("disk", True, disk),
    )
    return tuple(_looked(*look) for look in looks)


def _looked(name: str, needed: bool, look: Callable[[], Condition]) -> Condition:
    try:
        return look()
    except Exception as error:  # whatever is broken on this machine is what is to be reported
        text = " ".join(f"{type(error).__name__}: {error}".split())[:SHOWN]
        return Condition(name, False, needed, f"{name} could not be looked at ({text}).")


def _in_child(code: str, seconds: float) -> tuple[str | None, str]:
    """(what a process of its own printed, or None; why, where it failed): what is broken there leaves this process alone."""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, f"it took longer than {seconds:.0f} s"
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:SHOWN]
    return done.stdout.strip(), ""


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Condition:
    """The interpreter."""
    found = f"Python {'.'.join(map(str, version))} on {platform.system()} {platform.machine()}"
    if version[:2] == (3, 10):
        return Condition("python", True, True, f"{found}.")
    if (3, 10) < version[:2] <= NEWEST_PYTHON:
        return Condition(
            "python", True, True, f"{found}; everything but the lava backend works, which needs Python 3.10."
        )
    return Condition("python", False, True, f"{found}; install Python 3.10 (3.11 to 3.13 work without Lava).")


def torch() -> Condition:
    """PyTorch, imported in a process of its own: a broken one can take the interpreter with it."""
    code = (
        "import torch; from autosnn_hw.training.precision import has_bfloat16; device = 'cuda' if torch.cuda.is_available() else 'cpu';"
        "print(torch.__version__, torch.get_num_threads(), has_bfloat16(device), device == 'cuda' and torch.cuda.get_device_name())"
    )
    said, why = _in_child(code, CHILD_SECONDS)
    if said is None:
        return Condition("torch", False, True, f"torch cannot be imported ({why}); install torch >= 2.3.")
    version, threads, bfloat16, gpu = said.split(maxsplit=3)
    where = "CPU only" if gpu == "False" else gpu
    pays = "bfloat16 in hardware" if bfloat16 == "True" else "no bfloat16 in hardware (--precision float32)"
    return Condition("torch", True, True, f"torch {version}, {threads} threads, {where}, {pays}.")


def lava() -> Condition:
    """Lava, by running a small network in its own process and comparing the spikes with a hand count."""
    from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
    from autosnn_hw.simulate.lava import lava_status, run

    ok, sentence = lava_status()
    if not ok:
        return Condition("lava", False, False, sentence)
    synapses = DenseLayer("out", (2,), np.array([[100, 0], [0, -100]]), CubaNeuron(vth_mant=99, v_decay=4096))
    network = ChipNetwork((InputLayer("in", (2,)), synapses))
    try:
        outputs = run(network, np.ones((1, 3, 2)), timeout=120).outputs
    except AutosnnError as error:
        return Condition("lava", False, False, str(error))
    if outputs.tolist() != [[3, 0]]:
        return Condition(
            "lava",
            False,
            False,
            f"Lava ran but gave {outputs.tolist()} spikes instead of [[3, 0]]; install lava-nc 0.10.0 and lava-dl 0.6.0 again.",
        )
    return Condition(
        "lava", True, False, f"{sentence[:-1]}; a small network ran in its own process and gave the right spikes."
    )


def shared_memory(folder: str = "/dev/shm") -> Condition:
    """The shared memory through which Lava's processes talk."""
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        return Condition(
            "shared memory",
            False,
            False,
            f"{folder} is not there or not writable; the lava backend needs it: mount a tmpfs there (docker run --shm-size=1g).",
        )
    free = shutil.disk_usage(folder).free
    text = f"{folder} has {free / 2**20:.0f} MB free"
    if free < SHM_BYTES:
        return Condition(
            "shared memory",
            False,
            False,
            f"{text}; the lava backend can need {SHM_BYTES >> 20} MB (docker run --shm-size=1g).",
        )
    return Condition("shared memory", True, False, f"{text}.")


def board() -> Condition:
    """A Loihi 2 board, looked for in a process of its own: finding a module of lava's imports lava, broken or not."""
    code = "import json; from autosnn_hw.simulate.lava.board import board_status; print(json.dumps(board_status()))"
    said, why = _in_child(code, CHILD_SECONDS)
    if said is None:
        return Condition(
            "board", False, False, f"a board could not be looked for ({why}); --backend exact works without."
        )
    ok, sentence = json.loads(said.splitlines()[-1])
    return Condition("board", ok, False, sentence)


def disk(folder: str | Path = ".") -> Condition:
    """Room for run folders and temporary files."""
    for place in (Path(folder).absolute(), Path(tempfile.gettempdir())):
        if not os.access(place, os.W_OK):
            return Condition(
                "disk", False, True, f"{place} is not writable; work in another folder or point TMPDIR elsewhere."
            )
        free = shutil.disk_usage(place).free
        if free < DISK_BYTES:
            return Condition(
                "disk",
                False,
                True,
                f"{place} has {free / 2**30:.1f} GB free; {DISK_BYTES >> 30} GB are needed: make room or point --out and TMPDIR elsewhere.",
            )
    return Condition("disk", True, True, f"{shutil.disk_usage(folder).free / 2**30:.0f} GB free.")
