"""A network on crossbar cores, layer by layer from the readout back to the input, and what follows from where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autosnn_hw.cost.crossbar.axon_types import distinct_weights
from autosnn_hw.cost.crossbar.axons import synapses_of_source
from autosnn_hw.cost.crossbar.layer import crossbar_layer, full_weight, largest_fan_in
from autosnn_hw.cost.crossbar.limits import CrossbarLimits
from autosnn_hw.cost.crossbar.tiling import TiledLayer, place_layer
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer


@dataclass(frozen=True, eq=False)
class TiledNetwork:
    """Where the layers after the input stand.

    Args:
        layers: one placement for each layer after the input.
    """

    layers: tuple[TiledLayer, ...]

    @property
    def cores(self) -> tuple[int, ...]:
        """Cores of each layer, the splitters of the boundary after it included."""
        return tuple(layer.cores + layer.reach.splitters.cores for layer in self.layers)

    @property
    def cores_used(self) -> int:
        return sum(self.cores)

    @property
    def splitter_cores(self) -> int:
        return sum(layer.reach.splitters.cores for layer in self.layers)

    @property
    def copies(self) -> int:
        """Neurons that compute what another neuron computes already."""
        return sum(layer.copies for layer in self.layers)

    @property
    def splitters(self) -> int:
        """Neurons that only pass a spike on."""
        return sum(int(layer.reach.splitters.load.sum()) for layer in self.layers)

    @property
    def ticks(self) -> tuple[int, ...]:
        """Ticks of the boundary between each layer and the next (1, or 2 with splitters)."""
        return tuple(layer.reach.ticks for layer in self.layers[:-1])

    @property
    def depth(self) -> int:
        """Ticks between the first input spikes and the first tick of the last layer."""
        return sum(self.ticks)

    @cached_property
    def events(self) -> tuple[np.ndarray, ...]:
        """Synaptic events that one spike of each source neuron causes in the layer's cores, copies included: float64
        (source neurons,) for each layer after the input."""
        return tuple(
            synapses_of_source(layer.layer, layer.reach.slots.reshape(layer.layer.shape)).reshape(-1)
            for layer in self.layers
        )

    @cached_property
    def single_events(self) -> tuple[np.ndarray, ...]:
        """What `events` would be without copies: the synaptic operations of the network itself."""
        return tuple(synapses_of_source(layer.layer, np.ones(layer.layer.shape)).reshape(-1) for layer in self.layers)

    @cached_property
    def splitter_events(self) -> tuple[np.ndarray, ...]:
        """Synaptic events in splitters that one spike of each neuron causes: float64 (neurons,) for each layer."""
        return tuple(
            np.where(layer.reach.split, layer.fan_out.reshape(-1), 0).astype(np.float64) for layer in self.layers
        )

    @cached_property
    def packets(self) -> tuple[np.ndarray, ...]:
        """Spike packets that one spike of each neuron sends, its splitters' packets included: float64 (neurons,) each."""
        return tuple(
            np.where(layer.fan_out.reshape(-1) > 0, layer.reach.slots, 0) + events
            for layer, events in zip(self.layers, self.splitter_events)
        )

    @cached_property
    def per_spike(self) -> tuple[np.ndarray, ...]:
        """What one spike of each neuron causes, float64 (4, neurons) for the input and every layer: synaptic events in the
        next layer's cores, in splitters, packets sent, and 1. The host sends the packets of the input."""
        host = self.layers[0].source_fan_out.reshape(-1)
        rows = [(self.events[0], np.zeros(len(host)), host, np.ones(len(host)))]
        following = (*self.events[1:], np.zeros(self.layers[-1].layer.neurons))
        for events, splitters, packets in zip(following, self.splitter_events, self.packets):
            rows.append((events, splitters, packets, np.ones(len(events))))
        return tuple(np.stack(row) for row in rows)


@dataclass(frozen=True)
class Unplaced:
    """A layer that no arrangement can place: the resource (a limit's name in the profile) and how much of it is needed."""

    resource: str
    needed: int


def place_layers(
    network: ChipNetwork, limits: CrossbarLimits, *, copies: bool = True, splitters: bool = True
) -> list[TiledLayer | Unplaced]:
    """Place every layer after the input, each by itself: one that cannot be placed does not keep the others from it.

    Args:
        copies, splitters: False to do without, to see what each is worth.
    """
    placed: list[TiledLayer | Unplaced] = []
    fan_out: np.ndarray | None = None
    for index in range(len(network.layers) - 1, 0, -1):
        layer, source = network.layers[index], network.layers[index - 1]
        assert not isinstance(layer, InputLayer)
        found = _place(layer, source.shape, fan_out, limits, index == 1, copies, splitters)
        fan_out = None if isinstance(found, Unplaced) else found.source_fan_out
        placed.insert(0, found)
    return placed


def _place(
    layer: ConvLayer | DenseLayer,
    source_shape: tuple[int, ...],
    fan_out: np.ndarray | None,
    limits: CrossbarLimits,
    host_fed: bool,
    copies: bool,
    splitters: bool,
) -> TiledLayer | Unplaced:
    different = int(distinct_weights(full_weight(layer)).max())
    if different > limits.axon_types:
        return Unplaced("axon_types", different)
    fullest = largest_fan_in(layer, source_shape)
    if fullest > limits.axons:
        return Unplaced("input_axons", fullest)
    seen = crossbar_layer(layer, source_shape, limits.axon_types)
    reached = np.ones(seen.shape, np.int64) if fan_out is None else fan_out.reshape(seen.shape)
    found = place_layer(seen, reached, limits, host_fed=host_fed, copies=copies, splitters=splitters)
    # Without splitters a neuron's copies must all stand in its own core, and may not.
    return Unplaced("neurons_per_core", int(reached.max())) if found is None else found
