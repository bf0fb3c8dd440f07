"""From a placement to the `CoreNetwork`: every core with its axons, crossbar, neurons and destinations written out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.crossbar.layer import CrossbarLayer, leak
from autosnn_hw.cost.crossbar.tiling import TiledLayer
from autosnn_hw.network import ChipNetwork, InputLayer, Readout
from autosnn_hw.network.core_network import AXON, NOWHERE, OUT, SPLITTER, Core, CoreLayer, CoreNetwork


@dataclass(frozen=True, eq=False)
class Tile:
    """One core of a layer: flat ids of its neurons, and its axons as (flat id of the source, axon type)."""

    neurons: np.ndarray
    axon_source: np.ndarray
    axon_type: np.ndarray
    crossbar: np.ndarray


@dataclass(frozen=True, eq=False)
class _Readers:
    """[core, axon] rows that read a source neuron: rows pointer[j] .. pointer[j + 1] - 1 for neuron j."""

    pointer: np.ndarray
    rows: np.ndarray


def build(network: ChipNetwork, placed: tuple[TiledLayer, ...]) -> CoreNetwork:
    """Write out all cores.

    Args:
        network: whose timesteps are known.
        placed: its layers after the input.
    """
    assert network.timesteps is not None
    readout = network.readout or Readout(network.layers[-1].shape[0])
    starts = np.cumsum([0] + [placement.reach.ticks for placement in placed[:-1]])
    layers = [CoreLayer(network.layers[0].name, network.layers[0].shape, 0)]
    layers += [CoreLayer(layer.name, layer.shape, int(start)) for layer, start in zip(network.layers[1:], starts)]
    cores: list[Core] = []
    bases = np.cumsum([0] + [p.cores + p.reach.splitters.cores for p in placed])
    following = tiles_of(placed[0])
    inputs = _readers(following, int(bases[0]), int(np.prod(placed[0].layer.source_shape)))
    for index, placement in enumerate(placed):
        layer = network.layers[index + 1]
        assert not isinstance(layer, InputLayer)
        here, readers = following, None
        if index + 1 < len(placed):
            following = tiles_of(placed[index + 1])
            readers = _readers(following, int(bases[index + 1]), placement.layer.neurons)
        targets = _Targets(placement, readers, int(bases[index]), readout.voters)
        leaks = leak(layer)
        cores += [_core(placement.layer, leaks, tile, targets, index + 1) for tile in here]
        cores += _splitter_cores(placement, targets, placement.layer.weights.shape[1])
    return CoreNetwork(
        network.timesteps,
        layers[-1].start,
        tuple(layers),
        inputs.pointer,
        inputs.rows.astype(np.int32),
        tuple(cores),
        readout.classes,
        readout.voters,
        {"architecture": network.architecture, "dataset": network.dataset, "target": network.target},
    )


def tiles_of(placement: TiledLayer) -> list[Tile]:
    """The layer's own cores, in the order of `TiledLayer.axons`."""
    layer, (p, q) = placement.layer, placement.tile
    _, height, width = layer.shape
    tiles = []
    for members in placement.clusters:
        types = layer.types[members]
        synapses = np.nonzero(types)
        kinds = types[synapses].astype(np.int64) - 1
        for y in range(0, height, p):
            for x in range(0, width, q):
                rows, columns = np.arange(y, min(y + p, height)), np.arange(x, min(x + q, width))
                neurons = (members[:, None, None] * height + rows[:, None]) * width + columns
                tiles.append(_tile(layer, neurons.reshape(-1), synapses, kinds, rows, columns))
    return tiles


def _tile(
    layer: CrossbarLayer,
    neurons: np.ndarray,
    synapses: tuple[np.ndarray, ...],
    kinds: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
) -> Tile:
    output, channel, tap_y, tap_x = synapses
    _, height, width = layer.source_shape
    y = rows[None, :] * layer.stride[0] + tap_y[:, None] * layer.dilation[0] - layer.padding[0]
    x = columns[None, :] * layer.stride[1] + tap_x[:, None] * layer.dilation[1] - layer.padding[1]
    inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
    neuron = (output[:, None, None] * len(rows) + np.arange(len(rows))[:, None]) * len(columns) + np.arange(
        len(columns)
    )
    source = (channel[:, None, None] * height + y[:, :, None]) * width + x[:, None, :]
    key = source * layer.weights.shape[1] + kinds[:, None, None]
    axons, axon = np.unique(key[inside], return_inverse=True)
    crossbar = np.zeros((len(neurons), len(axons)), bool)
    crossbar[neuron[inside], axon.reshape(-1)] = True
    return Tile(neurons, axons // layer.weights.shape[1], axons % layer.weights.shape[1], crossbar)


def _readers(tiles: list[Tile], base: int, sources: int) -> _Readers:
    source = np.concatenate([tile.axon_source for tile in tiles])
    core = np.concatenate([np.full(len(tile.axon_source), base + i) for i, tile in enumerate(tiles)])
    axon = np.concatenate([np.arange(len(tile.axon_source)) for tile in tiles])
    order = np.argsort(source, kind="stable")
    pointer = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=sources))])
    return _Readers(pointer, np.stack([core, axon], axis=1)[order])


