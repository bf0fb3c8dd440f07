"""A module run by its own framework beside the chip network that was made of it: accuracies, and where spikes first differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from autosnn_hw.deploy.from_torch import slayer
from autosnn_hw.deploy.from_torch.framework_run import FrameworkRun, run
from autosnn_hw.deploy.from_torch.trace import trace
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, Role
from autosnn_hw.simulate import exact

AT_ONCE = 64  # samples; what is kept of every neuron and step must fit into memory


def compare(
    module: nn.Module,
    network: ChipNetwork,
    frames: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    lava: bool = False,
) -> dict[str, Any]:
    """The module in its own framework beside the network that `from_torch` made of it.

    Args:
        frames: (N, T, ..), spikes where above 0.
        labels: int64 (N,), or None.
        lava: run Lava, too.

    Returns:
        JSON-able: samples, steps, accuracy {float, integer, lava} (None where unknown), `equal_predictions`, `layers` with the
        spikes of both and the neuron-steps that differ, and `first_difference` {layer, sample, step, neuron, float, integer} of
        the lowest sample, there the first layer, there the earliest step, or None; `lava_mismatches`.

    Raises:
        InputError: frames of another shape than the network takes.
    """
    traced = None if slayer.has_blocks(module) else trace(module)
    if frames.ndim < 3:
        raise InputError(f"the samples have shape {frames.shape}; spike frames (N, T, ..) are needed to compare.")
    totals: dict[str, list[int]] = {}
    first: dict[str, Any] | None = None
    outputs, predictions, mismatches = [], [], 0
    for start in range(0, len(frames), AT_ONCE):
        part = frames[start : start + AT_ONCE]
        theirs = slayer.run(module, network, part) if traced is None else run(module, traced, part)
        ours = exact.trace(network, part)
        roles = {layer.name: layer.roles for layer in network.layers}
        for trace_ in ours.layers:
            if trace_.name not in theirs.spikes:
                continue
            own = trace_.spikes[:, :, roles[trace_.name] != Role.RELAY]
            wanted = theirs.spikes[trace_.name].reshape(own.shape)
            found = totals.setdefault(trace_.name, [0, 0, 0, 0])
            for index, count in enumerate((wanted.sum(), own.sum(), (own != wanted).sum(), own.size)):
                found[index] += int(count)
        first = first or _first(ours.layers, theirs, roles, start)
        outputs.append(theirs.outputs)
        predictions.append(exact.run(network, part).predictions(network.readout))
        mismatches += _lava_mismatches(network, part, ours) if lava else 0
    integer, floats = np.concatenate(predictions), np.concatenate(outputs).argmax(axis=1)
    known = labels is not None
    exactly = float((integer == labels).mean()) if known else None
    return {
        "samples": len(frames),
        "timesteps": int(frames.shape[1]),
        "accuracy": {
            "float": float((floats == labels).mean()) if known else None,
            "integer": exactly,
            "lava": exactly if lava and not mismatches else None,
        },
        "equal_predictions": float((integer == floats).mean()),
        "layers": [
            dict(zip(("layer", "spikes_float", "spikes_integer", "differ", "of"), (name, *counts)))
            for name, counts in totals.items()
        ],
        "first_difference": first,
        "lava_mismatches": mismatches if lava else None,
    }


def _first(layers: Any, theirs: FrameworkRun, roles: Mapping[str, np.ndarray], start: int) -> dict[str, Any] | None:
    found: list[tuple[tuple[int, int, int], dict[str, Any]]] = []
    for index, layer in enumerate(layers):
        if layer.name not in theirs.spikes:
            continue
        own = layer.spikes[:, :, roles[layer.name] != Role.RELAY]
        wanted = theirs.spikes[layer.name].reshape(own.shape)
        places = np.argwhere(own != wanted)
        if len(places):
            sample, step, *neuron = (int(n) for n in places[0])
            where = tuple(places[0])
            document = {
                "layer": layer.name,
                "sample": start + sample,
                "step": step,
                "neuron": neuron,
                "float": int(wanted[where]),
                "integer": int(own[where]),
            }
            found.append(((sample, index, step), document))
    return min(found, key=lambda item: item[0])[1] if found else None


def _lava_mismatches(network: ChipNetwork, frames: np.ndarray, ours: Any) -> int:
    from autosnn_hw.simulate import lava, trace

    difference = trace.compare(ours, lava.trace(network, frames))
    return 0 if difference is None else difference.count
