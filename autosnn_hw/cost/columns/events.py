"""Events of a network that stands in columns: an `Activity` met with a placement, along the ways that spikes take on the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost.active_neurons import active_share
from autosnn_hw.cost.columns.column_map import LayerLoads
from autosnn_hw.cost.columns.traffic import Traffic, traffic
from autosnn_hw.cost.events import CoreEvents, Events, LayerEvents, matched, spike_map
from autosnn_hw.cost.placement import Placement
from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, DenseLayer
from hw_profiles.schema import Profile

SIGMA_DELTA_PASSES = 2
"""Passes of the microcode that update a sigma-delta ReLU neuron: yolo_kp profiling script, as in the profile of Loihi 2."""
ALWAYS_ACTIVE = "{} neurons without a bias may hold a voltage or not: they are charged as active in every step"


@dataclass(frozen=True, eq=False)
class _Placed:
    """What the events of a placed network need and no activity changes: neurons, kind and index of the layer of each core."""

    ways: Traffic
    neurons: tuple[int, ...]
    counts: tuple[int, ...]
    layer: np.ndarray
    dense: np.ndarray
    on_core: np.ndarray
    passes: np.ndarray | None


@kept_with(key=lambda network, profile: None)  # a placement is of one network on one profile
def _placed(placement: Placement, network: ChipNetwork, profile: Profile) -> _Placed:
    counts = tuple(place.cores or 0 for place in placement.layers)
    layer = np.repeat(np.arange(len(counts)), counts)
    return _Placed(
        traffic(network, placement, profile),
        tuple(prod(entry.shape) for entry in network.layers),
        counts,
        layer,
        np.array([isinstance(entry, DenseLayer) for entry in network.layers])[layer],
        on_core := np.concatenate([place.neurons for place in placement.layers]),
        SIGMA_DELTA_PASSES * on_core if network.sigma_delta else None,
    )


def column_events(network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile) -> Events:
    """Events of a network placed in columns; every layer must have a place.

    Raises:
        InputError: the activity is not one of this network.
    """
    placed = _placed(placement, network, profile)
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
        placed.passes,
    )
