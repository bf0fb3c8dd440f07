"""Events of one inference: an `Activity` met with a placement. What energy and time are charged for, layer by layer and core
by core, in counts and without a chip's constants."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from weakref import WeakKeyDictionary

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost.active import active_share
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost.traffic import LayerLoads, Traffic, traffic
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer, Layer
from hw_profiles.schema import Profile

HOST = "the spikes that the host sends in are charged as messages, without the way they take to their cores"
UNIFORM = "where spikes are not known neuron by neuron they are spread evenly over the neurons of each role"
ALWAYS_ACTIVE = "{} neurons without a bias may hold a voltage or not: they are charged as active in every step"


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


@dataclass(frozen=True, eq=False)
class _Placed:
    """What the events of a placed network need and no activity changes: neurons, kind and index of the layer of each core."""

    ways: Traffic
    neurons: tuple[int, ...]
    counts: tuple[int, ...]
    layer: np.ndarray
    dense: np.ndarray
    on_core: np.ndarray


_cache: WeakKeyDictionary[Placement, _Placed] = WeakKeyDictionary()


def _placed(network: ChipNetwork, placement: Placement, profile: Profile) -> _Placed:
    known = _cache.get(placement)
    if known is None:
        counts = tuple(place.cores or 0 for place in placement.layers)
        layer = np.repeat(np.arange(len(counts)), counts)
        known = _Placed(
            traffic(network, placement, profile),
            tuple(prod(entry.shape) for entry in network.layers),
            counts,
            layer,
            np.array([isinstance(entry, DenseLayer) for entry in network.layers])[layer],
            np.concatenate([place.neurons for place in placement.layers]),
        )
        _cache[placement] = known
    return known


def column_events(network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile) -> Events:
    """Events of a network placed in columns; every layer must have a place.

    `crossbar.price_parts(network, activity, profile, placement)` returns the same for a crossbar.

    Raises:
        InputError: the activity is not one of this network.
    """
    placed = _placed(network, placement, profile)
    ways = placed.ways
    active = matched(network, activity)
    notes: list[str] = []
    scale = 1.0 / activity.samples
    loads = [
        map_.loads(spike_map(layer, measured, activity, notes))
        for layer, measured, map_ in zip(network.layers, active, ways.layers)
    ]
    messages = np.concatenate([load.messages for load in loads]) * scale
    sent = np.bincount(ways.layer, messages, len(loads)).tolist()
    hops = np.stack([np.bincount(ways.layer, messages * way, len(loads)) for way in ways.way]).T.tolist()
    layers, shares, assumed = [], [], 0
    for index, (layer, measured, cores) in enumerate(zip(network.layers, active, placed.counts)):
        share, updates = 0.0, 0.0
        if cores and measured is not None:
            updates = float(placed.neurons[index]) * activity.timesteps
            share, unknown = active_share(layer, measured, activity)
            assumed += unknown
        arrived = loads[index - 1].arrived if index else 0.0
        synops = _total(measured.synops if measured else None, arrived) * scale
        every_tap = _total(measured.synops_dense if measured else None, synops / scale) * scale
        layers.append(
            LayerEvents(
                layer.name,
                cores,
                isinstance(layer, DenseLayer),
                float(measured.spikes.sum()) * scale if measured else 0.0,
                synops,
                every_tap,
                updates,
                updates * share,
                sent[index],
                tuple(hops[index]),
            )
        )
        shares.append(share)
    if assumed and (profile.energy.neuron_active or profile.time.neuron_active):
        notes.append(ALWAYS_ACTIVE.format(assumed))
    return Events(
        tuple(layers),
        _cores(placed, loads, messages, np.array(shares), activity.timesteps, scale),
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


def _total(measured: np.ndarray | None, computed: float) -> float:
    """A measured count, or the one that follows from the spikes where none was measured."""
    return computed if measured is None else float(measured.sum())


def _cores(
    placed: _Placed,
    loads: list[LayerLoads],
    messages: np.ndarray,
    shares: np.ndarray,
    timesteps: int,
    scale: float,
) -> CoreEvents:
    ways, counts, cores = placed.ways, placed.counts, len(placed.on_core)
    synops = [load.synops for load in loads[:-1]]
    per_step = 1.0 / timesteps
    return CoreEvents(
        placed.layer,
        placed.dense,
        placed.on_core,
        np.concatenate([np.zeros(counts[0]), *synops]) * (scale * per_step),
        placed.on_core * shares[placed.layer],
        np.concatenate([load.spikes_out for load, count in zip(loads, counts) if count]) * (scale * per_step),
        np.bincount(ways.receiver, messages, cores) * per_step,
        np.bincount(ways.sender + 1, messages, cores + 1)[1:] * per_step,
    )
