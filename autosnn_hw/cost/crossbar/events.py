"""What happens on crossbar cores during one inference: synaptic events (copies' and splitters' too), packets, load of cores."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost.crossbar.axons import axon_spikes, cluster_taps, received, tile_axes
from autosnn_hw.cost.crossbar.placement import TiledNetwork
from autosnn_hw.cost.crossbar.tiling import TiledLayer, core_of
from autosnn_hw.cost.events import CoreEvents, Events, LayerEvents, matched, spike_map
from autosnn_hw.network import ChipNetwork, DenseLayer


def crossbar_events(
    network: ChipNetwork, activity: Activity, placement: TiledNetwork, *, per_core: bool = True
) -> Events:
    """Events of a placed network.

    A layer's synops are the synaptic events in its cores and in the splitters behind it: what the chip charges for. The
    events of neurons alone, without copies and splitters, are the activity's synops (`events_apart` sets them apart).

    Args:
        per_core: False to leave the cores' loads out, which is faster.

    Raises:
        InputError: the activity is not one of this network.
    """
    measured = matched(network, activity)
    notes: list[str] = []
    spikes = _spike_maps(network, activity, notes)
    per_run = 1.0 / activity.samples
    sums = [(causes @ map_ * per_run).tolist() for causes, map_ in zip(placement.per_spike, spikes)]
    fired = float(measured[0].spikes.sum()) * per_run if measured[0] else 0.0
    layers = [LayerEvents(network.layers[0].name, 0, spikes=fired, messages=sums[0][2])]
    for index, place in enumerate(placement.layers):
        layer, found = network.layers[index + 1], measured[index + 1]
        arrived, (_, passing, packets, own) = sums[index][0], sums[index + 1]
        updates = float(place.layer.neurons * activity.timesteps)
        layers.append(
            LayerEvents(
                layer.name,
                placement.cores[index],
                isinstance(layer, DenseLayer),
                own,
                arrived + passing,
                _mean(found.synops_dense if found else None, arrived, per_run),
                updates,
                _mean(found.active_neurons if found else None, updates, per_run),
                packets,
            )
        )
    cores = _core_events(network, placement, spikes, per_run / activity.timesteps, per_core)
    return Events(tuple(layers), cores, activity.timesteps + placement.depth, tuple(dict.fromkeys(notes)))


def _mean(measured: np.ndarray | None, otherwise: float, per_run: float) -> float:
    return otherwise if measured is None else float(measured.sum()) * per_run


def _spike_maps(network: ChipNetwork, activity: Activity, notes: list[str]) -> list[np.ndarray]:
    """Spikes of each neuron over the whole run, float64 (neurons,), of the input and of each layer."""
    return [
        np.asarray(spike_map(layer, found, activity, notes), np.float64).reshape(-1)
        for layer, found in zip(network.layers, matched(network, activity))
    ]


def events_apart(network: ChipNetwork, activity: Activity, placement: TiledNetwork) -> dict[str, Any]:
    """Synaptic events of one inference set apart (JSON-able), and the neurons and cores that cause them."""
    spikes = _spike_maps(network, activity, [])
    per_run = 1.0 / activity.samples
    own = sum(float(e @ s) for e, s in zip(placement.single_events, spikes))
    with_copies = sum(float(e @ s) for e, s in zip(placement.events, spikes))
    passing = sum(float(e @ s) for e, s in zip(placement.splitter_events, spikes[1:]))
    return {
        "synops": own * per_run,
        "copy_events": (with_copies - own) * per_run,
        "splitter_events": passing * per_run,
        "copies": placement.copies,
        "splitters": placement.splitters,
        "splitter_cores": placement.splitter_cores,
        "depth": placement.depth,
    }


def _core_events(
    network: ChipNetwork, placement: TiledNetwork, spikes: list[np.ndarray], per_step: float, per_core: bool
) -> CoreEvents:
    if not per_core:
        none = np.zeros(0)
        whole = np.zeros(0, np.int64)
        return CoreEvents(whole, whole.astype(bool), whole, none, none, none, none, none)
    parts: list[np.ndarray] = []
    layer_of: list[int] = []
    for index, place in enumerate(placement.layers):
        loads = np.concatenate(
            [_own_loads(place, spikes[index], spikes[index + 1]), _splitter_loads(place, spikes[index + 1])], axis=1
        )
        parts.append(loads)
        layer_of += [index + 1] * loads.shape[1]
    neurons, synops, arriving, fired, sent = np.concatenate(parts, axis=1)
    layer = np.array(layer_of, np.int64)
    dense = np.array([isinstance(entry, DenseLayer) for entry in network.layers])[layer]
    return CoreEvents(
        layer,
        dense,
        neurons.astype(np.int64),
        synops * per_step,
        neurons.copy(),
        fired * per_step,
        arriving * per_step,
        sent * per_step,
    )


def _own_loads(place: TiledLayer, before: np.ndarray, own: np.ndarray) -> np.ndarray:
    """float64 (5, cores): neurons, synaptic events, spikes that arrive, that are fired, that are sent."""
    layer, clusters = place.layer, list(place.clusters)
    where = core_of(layer, place.clusters, place.tile)
    slots = place.reach.slots
    fired = slots * own
    reaches = place.fan_out.reshape(-1) > 0
    taps = cluster_taps(layer, clusters)
    before = before.reshape(layer.source_shape)
    arriving = axon_spikes(taps, *tile_axes(layer, place.tile), len(clusters), before)
    columns = (slots, slots * received(layer, before).reshape(-1), None, fired, fired * reaches)
    return np.stack(
        [
            arriving.reshape(-1) if column is None else np.bincount(where, weights=column, minlength=place.cores)
            for column in columns
        ]
    )


def _splitter_loads(place: TiledLayer, own: np.ndarray) -> np.ndarray:
    parts = place.reach.splitters
    arriving = own[parts.source]
    events = arriving * parts.load
    columns = (parts.load, events, arriving, events, events)
    return np.stack([np.bincount(parts.core, weights=column, minlength=parts.cores) for column in columns])
