"""The certificate of a network: the exact simulator and Lava agree on every neuron in every step."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.errors import InputError, SpikesDifferError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.counting import count
from autosnn_hw.simulate.lava.process import LavaChild
from autosnn_hw.simulate.stimulus import stimulus
from autosnn_hw.simulate.trace import Trace, compare
from exporters import netx


@dataclass(frozen=True, eq=False)
class Certified:
    """A certificate and what it was drawn from.

    Args:
        document: winner.certificate.json.
        lava: what Lava measured, per step.
    """

    document: dict[str, Any]
    lava: Activity


def certify(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    labels: Sequence[int] | np.ndarray | None = None,
    timesteps: int | None = None,
    graded: bool = False,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> dict[str, Any]:
    """Run both simulators over the same samples and compare every spike.

    Args:
        network: a .net file, which Lava loads as it is, or a network, which is written to one first.
        inputs, timesteps, graded: see `stimulus`.
        labels: int (N,); with them the accuracies are in the document, too.
        child, timeout: see `lava.run`.

    Returns:
        dict: winner.certificate.json; `steps` of a sample, `layers` with neurons, `neuron_steps` compared.

    Raises:
        SpikesDifferError: names the first layer, sample, step and neuron that differ.
        InputError, LavaUnavailable, LavaFailed: see `lava.run`.
    """
    return certified(
        network, inputs, labels=labels, timesteps=timesteps, graded=graded, child=child, timeout=timeout
    ).document


def certified(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    labels: Sequence[int] | np.ndarray | None = None,
    timesteps: int | None = None,
    graded: bool = False,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> Certified:
    """`certify`, with what Lava measured: arguments and errors as there."""
    inputs = np.asarray(inputs)
    if labels is not None and len(labels) != len(inputs):
        raise InputError(f"{len(labels)} labels were given for {len(inputs)} samples; one for each is needed.")
    with ExitStack() as stack:
        child = child or stack.enter_context(LavaChild())
        if isinstance(network, ChipNetwork):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="net-", dir=child.folder))
            file = Path(folder) / "network.net"
            netx.write(network, file)
        else:
            file = Path(network)
        chip = netx.read(file)
        size = lava.samples_per_job(chip, stimulus(chip, inputs[:1], timesteps=timesteps, graded=graded).timesteps)
        parts = [
            _compared(chip, file, inputs[low : low + size], low, timesteps, graded, child, timeout)
            for low in range(0, len(inputs), size)
        ]
        measured = lava.joined([part for part, _ in parts])
        document = _document(chip, file, measured, np.concatenate([expected for _, expected in parts]), labels)
    return Certified(document, measured)


def _compared(
    chip: ChipNetwork,
    file: Path,
    inputs: np.ndarray,
    first: int,
    timesteps: int | None,
    graded: bool,
    child: LavaChild,
    timeout: float | None,
) -> tuple[Activity, np.ndarray]:
    """Lava's activity of some samples, equal to the exact simulator's, and the exact simulator's predictions."""
    accumulates = chip.readout is not None and chip.readout.accumulates
    last = [chip.layers[-1].name] if accumulates else []
    measured = lava.trace(file, inputs, timesteps=timesteps, graded=graded, states=last, child=child, timeout=timeout)
    expected = exact.trace(chip, inputs, timesteps=timesteps, graded=graded, states=accumulates)
    difference = compare(expected, measured)
    if difference is not None:
        raise SpikesDifferError(
            f"the exact simulator and Lava differ, first in layer {difference.layer!r}, sample {first + difference.sample}, "
            f"step {difference.step}, neuron {difference.neuron}: {difference.quantity} is {difference.values[0]} and "
            f"{difference.values[1]} ({difference.count} values differ in all)."
        )
    drive = stimulus(chip, inputs, timesteps=timesteps, graded=graded)

    def activity(trace: Trace) -> Activity:
        state = trace.layers[-1].v if accumulates else None
        final = None if state is None else state[:, -1].reshape(len(inputs), -1).astype(np.int64)
        return count(chip, drive, [layer.spikes for layer in trace.layers], backend=lava.identity(), final_v=final)

    return activity(measured), activity(expected).predictions(chip.readout)


def _document(
    chip: ChipNetwork, file: Path, measured: Activity, expected: np.ndarray, labels: Sequence[int] | np.ndarray | None
) -> dict[str, Any]:
    predictions = measured.predictions(chip.readout)
    neurons = sum(int(np.prod(layer.shape)) for layer in chip.neuron_layers)
    document: dict[str, Any] = {
        "network_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "backends": ["exact", "lava"],
        "samples": measured.samples,
        "steps": measured.timesteps,
        "layers": len(chip.neuron_layers),
        "neuron_steps": measured.samples * measured.timesteps * neurons,
        "mismatches": 0,
        "accuracy_equal": bool(np.array_equal(predictions, expected)),
        "versions": _versions(),
    }
    if labels is not None:
        document["accuracy"] = {
            "exact": float(np.mean(expected == np.asarray(labels))),
            "lava": float(np.mean(predictions == np.asarray(labels))),
        }
    return document


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), **lava.versions()}
    for name in ("autosnn-hw", "numpy", "torch"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
