"""Events of one inference: an `Activity` met with a placement. What energy and time are charged for, layer by layer and core
by core, in counts and without a chip's constants."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from weakref import WeakKeyDictionary

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost.traffic import Loads, Traffic, traffic
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer, Layer
from hw_profiles.schema import Profile

HOST = "the spikes that the host sends in are charged as messages, without the way they take to their cores"
UNIFORM = "where spikes are not known neuron by neuron they are spread evenly over the neurons of each role"
ALL_ACTIVE = "active neurons are not known: every neuron is charged as active in every step"


@dataclass(frozen=True)
class LayerEvents:
    """Counts of one layer, means per inference; synops are those that arrive at it, messages and hops those it sends.

    Args:
        dense: a fully connected layer (a profile may charge its synapses differently).
        hops: along x, along y, borders between chips.
    """

    name: str
    cores: int
    dense: bool = False
    spikes: float = 0.0
    synops: float = 0.0
    synops_dense: float = 0.0
    neuron_updates: float = 0.0
    neuron_active: float = 0.0
    messages: float = 0.0
    hops: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class CoreEvents:
    """Counts of every core, means per step: float64 (cores,) each; `layer` is the index of its layer in the network.

    `synops` is what the core really computes: where a profile pads blocks, columns beyond the layer's edge, too.
    """

    layer: np.ndarray
    dense: np.ndarray
    neurons: np.ndarray
    synops: np.ndarray
    neuron_active: np.ndarray
    spikes_out: np.ndarray
    messages_in: np.ndarray
    messages_out: np.ndarray


@dataclass(frozen=True, eq=False)
class Events:
    """Events of a network on a target.

    Args:
        latency_steps: steps from the first step of a sample to its last output.
        notes: what had to be assumed.
    """

    layers: tuple[LayerEvents, ...]
    cores: CoreEvents
    latency_steps: int
    notes: tuple[str, ...] = ()


_cache: WeakKeyDictionary[Placement, tuple[Traffic, ...]] = WeakKeyDictionary()


def column_events(network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile) -> Events:
    """Events of a network placed in columns; every layer must have a place.

    `crossbar.price_parts(network, activity, profile, placement)` returns the same for a crossbar.

    Raises:
        InputError: the activity is not one of this network.
    """
    maps = _cache.get(placement)
    if maps is None:
        maps = _cache.setdefault(placement, traffic(network, placement, profile))
    active = matched(network, activity)
    notes: list[str] = []
    scale = 1.0 / activity.samples
    loads = []
    for layer, measured, map_ in zip(network.layers, active, maps):
        loads.append(map_.loads(spike_map(layer, measured, activity, notes)))
    layers = []
    core_active: list[np.ndarray] = []
    for index, (layer, measured, place) in enumerate(zip(network.layers, active, placement.layers)):
        before = loads[index - 1] if index else None
        updates = float(prod(layer.shape)) * activity.timesteps if place.cores else 0.0
        share = _active_share(layer, measured, activity, notes) if updates else 0.0
        arrived = before.arrived if before else 0.0
        synops = _total(measured.synops if measured else None, arrived) * scale
        every_tap = _total(measured.synops_dense if measured else None, synops / scale) * scale
        layers.append(
            LayerEvents(
                place.name,
                place.cores or 0,
                isinstance(layer, DenseLayer),
                float(measured.spikes.sum()) * scale if measured else 0.0,
                synops,
                every_tap,
                updates,
                updates * share,
                float(loads[index].messages_out.sum()) * scale,
                tuple((loads[index].hops * scale).tolist()),  # type: ignore[arg-type]
            )
        )
        core_active.append(place.neurons * share)
    return Events(
        tuple(layers),
        _cores(network, placement, loads, core_active, scale / activity.timesteps),
        activity.timesteps + len(network.neuron_layers),
        tuple(dict.fromkeys(notes)),
    )


def matched(network: ChipNetwork, activity: Activity) -> list[LayerActivity | None]:
    expected = [layer.name for layer in network.neuron_layers]
    found = [layer.name for layer in activity.layers]
    if expected != found:
        raise InputError(f"the activity is of layers {found}; this network's are {expected}.")
    if activity.samples < 1 or activity.timesteps < 1:
        raise InputError(f"the activity is of {activity.samples} samples and {activity.timesteps} steps; 1 is needed.")
    missing = len(network.layers) - len(expected)
    return [None] * missing + list(activity.layers)


def spike_map(layer: Layer, measured: LayerActivity | None, activity: Activity, notes: list[str]) -> np.ndarray:
    """Spikes of each neuron over the whole run, measured or spread evenly."""
    if measured is None:
        notes.append(HOST)
        return np.zeros(layer.shape) if activity.input_spikes is None else activity.input_spikes
    if isinstance(layer, InputLayer) and layer.host:
        notes.append(HOST)
    if measured.neuron_spikes is not None:
        return measured.neuron_spikes
    notes.append(UNIFORM)
    roles = np.asarray(layer.roles)
    positions = prod(layer.shape[1:])
    rate = np.zeros(len(roles))
    for role in np.unique(roles):
        chosen = roles == role
        rate[chosen] = measured.spikes[role].sum() / (chosen.sum() * positions)
    return np.broadcast_to(rate.reshape((-1,) + (1,) * (len(layer.shape) - 1)), layer.shape)


def _active_share(layer: Layer, measured: LayerActivity | None, activity: Activity, notes: list[str]) -> float:
    if measured is None or measured.active_neurons is None:
        notes.append(ALL_ACTIVE)
        return 1.0
    neuron_steps = float(prod(layer.shape)) * activity.timesteps * activity.samples
    return float(measured.active_neurons.sum()) / neuron_steps


def _total(measured: np.ndarray | None, computed: float) -> float:
    """A measured count, or the one that follows from the spikes where none was measured."""
    return computed if measured is None else float(measured.sum())


def _cores(
    network: ChipNetwork, placement: Placement, loads: list[Loads], core_active: list[np.ndarray], per_step: float
) -> CoreEvents:
    columns: dict[str, list[np.ndarray]] = {key: [] for key in ("synops", "in", "spikes", "out")}
    counts = [place.cores or 0 for place in placement.layers]
    for index, count in enumerate(counts):
        if not count:
            continue
        before = loads[index - 1] if index else None
        columns["synops"].append(before.synops if before else np.zeros(count))
        columns["in"].append(before.messages_in if before else np.zeros(count))
        columns["spikes"].append(loads[index].spikes_out)
        columns["out"].append(loads[index].messages_out)
    joined = {key: np.concatenate(parts) * per_step for key, parts in columns.items()}
    layer = np.repeat(np.arange(len(counts)), counts)
    dense = np.array([isinstance(entry, DenseLayer) for entry in network.layers])[layer]
    neurons = np.concatenate([place.neurons for place in placement.layers])
    return CoreEvents(
        layer,
        dense,
        neurons,
        joined["synops"],
        np.concatenate(core_active),
        joined["spikes"],
        joined["in"],
        joined["out"],
    )
