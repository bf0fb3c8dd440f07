"""One Lava job from stimulus to spike trains: the files it needs, the job itself, the recorded spikes in our order."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.network import Layer
from autosnn_hw.simulate.lava.loaded import Loaded
from autosnn_hw.simulate.lava.stream import Stream, stream
from autosnn_hw.simulate.stimulus import Stimulus


@dataclass(frozen=True)
class LavaBatch:
    """What Lava gave for one batch.

    Args:
        spikes: uint8 (n, T, *shape) of each layer, int32 messages of sigma-delta layers.
        states: int32 (n, T, 2, *shape), u and v of the layers asked for.
        seconds: see `lava_child.job.run`.
        steps: that Lava simulated.
    """

    spikes: list[np.ndarray]
    states: dict[int, np.ndarray]
    seconds: dict[str, float]
    steps: int


def measure(
    job: Loaded, drive: Stimulus, wanted: Sequence[int], fast_conv: bool = True, timeout: float | None = None
) -> LavaBatch:
    """Run one batch as one job.

    Args:
        job: the network and the process.
        drive: what it is driven by.
        wanted: the layers whose states are recorded, too.
        fast_conv, timeout: see `lava.run`.
    """
    network = job.network
    if np.abs(drive.values).max() > np.iinfo(np.int32).max:
        raise InputError(f"an input value is {int(np.abs(drive.values).max())}; Lava's messages are int32.")
    layers = network.neuron_layers
    course = stream(network, len(drive.values), drive.timesteps)
    neurons = [int(np.prod(layer.shape)) for layer in layers]
    with tempfile.TemporaryDirectory(prefix="job-", dir=job.child.folder) as name:
        folder = Path(name)
        kind = np.int32 if network.sigma_delta else np.uint8
        record = allocate(folder / "spikes", course.steps * sum(neurons) * np.dtype(kind).itemsize)
        states = {
            i: allocate(folder / f"states{i}", course.samples * course.timesteps * 2 * neurons[i] * 4) for i in wanted
        }
        np.zeros(3).tofile(folder / "progress")
        np.save(folder / "values.npy", drive.values.astype(np.int32))
        bias = network.input_layer.bias if network.input_layer.neuron is not None else None
        if bias is not None:
            np.save(folder / "bias.npy", bias)
        answer = job.child.submit(
            {
                "net": str(job.file),
                "input_shape": network.input_layer.shape,
                "input_has_neuron": network.input_layer.neuron is not None,
                "input_bias": None if bias is None else str(folder / "bias.npy"),
                "values": str(folder / "values.npy"),
                "held": drive.kind == "constant",
                "graded": drive.graded and network.input_layer.neuron is None,
                "shapes": [list(layer.shape) for layer in layers],
                "neurons": sum(neurons),
                "timesteps": course.timesteps,
                "interval": course.interval,
                "running": course.running,
                "messages": network.sigma_delta,
                "reset_offset": course.offset,
                "first_step": course.first_step(0),
                "steps": course.steps,
                "windowed": bool(course.blank or wanted),
                "gate": course.blank > 0,
                "fast_conv": fast_conv,
                "record": str(record),
                "states": {str(i): str(path) for i, path in states.items()},
                "progress": str(folder / "progress"),
                "failure": str(folder / "failure"),
            },
            timeout=timeout,
        )
        rows = np.fromfile(record, kind).reshape(course.steps, sum(neurons))
        return LavaBatch(
            recorded_spikes(rows, course, layers, neurons),
            {
                i: _channels_first(np.fromfile(path, np.int32), (course.samples, course.timesteps, 2), layers[i].shape)
                for i, path in states.items()
            },
            answer["seconds"],
            course.steps,
        )


def recorded_spikes(
    rows: np.ndarray, course: Stream, layers: Sequence[Layer], neurons: Sequence[int]
) -> list[np.ndarray]:
    """Recorded rows, uint8 (steps, neurons of all layers in Lava's order), to uint8 (N, T, *shape) of each layer."""
    found = []
    first = 0
    for i, (layer, size) in enumerate(zip(layers, neurons)):
        window = course.window(rows[:, first : first + size], i)
        found.append(_channels_first(window, (course.samples, course.timesteps), layer.shape))
        first += size
    return found


def _channels_first(values: np.ndarray, lead: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Neurons in Lava's order, W, H, C, to (*lead, C, H, W)."""
    values = values.reshape(*lead, *shape[::-1])
    axes = (*range(len(lead)), *range(values.ndim - 1, len(lead) - 1, -1))
    return np.ascontiguousarray(values.transpose(axes))


def allocate(path: Path, size: int) -> Path:
    """A file of zeros whose blocks exist: a model that writes to a full disk through a memmap is killed by SIGBUS."""
    with open(path, "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise RunError(
                    f"there is no room for {size / 1e6:.0f} MB of recorded spikes in {tempfile.gettempdir()}; make room there or point TMPDIR elsewhere."
                ) from error
            file.truncate(size)
    return path
