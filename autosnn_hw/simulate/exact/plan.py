"""Which path computes each layer of a network: consecutive layers go event by event, single layers by others.

`AUTOSNN_HW_EXACT_PATH` (or the argument `path`) forces one path wherever it is exact: events, int8, float32, float64 or
reference; layers for which it is not exact take the narrowest exact one.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import events
from autosnn_hw.simulate.exact.synapse_paths import possible
from autosnn_hw.simulate.stimulus import Stimulus

PATH_VARIABLE = "AUTOSNN_HW_EXACT_PATH"
SIGMA_DELTA = "sigma-delta"  # the path of networks whose neurons all are
PATHS = ("auto", "events", "int8", "float32", "float64", "reference")


class Planned(NamedTuple):
    """Layers first..last (indices into `network.layers`) and the path that computes them; only "events" takes several."""

    path: str
    first: int
    last: int


def forced_path(path: str | None) -> str:
    """The path asked for by argument or environment.

    Raises:
        InputError: an unknown name.
    """
    path = path or os.environ.get(PATH_VARIABLE) or "auto"
    if path not in PATHS:
        raise InputError(
            f"unknown simulation path {path!r}; {PATH_VARIABLE} or path must be one of {', '.join(PATHS)}."
        )
    return path


def plan(network: ChipNetwork, sent: Stimulus, path: str, by_events: bool = True, cpu: bool = True) -> list[Planned]:
    """How a network is computed for a stimulus, in order; the input layer only where it has neurons.

    Args:
        path: one of `PATHS`.
        by_events: False where the event path cannot serve (traces of u and v).
        cpu: False on CUDA, without events and int8.
    """
    if network.sigma_delta:
        return [Planned(SIGMA_DELTA, len(network.layers) - len(network.neuron_layers), len(network.layers) - 1)]
    graded = sent.kind == "frames" and bool(((sent.values != 0) & (sent.values != 1)).any())
    served = [False] * len(network.layers)
    if by_events and cpu and path in ("auto", "events"):
        served = _served(network, sent, graded)
    result: list[Planned] = []
    index = 0 if network.input_layer.neuron is not None else 1
    while index < len(network.layers):
        last = _last_served(served, index)
        # An input layer alone would save nothing.
        if last is not None and last > 0:
            result += _event_path(network, sent, index, last, graded, path)
        else:
            last = index
            result.append(Planned(_layer_path(network, index, sent, graded, path, cpu), index, index))
        index = last + 1
    return result


def _served(network: ChipNetwork, sent: Stimulus, graded: bool) -> list[bool]:
    """Of each layer, whether it can go event by event."""
    served = [events.serves(layer, sent.timesteps) for layer in network.layers]
    if network.input_layer.neuron is not None:
        served[0] = sent.kind == "constant" and events.serves_values(network.input_layer, sent.values)
    elif graded:
        served[1] = False
    return served


def _last_served(served: list[bool], first: int) -> int | None:
    """The last of the layers from `first` on that are all served, None where `first` is not."""
    if not served[first]:
        return None
    return next((index for index in range(first, len(served)) if not served[index]), len(served)) - 1


def _event_path(network: ChipNetwork, sent: Stimulus, first: int, last: int, graded: bool, path: str) -> list[Planned]:
    """Layers that are all served; the network's last goes alone where its outputs do not stay in one array."""
    whole = Planned("events", first, last)
    if last < len(network.layers) - 1 or events.prepare(network, first, last, sent.timesteps).holds_last:
        return [whole]
    alone = Planned(_layer_path(network, last, sent, graded, path, cpu=True), last, last)
    return [alone] if first == last else [whole._replace(last=last - 1), alone]


def _layer_path(network: ChipNetwork, index: int, sent: Stimulus, graded: bool, path: str, cpu: bool) -> str:
    layer = network.layers[index]
    if path == "reference":
        return "reference"
    if isinstance(layer, InputLayer):
        return "values"
    first_synapse = index == 1 and network.input_layer.neuron is None
    largest = int(np.abs(sent.values).max(initial=1)) if first_synapse and graded else 1
    if isinstance(layer, DenseLayer) and layer.delay is not None:
        return "int64"
    negative = first_synapse and graded and int(sent.values.min(initial=0)) < 0
    exact = possible(layer, largest, first_synapse and graded, cpu)
    usable = [name for name in exact if not (name == "int8" and negative)]
    return path if path in usable else usable[0]
