"""What a network takes on crossbar cores at least, known without placing it: a bound from below for everything it is priced by.

A layer's own cores do not depend on the layers behind it; only copies and splitters do. So every layer's tilings are weighed
by themselves, once for all networks that have the layer, and joined along the network:

    cores of a layer and of the splitters behind it >= max(own cores, ceil(max(neurons, axons of the next layer) / neurons a core))

because each axon of the next layer asks for a neuron that drives it: the neuron itself, a copy, or a splitter's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost.crossbar.axon_types import clusterings, distinct_weights
from autosnn_hw.cost.crossbar.axons import cluster_taps
from autosnn_hw.cost.crossbar.layer import CrossbarLayer, crossbar_layer, full_weight, largest_fan_in
from autosnn_hw.cost.crossbar.limits import CrossbarLimits, crossbar_limits
from autosnn_hw.cost.crossbar.tiling import tilings
from autosnn_hw.cost.events import CoreEvents, Events, LayerEvents, matched
from autosnn_hw.cost.placement import LayerPlacement, Placement
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer
from autosnn_hw.network.connectivity import components
from hw_profiles import Profile

Way = tuple[int, int]  # (own cores, their axons) of a tiling


def least_placement(network: ChipNetwork, profile: Profile) -> Placement | None:
    """A placement of no cores in particular, whose numbers of cores no real one is below, in sum; None where a layer fits on no core.

    Raises:
        InputError: the profile leaves a limit out that a crossbar placement needs.
    """
    limits = crossbar_limits(profile)
    layers = [layer for layer in network.layers if not isinstance(layer, InputLayer)]
    shapes = [layer.shape for layer in network.layers]
    ways = [least_ways(layer, shape, limits) for layer, shape in zip(layers, shapes)]
    if not all(ways):
        return None
    neurons = [int(np.prod(layer.shape)) for layer in layers]
    total = _fewest(ways, neurons, limits.neurons)
    first = LayerPlacement(network.layers[0].name, count=0)
    # Only the sum is a bound: all of it stands with the last layer.
    rest = [LayerPlacement(layer.name, count=0) for layer in layers[:-1]]
    last = LayerPlacement(layers[-1].name, count=total)
    return Placement((first, *rest, last), max(1, -(-total // profile.limits.cores_per_chip.value)))


def least_ways(layer: ConvLayer | DenseLayer, source_shape: tuple[int, ...], limits: CrossbarLimits) -> tuple[Way, ...]:
    """(own cores, axons) of the tilings of a layer of which no other has fewer of both; none where no core can hold its neurons.

    Kept for layers of the same weights and shape: what networks that begin alike share, and the readout of all.
    """
    geometry = () if isinstance(layer, DenseLayer) else (layer.stride, layer.padding, layer.dilation, layer.groups)
    weight = np.ascontiguousarray(layer.weight)
    told = repr((layer.shape, geometry, weight.shape, weight.dtype)).encode()
    return _least_ways(_Alike(blake2b(told + weight.tobytes()).digest(), layer), source_shape, limits)


@dataclass(frozen=True)
class _Alike:
    """A layer that is told from others by its content."""

    content: bytes
    layer: ConvLayer | DenseLayer = field(compare=False)


@lru_cache(maxsize=1024)
def _least_ways(alike: _Alike, source_shape: tuple[int, ...], limits: CrossbarLimits) -> tuple[Way, ...]:
    layer = alike.layer
    if int(distinct_weights(full_weight(layer)).max()) > limits.axon_types:
        return ()
    if largest_fan_in(layer, source_shape) > limits.axons:
        return ()
    seen = crossbar_layer(layer, source_shape, limits.axon_types)
    return _undominated({(used.size, int(used.sum())) for used in _axons_of_tilings(seen, limits)})


def _axons_of_tilings(layer: CrossbarLayer, limits: CrossbarLimits) -> list[np.ndarray]:
    groups = components((layer.types != 0).any(axis=(2, 3)))
    return [
        used
        for clusters in clusterings(groups, limits.neurons)
        for _, used in tilings(layer, clusters, cluster_taps(layer, clusters), limits)
    ]


def _undominated(ways: set[Way]) -> tuple[Way, ...]:
    kept: list[Way] = []
    for cores, axons in sorted(ways):
        if not kept or axons < kept[-1][1]:
            kept.append((cores, axons))
    return tuple(kept)


def _fewest(ways: list[tuple[Way, ...]], neurons: list[int], of_a_core: int) -> int:
    """The fewest cores over every choice of a way for each layer, from the readout back to the input."""
    sums = {way: max(way[0], -(-neurons[-1] // of_a_core)) for way in ways[-1]}  # of a way and of all behind it
    for found, count in zip(reversed(ways[:-1]), reversed(neurons[:-1])):
        sums = {
            way: min(max(way[0], -(-max(count, axons) // of_a_core)) + behind for (_, axons), behind in sums.items())
            for way in found
        }
    return min(sums.values())


def least_events(network: ChipNetwork, activity: Activity) -> Events:
    """Events without a copy and without a splitter; no placement causes fewer of any kind.

    Raises:
        InputError: the activity is not one of this network.
    """
    per_run = 1.0 / activity.samples
    layers = []
    for layer, found in zip(network.layers, matched(network, activity)):
        if found is None or isinstance(layer, InputLayer):
            layers.append(LayerEvents(layer.name, 0))
            continue
        synops = 0.0 if found.synops is None else float(found.synops.sum()) * per_run
        updates = float(np.prod(layer.shape)) * activity.timesteps
        active = found.active_neurons
        layers.append(
            LayerEvents(
                layer.name,
                0,
                isinstance(layer, DenseLayer),
                spikes=float(found.spikes.sum()) * per_run,
                synops=synops,
                synops_dense=0.0 if found.synops_dense is None else float(found.synops_dense.sum()) * per_run,
                neuron_updates=updates,
                neuron_active=updates if active is None else float(active.sum()) * per_run,
            )
        )
    none, whole = np.zeros(0), np.zeros(0, np.int64)
    cores = CoreEvents(whole, whole.astype(bool), whole, none, none, none, none, none)
    return Events(tuple(layers), cores, activity.timesteps + len(network.layers) - 2)
