"""A network in floats beside the chip network that was made of it: accuracies, and where spikes first differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosnn_hw.network import ChipNetwork, Role
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.stimulus import stimulus

AT_ONCE = 64  # samples; what is kept of every neuron and step must fit into memory


@dataclass(frozen=True, eq=False)
class FloatRun:
    """What neurons in floats did.

    Args:
        spikes: by layer, uint8 (N, T, ..); layers that never fire are left out.
        outputs: float64 (N, classes): spikes of the last layer summed over the run, or its voltage at the end.
    """

    spikes: Mapping[str, np.ndarray]
    outputs: np.ndarray


def beside(
    network: ChipNetwork,
    samples: np.ndarray,
    labels: np.ndarray | None,
    run: Callable[[np.ndarray], FloatRun],
    *,
    lava: bool = False,
) -> dict[str, Any]:
    """Floats beside the network that was made of them.

    Args:
        samples: (N, T, ..), of which both are given what the network is sent (`sent`); or images, where the network has an encoder.
        labels: int64 (N,), or None.
        run: the network in floats on some of the samples.
        lava: run Lava, too.

    Returns:
        JSON-able: samples, steps, accuracy {float, integer, lava} (None where unknown), `equal_predictions`, `layers` with the
        spikes of both and the neuron-steps that differ, and `first_difference` {layer, sample, step, neuron, float, integer} of
        the lowest sample, there the first layer, there the earliest step, or None; `lava_mismatches`.
    """
    totals: dict[str, list[int]] = {}
    first: dict[str, Any] | None = None
    outputs, predictions, mismatches = [], [], 0
    for start in range(0, len(samples), AT_ONCE):
        part = samples[start : start + AT_ONCE]
        theirs = run(sent(network, part))
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
        "samples": len(samples),
        "timesteps": network.timesteps if network.encoder is not None else int(samples.shape[1]),
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


def sent(network: ChipNetwork, samples: np.ndarray) -> np.ndarray:
    """What a network is sent of frames (N, T, ..): spikes where a value is above 0, or counts up to its payload; images stay as they are."""
    if network.encoder is not None or network.input_layer.neuron is not None:
        return samples
    return stimulus(network, samples).values


def _first(layers: Any, theirs: FloatRun, roles: Mapping[str, np.ndarray], start: int) -> dict[str, Any] | None:
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


def _lava_mismatches(network: ChipNetwork, samples: np.ndarray, ours: Any) -> int:
    from autosnn_hw.simulate import lava, trace

    difference = trace.compare(ours, lava.trace(network, samples))
    return 0 if difference is None else difference.count
