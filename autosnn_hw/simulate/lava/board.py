"""A Loihi 2 board behind the same door as the simulators. It has never seen a board: docs/board.md.

Intel's lava-loihi (members of its research community only) adds to the `lava` packages what drives a board; all of it
happens in the process that runs Lava.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, DenseLayer
from autosnn_hw.network.chip_layers import BIAS_LIMIT, cuba
from autosnn_hw.simulate.counting import count
from autosnn_hw.simulate.lava.loaded import Loaded, loaded
from autosnn_hw.simulate.lava.measure import allocate, recorded_spikes
from autosnn_hw.simulate.lava.process import LavaChild
from autosnn_hw.simulate.lava.stream import Stream
from autosnn_hw.simulate.stimulus import Stimulus, stimulus

PROFILE_STEPS = 10_000  # the power probe samples slowly: shorter runs measure noise
_EXTENSION = ("lava.utils.loihi2_profiler", "lava.proc.embedded_io")


class LoihiUnavailable(InputError):
    """There is no board to run on."""


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ImportError, ValueError):
        return False


def board_status() -> tuple[bool, str]:
    """Whether a Loihi 2 board can be reached from here, and one sentence; nothing of Lava is run to find out."""
    if not all(_installed(name) for name in _EXTENSION):
        return False, (
            "lava-loihi is not installed (Intel INRC members only; Lava was archived by Intel in May 2026). Use --backend "
            "exact or lava, which count spikes and synaptic operations and apply the energy model."
        )
    if shutil.which("sinfo") is None and not os.environ.get("NXSDKHOST"):
        return False, (
            "lava-loihi is installed, but no board is within reach: neither SLURM (sinfo) nor NXSDKHOST is there. Log in to "
            "a host with a board, or use --backend exact or lava."
        )
    return True, "lava-loihi is installed and a host with a board is named."


def run(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    per_step: bool = True,
    profile_steps: int = PROFILE_STEPS,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> Activity:
    """Run images on a Loihi 2 board, each as the bias of the input neurons, and measure power, time and counters.

    Args:
        network: a network, or a .net file.
        inputs: images, as `stimulus` takes them.
        timesteps, graded, per_step, child, timeout: see `lava.run`.
        profile_steps: steps of the run under the profilers, with the first image.

    Returns:
        Activity: spikes of every layer as read back from the board; core_counters of the profiled run, one value a core;
            details["board"]: power in W by rail, seconds per step, joules per inference.

    Raises:
        LoihiUnavailable: no lava-loihi or no board; InputError: the network cannot be driven by biases.
    """
    ok, sentence = board_status()
    if not ok:
        raise LoihiUnavailable(sentence)
    with loaded(network, child) as job:
        drive = stimulus(job.network, inputs, timesteps=timesteps, graded=graded)
        _refuse(job.network, drive)
        return _measured(job, drive, per_step, profile_steps, timeout)


def _refuse(chip: ChipNetwork, drive: Stimulus) -> None:
    if chip.sigma_delta:
        raise InputError(
            "sigma-delta networks run in the exact simulator and in Lava's, not on a board; leave the backend out."
        )
    if chip.input_layer.neuron is None or drive.kind != "constant":
        raise InputError(
            "the board is driven by the biases of input neurons: images and an input with neurons are needed."
        )
    if not cuba(chip.input_layer).memoryless_current:
        raise InputError(
            "the input neurons have a current memory (iDecay below 4096), which a bias does not pass; 4096 is needed."
        )
    if np.abs(drive.values).max() > BIAS_LIMIT:
        raise InputError(
            f"an input value is {int(np.abs(drive.values).max())}; the bias mantissa of a neuron holds {BIAS_LIMIT} at most."
        )
    if chip.input_layer.bias is not None and np.any(chip.input_layer.bias):
        raise InputError("the input neurons have a bias of their own; on the board their bias is the image.")
    if any(isinstance(layer, DenseLayer) and layer.delay is not None for layer in chip.layers):
        raise InputError("layers with synaptic delays are not run on the board; the exact and lava backends run them.")


def _measured(job: Loaded, drive: Stimulus, per_step: bool, profile_steps: int, timeout: float | None) -> Activity:
    chip = job.network
    layers = chip.neuron_layers
    # Every sample is a run of its own, from reset state.
    course = Stream(samples=1, timesteps=drive.timesteps, layers=len(layers), offset=0, blank=0)
    neurons = [int(np.prod(layer.shape)) for layer in layers]
    with tempfile.TemporaryDirectory(prefix="board-", dir=job.child.folder) as name:
        folder = Path(name)
        record = allocate(folder / "spikes", len(drive.values) * course.steps * sum(neurons))
        np.save(folder / "values.npy", drive.values)
        answer = job.child.submit(
            {
                "kind": "board",
                "net": str(job.file),
                "values": str(folder / "values.npy"),
                "record": str(record),
                "interval": course.interval,
                "reset_offset": course.offset,
                "steps": course.steps,
                "neurons": sum(neurons),
                "profile_steps": profile_steps,
                "failure": str(folder / "failure"),
            },
            timeout=timeout,
        )
        rows = np.fromfile(record, np.uint8).reshape(len(drive.values), course.steps, sum(neurons))
    samples = [recorded_spikes(sample, course, layers, neurons) for sample in rows]
    spikes = [np.concatenate(same) for same in zip(*samples)]
    profile = answer["profile"]
    power = profile["power_watts"]["total_power"]
    board = {
        **{key: profile[key] for key in ("steps", "power_watts", "seconds_per_step", "memory")},
        # As Intel's tutorial: mean power x time of a step x steps of an inference.
        "joules_per_inference": power * profile["seconds_per_step"] * drive.timesteps,
    }
    activity = count(
        chip,
        drive,
        spikes,
        per_step=per_step,
        backend={"name": "board", "kind": "silicon", "version": "lava-loihi"},
        details={"board": board},
    )
    return replace(activity, core_counters={key: np.asarray(values) for key, values in profile["counters"].items()})
