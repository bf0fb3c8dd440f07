"""Lava's CPU simulator (fixed point) behind the same door as the exact simulator: samples in, `Activity` out.

Lava runs in a process of its own (`lava.process`); this module writes the job, reads the recorded spikes and counts them
with the code that counts for every backend. Behaviour of lava-nc 0.10.0 and lava-dl 0.6.0: docs/lava.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate.counting import Counter, counted
from autosnn_hw.simulate.lava.loaded import Loaded, loaded
from autosnn_hw.simulate.lava.measure import measure
from autosnn_hw.simulate.lava.process import LavaChild, unavailable
from autosnn_hw.simulate.lava.stream import stream
from autosnn_hw.simulate.stimulus import Stimulus, stimulus
from autosnn_hw.simulate.trace import LayerTrace, Trace

RECORD_BYTES = 256 << 20  # spikes of one job, a byte each; more samples are more jobs


def versions() -> dict[str, str]:
    """Versions of the installed Lava packages; empty where there are none."""
    found = {}
    for name in ("lava-nc", "lava-dl"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _absent() -> str | None:
    if sys.platform != "linux":
        return f"this is {sys.platform}"
    if sys.version_info >= (3, 11):
        return f"this is Python {sys.version_info.major}.{sys.version_info.minor}"
    missing = [name for name in ("lava-nc", "lava-dl") if name not in versions()]
    return f"{' and '.join(missing)} not installed" if missing else None


def lava_status() -> tuple[bool, str]:
    """Whether Lava is installed, and one sentence; light: nothing is imported or started (`doctor` does that)."""
    reason = _absent()
    if reason is not None:
        return False, str(unavailable(reason))
    found = versions()
    return True, f"lava-nc {found['lava-nc']}, lava-dl {found['lava-dl']}."


@contextmanager
def ready(network: ChipNetwork | str | Path, child: LavaChild | None) -> Iterator[Loaded]:
    """A network and a process to run it in; a process made here begins to import Lava at once.

    Raises:
        LavaUnavailable: there is no Lava.
    """
    reason = _absent()
    if reason is not None:
        raise unavailable(reason)
    with loaded(network, child) as job:
        if child is None:
            job.child.start()
        yield job


def run(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    per_step: bool = True,
    fast_conv: bool = True,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> Activity:
    """Run a network in Lava's CPU simulator.

    Args:
        network: a network, or a .net file, which lava-dl then loads as it is.
        inputs: images or frames, as `stimulus` takes them.
        timesteps, graded: see `stimulus`.
        per_step: keep the steps apart in the counts.
        fast_conv: our convolution model and channels, equal to Lava's and many times faster; False for stock Lava.
        child: the process to run it in; None starts one for this call.
        timeout: seconds all of it may take.

    Returns:
        Activity: counts of every layer, sample and step; final_v where the readout accumulates; in details how long a
            simulated step took (of the first job where there were several), and the start.

    Raises:
        InputError: the network or the inputs do not fit; LavaUnavailable: there is no Lava; LavaFailed: it failed.
    """
    with ready(network, child) as job:
        chip = job.network
        drive = stimulus(chip, inputs, timesteps=timesteps, graded=graded)
        last = len(chip.neuron_layers) - 1
        accumulates = chip.readout is not None and chip.readout.accumulates
        wanted = [last] if accumulates or chip.sigma_delta else []
        counter = Counter(chip, identity())
        details: dict[str, float] = {}
        for part in _batches(chip, drive):
            measured = measure(job, part, wanted, fast_conv, timeout)
            v = measured.states[last][:, :, 1].reshape(len(part.values), drive.timesteps, -1) if wanted else None
            final = None if v is None else v[:, -1].astype(np.int64)
            values = v if chip.sigma_delta else None
            counter.add(counted(chip, part, measured.spikes, per_step=per_step, final_v=final, values=values))
            details = details or {
                "lava_steps": measured.steps,
                "seconds_per_step": measured.seconds["steps"] / max(1, measured.steps - 1),
                "seconds_to_start": measured.seconds["start"],
            }
        return counter.activity(details)


def trace(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    layers: Sequence[str] | None = None,
    states: bool | Sequence[str] = False,
    fast_conv: bool = True,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> Trace:
    """Every spike of the layers named, or of all layers; arguments as `run`.

    Args:
        states: record u and v, too, as they are after the step (v is 0 where the neuron fired): of all these layers, or
            of those named.
    """
    with ready(network, child) as job:
        chip = job.network
        drive = stimulus(chip, inputs, timesteps=timesteps, graded=graded)
        names = [layer.name for layer in chip.neuron_layers]
        asked = {*(layers or ()), *(states if not isinstance(states, bool) else ())}
        unknown = sorted(asked - set(names))
        if unknown:
            raise InputError(f"there is no layer {unknown[0]!r} with neurons; the network has {', '.join(names)}.")
        chosen = [i for i, name in enumerate(names) if layers is None or name in layers]
        wanted = [i for i in chosen if (states if isinstance(states, bool) else names[i] in states)]
        parts = [measure(job, part, wanted, fast_conv, timeout) for part in _batches(chip, drive)]
        found = []
        for i in chosen:
            spikes = np.concatenate([part.spikes[i] for part in parts])
            both = np.concatenate([part.states[i] for part in parts]) if i in wanted else None
            u, v = (None, None) if both is None else (both[:, :, 0], both[:, :, 1])
            found.append(LayerTrace(names[i], spikes, u, v))
        return Trace(tuple(found))


def identity() -> dict[str, str]:
    """`Activity.backend` of what Lava measured."""
    found = versions()
    return {"name": "lava", "kind": "simulator", "version": f"lava-nc {found['lava-nc']}, lava-dl {found['lava-dl']}"}


def samples_per_job(network: ChipNetwork, timesteps: int) -> int:
    """Samples that one job takes: their recorded spikes stay below `RECORD_BYTES`."""
    neurons = sum(int(np.prod(layer.shape)) for layer in network.neuron_layers)
    size = 4 if network.sigma_delta else 1
    return max(1, RECORD_BYTES // (size * neurons * stream(network, 1, timesteps).interval))


def _batches(network: ChipNetwork, drive: Stimulus) -> Iterator[Stimulus]:
    size = samples_per_job(network, drive.timesteps)
    for low in range(0, len(drive.values), size):
        yield replace(drive, values=drive.values[low : low + size])
