"""Which way each layer of a network is computed: stretches of layers that go event by event, and single layers by others.

`AUTOSNN_HW_EXACT_PATH` (or the argument `path`) forces one way wherever it is exact: events, int8, float32, float64 or
reference; layers for which it is not exact take the narrowest exact one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer
from autosnn_hw.simulate.counting import fans
from autosnn_hw.simulate.exact.events.eligible import eligible, values_fit
from autosnn_hw.simulate.exact.events.tables import EventTables, build
from autosnn_hw.simulate.exact.synapse_paths import possible
from autosnn_hw.simulate.stimulus import Stimulus

PATH_VARIABLE = "AUTOSNN_HW_EXACT_PATH"
PATHS = ("auto", "events", "int8", "float32", "float64", "reference")
_LONGEST_EVENTS = (1 << 16) - 1  # spikes of a neuron are counted in 16 bits


class Stretch(NamedTuple):
    """Layers first..last (indices into `network.layers`) computed one way; event stretches may hold several."""

    way: str
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


def stretches(network: ChipNetwork, sent: Stimulus, path: str, events: bool = True, cpu: bool = True) -> list[Stretch]:
    """How a network is computed for a stimulus, in order; the input layer only where it has neurons.

    events: False where the event kernel cannot serve (traces of u and v). cpu: False on CUDA, without events and int8.
    """
    result: list[Stretch] = []
    graded = _is_graded(sent)
    first = 0 if network.input_layer.neuron is not None else 1
    by_events = (
        _by_events(network, sent, graded)
        if cpu and events and path in ("auto", "events")
        else [False] * len(network.layers)
    )
    index = first
    while index < len(network.layers):
        last = index
        while last + 1 < len(network.layers) and by_events[index] and by_events[last + 1]:
            last += 1
        # An input layer alone is a stretch that would save nothing.
        if by_events[index] and not (index == last == 0):
            result.append(Stretch("events", index, last))
        else:
            last = index
            result.append(Stretch(_way(network, index, sent, graded, path, cpu), index, index))
        index = last + 1
    return _one_array_last(network, result, sent, graded, path)


def _is_graded(sent: Stimulus) -> bool:
    return sent.kind == "frames" and bool(((sent.values != 0) & (sent.values != 1)).any())


def _by_events(network: ChipNetwork, sent: Stimulus, graded: bool) -> list[bool]:
    """Of each layer, whether it can go event by event."""
    if sent.timesteps > _LONGEST_EVENTS:
        return [False] * len(network.layers)
    flags = list(_eligible_layers(network))
    if network.input_layer.neuron is not None:
        flags[0] = sent.kind == "constant" and values_fit(network.input_layer, sent.values)
    elif graded and len(flags) > 1:
        flags[1] = False
    return flags


_ELIGIBLE: WeakKeyDictionary[ChipNetwork, list[bool]] = WeakKeyDictionary()


def _eligible_layers(network: ChipNetwork) -> list[bool]:
    if network not in _ELIGIBLE:
        _ELIGIBLE[network] = [eligible(layer) for layer in network.layers]
    return _ELIGIBLE[network]


def _way(network: ChipNetwork, index: int, sent: Stimulus, graded: bool, path: str, cpu: bool) -> str:
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
    ways = [way for way in exact if not (way == "int8" and negative)]
    return path if path in ways else ways[0]


def _one_array_last(
    network: ChipNetwork, result: list[Stretch], sent: Stimulus, graded: bool, path: str
) -> list[Stretch]:
    """The last layer's v is kept by the event kernel only where the layer is one array of its own."""
    stretch = result[-1]
    if stretch.way != "events":
        return result
    tables = event_tables(network, stretch, sent)
    if len(tables.views[-1]) == 1 and tables.views[-1][0].array == len(tables.arrays) - 1:
        return result
    alone = Stretch(_way(network, stretch.last, sent, graded, path, cpu=True), stretch.last, stretch.last)
    before = [] if stretch.first == stretch.last else [Stretch("events", stretch.first, stretch.last - 1)]
    return [*result[:-1], *before, alone]


@dataclass(frozen=True)
class _Key:
    first: int
    last: int
    steps: int


_TABLES: WeakKeyDictionary[ChipNetwork, dict[_Key, EventTables]] = WeakKeyDictionary()


def event_tables(network: ChipNetwork, stretch: Stretch, sent: Stimulus) -> EventTables:
    """The tables of an event stretch, built once per network and number of steps."""
    tables = _TABLES.setdefault(network, {})
    key = _Key(stretch.first, stretch.last, sent.timesteps)
    if key not in tables:
        held = stretch.first == 0
        source = 0 if held else stretch.first - 1
        layers = network.layers[source + 1 : stretch.last + 1]
        assert all(isinstance(layer, ConvLayer | DenseLayer) for layer in layers)
        tables[key] = build(
            network.layers[source],
            layers,  # type: ignore[arg-type]
            fans(network)[source : stretch.last + 1],
            sent.timesteps,
            held,
        )
    return tables[key]