class _Targets:
    """Destinations of a layer's neurons: the axons of the next layer, or of the splitters, or the readout."""

    def __init__(self, placement: TiledLayer, readers: _Readers | None, base: int, voters: int):
        self.reach = placement.reach
        self.readers = readers
        self.voters = voters
        parts = self.reach.splitters
        by_source = np.argsort(parts.source, kind="stable")
        self.piece_order = by_source
        self.piece_pointer = np.searchsorted(parts.source[by_source], np.arange(placement.layer.neurons + 1))
        begun = np.cumsum(parts.load[by_source]) - parts.load[by_source]
        first = begun[self.piece_pointer[parts.source[by_source]]] if len(begun) else begun
        self.piece_offset = np.empty(len(begun), np.int64)
        self.piece_offset[by_source] = begun - first
        self.piece_begins = np.searchsorted(parts.core, np.arange(parts.cores + 1))
        self.splitter_base = base + placement.cores

    def of(self, neuron: np.ndarray, copy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dest rows int32 (n, 3) and delays uint8 (n,) of the copies `copy` of the neurons `neuron`."""
        dest = np.zeros((len(neuron), 3), np.int32)
        delay = np.ones(len(neuron), np.uint8)
        if self.readers is None:
            dest[:, 0], dest[:, 1], dest[:, 2] = OUT, neuron // self.voters, neuron % self.voters
            return dest, delay
        split = self.reach.split[neuron]
        row = self.readers.pointer[neuron] + copy
        read = ~split & (row < self.readers.pointer[neuron + 1])
        dest[read, 0], dest[read, 1:] = AXON, self.readers.rows[row[read]]
        dest[~read & ~split, 0] = NOWHERE
        delay[read] = self.reach.ticks
        piece = self.piece_order[self.piece_pointer[neuron[split]] + copy[split]]
        core = self.reach.splitters.core[piece]
        dest[split, 0], dest[split, 1], dest[split, 2] = (
            AXON,
            self.splitter_base + core,
            piece - self.piece_begins[core],
        )
        return dest, delay


def _core(layer: CrossbarLayer, leaks: np.ndarray, tile: Tile, targets: _Targets, index: int) -> Core:
    slots = targets.reach.slots[tile.neurons]
    row = np.repeat(np.arange(len(slots)), slots)
    copy = np.arange(len(row)) - np.repeat(np.cumsum(slots) - slots, slots)
    neuron = tile.neurons[row]
    channel, y, x = np.unravel_index(neuron, layer.shape)
    dest, delay = targets.of(neuron, copy)
    zero = np.zeros(len(row), np.int32)
    return Core(
        axon_types=tile.axon_type.astype(np.uint8),
        crossbar=tile.crossbar[row],
        weights=layer.weights[channel].astype(np.int16),
        leak=leaks[channel, y, x].astype(np.int32),
        alpha=zero,
        beta=zero,
        delay=delay,
        dest=dest,
        source=np.stack([np.full(len(row), index), channel, y, x], axis=1).astype(np.int32),
    )


def _splitter_cores(placement: TiledLayer, targets: _Targets, axon_types: int) -> list[Core]:
    parts = placement.reach.splitters
    cores: list[Core] = []
    if targets.readers is None:
        return cores
    for core in range(parts.cores):
        pieces = np.arange(targets.piece_begins[core], targets.piece_begins[core + 1])
        load = parts.load[pieces]
        axon = np.repeat(np.arange(len(pieces)), load)
        within = np.arange(len(axon)) - np.repeat(np.cumsum(load) - load, load)
        row = targets.readers.pointer[parts.source[pieces]][axon] + targets.piece_offset[pieces][axon] + within
        crossbar = np.zeros((len(axon), len(pieces)), bool)
        crossbar[np.arange(len(axon)), axon] = True
        weights = np.zeros((len(axon), axon_types), np.int16)
        weights[:, 0] = 1
        zero = np.zeros(len(axon), np.int32)
        dest = np.full((len(axon), 3), AXON, np.int32)
        dest[:, 1:] = targets.readers.rows[row]
        source = np.zeros((len(axon), 4), np.int32)
        source[:, 0] = SPLITTER
        types = np.zeros(len(pieces), np.uint8)
        cores.append(Core(types, crossbar, weights, zero - 1, zero, zero, np.ones(len(axon), np.uint8), dest, source))
    return cores
