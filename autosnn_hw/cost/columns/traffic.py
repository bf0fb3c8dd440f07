"""Who hears a spike: linear maps from the spikes of a layer's neurons to the load of the cores that send and receive them.

A convolution's map factors into (channel, row) and column. `LayerTraffic.rows` depends on the weights and meets the spikes
first; what follows depends on shapes and cuts alone and is kept for the next network that has them. Messages are counted by
pair of cores, so that the way between two cores on the mesh is met last. So a candidate is priced within a millisecond once it
is placed (benchmarks/cost_accuracy.py prints how fast).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import numpy as np

from autosnn_hw.cost.columns.column_map import ColumnMap, LayerLoads, column_map
from autosnn_hw.cost.placement import Edges, LayerPlacement, Placement
from autosnn_hw.cost.reach import kernel_taps
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer
from autosnn_hw.network.connectivity import row_taps, volume
from hw_profiles.schema import Profile

HOPS = 3  # hops along x, hops along y, borders between chips
BITS = 62  # columns of a kernel that an int64 has a bit for; wider kernels use Python's integers


@dataclass(frozen=True, eq=False)
class LayerTraffic:
    """The map of one source layer.

    Args:
        shape: (C, H, W) of the source.
        edges: borders of its blocks.
        sender, receiver: int64 (pairs,), the cores that a message goes from and to, counted within their layers.
    """

    shape: tuple[int, int, int]
    edges: Edges
    sender: np.ndarray
    receiver: np.ndarray

    @cached_property
    def _grid(self) -> tuple[int, ...]:
        return tuple(len(axis) - 1 for axis in self.edges)

    @cached_property
    def senders(self) -> int:
        return prod(self._grid)

    def loads(self, spikes: np.ndarray) -> LayerLoads:
        """Loads of spikes per neuron (any unit: per run, per inference, per step), shape of the source layer."""
        return LayerLoads(np.zeros(0), 0.0, self._spikes_out(spikes.reshape(self.shape)), np.zeros(0))

    def _spikes_out(self, spikes: np.ndarray) -> np.ndarray:
        for axis in range(3):
            if self._grid[axis] == 1:
                spikes = spikes.sum(axis=axis, keepdims=True)
            else:
                spikes = np.add.reduceat(spikes, self.edges[axis][:-1], axis=axis)
        return spikes.reshape(-1)


@dataclass(frozen=True, eq=False)
class ConvTraffic(LayerTraffic):
    """Of a layer that a convolution listens to.

    Args:
        rows: float64 (n, C * H): member blocks of the source; then synapses by (block of channels and rows of the listener,
            kernel column); then, code of kernel columns by code, the source rows that are heard through them.
        after: what follows, from the (n, W) table of `rows` times spikes.
    """

    rows: np.ndarray
    after: ColumnMap

    def loads(self, spikes: np.ndarray) -> LayerLoads:
        channels, height, width = self.shape
        table = self.rows @ spikes.reshape(channels * height, width).astype(np.float64)
        return self.after.loads(table)


@dataclass(frozen=True, eq=False)
class DenseTraffic(LayerTraffic):
    """Of a layer that a dense one listens to.

    Args:
        met: float64 (cores of the listener, neurons): synapses of each neuron on each core.
        heard: float64 (kinds, neurons): which neurons a core hears, each different row once.
        kind: int64 (cores of the listener,): its row of `heard`.
        core: int64 (neurons,): the core that each neuron sends from.
    """

    met: np.ndarray
    heard: np.ndarray
    kind: np.ndarray
    core: np.ndarray

    def loads(self, spikes: np.ndarray) -> LayerLoads:
        flat = spikes.reshape(-1).astype(np.float64)
        synops = self.met @ flat
        sent = np.stack([np.bincount(self.core, row * flat, self.senders) for row in self.heard])
        out = np.bincount(self.core, flat, self.senders)
        return LayerLoads(synops, float(synops.sum()), out, sent[self.kind].reshape(-1))


@dataclass(frozen=True, eq=False)
class Traffic:
    """The maps of all layers of a placed network, and the way of every pair of cores.

    Args:
        sender, receiver: int64 (pairs of all layers,): cores of the network; the host is core -1.
        layer: int64 (pairs,): the layer that sends.
        way: float64 (3, pairs): hops along x, along y, borders between chips; 0 from the host, whose way is not known.
    """

    layers: tuple[LayerTraffic, ...]
    sender: np.ndarray
    receiver: np.ndarray
    layer: np.ndarray
    way: np.ndarray


def traffic(network: ChipNetwork, placement: Placement, profile: Profile) -> Traffic:
    """The maps of every layer's spikes, in the order of the layers; the last layer's spikes leave the chip.

    The placement must be whole (no layer without a place).
    """
    maps: list[LayerTraffic] = []
    for index, layer in enumerate(network.layers):
        shape, own = volume(layer.shape), placement.layers[index]
        edges = own.edges if own.edges is not None else _whole(shape)
        listener = network.layers[index + 1] if index + 1 < len(network.layers) else None
        if isinstance(listener, ConvLayer):
            maps.append(_convolution(shape, edges, listener, placement.layers[index + 1], profile))
        elif isinstance(listener, DenseLayer):
            maps.append(_dense(shape, edges, listener, placement.layers[index + 1]))
        else:
            nobody = np.zeros(0, np.int64)
            maps.append(LayerTraffic(shape, edges, nobody, nobody))
    return _joined(tuple(maps), placement)


def _whole(shape: tuple[int, int, int]) -> Edges:
    return np.array([0, shape[0]]), np.array([0, shape[1]]), np.array([0, shape[2]])


def _joined(maps: tuple[LayerTraffic, ...], placement: Placement) -> Traffic:
    senders, receivers = [], []
    for own, there, map_ in zip(placement.layers, placement.layers[1:], maps):
        senders.append(map_.sender + own.first if own.cores else np.full(len(map_.sender), -1))
        receivers.append(map_.receiver + there.first)
    nothing = np.zeros(0, np.int64)
    a, b = np.concatenate([nothing, *senders]), np.concatenate([nothing, *receivers])
    layer = np.repeat(np.arange(len(maps)), [len(map_.sender) for map_ in maps])
    way = np.zeros((HOPS, len(a)))
    p = placement.positions
    if p is not None and len(a):
        way = np.abs(np.stack([axis[a] - axis[b] for axis in (p.x, p.y, p.chip)])).astype(np.float64)
        way[:, a < 0] = 0.0
    return Traffic(maps, a, b, layer, way)


def _convolution(
    shape: tuple[int, int, int], edges: Edges, layer: ConvLayer, there: LayerPlacement, profile: Profile
) -> ConvTraffic:
    assert there.edges is not None
    grid = tuple(len(axis) - 1 for axis in there.edges)
    padded = profile.placement.padded_blocks and there.block[2] * grid[2] > layer.shape[2]
    member = _members(shape[:2], tuple(edges[0].tolist()), tuple(edges[1].tolist()))
    taps, rows = kernel_taps(layer, there.edges[0]), row_taps(layer, shape, there.edges[1])
    met = np.einsum("bcij,hiy->bhjcy", taps, rows.astype(np.int64))
    kernel = met.shape[2]
    parts = grid[0] * grid[1]
    met = met.reshape(parts, kernel, -1)
    exact = np.int64 if kernel <= BITS else object
    codes = ((met > 0) * np.array([1 << j for j in range(kernel)], dtype=exact)[:, None]).sum(axis=1)
    table = [member, met.reshape(parts * kernel, -1).astype(np.float64)]
    heard = []
    for code in sorted(set(codes.reshape(-1).tolist()) - {0}):
        chosen = (member[:, None, :] * (codes == code)).reshape(-1, codes.shape[1])
        used = np.flatnonzero(chosen.any(axis=1))
        table.append(chosen[used])
        heard.append((code, tuple(used.tolist())))
    after = column_map(
        shape[2],
        tuple(edges[2].tolist()),
        tuple(there.edges[2].tolist()),
        there.block[2] if padded else 0,
        (kernel, layer.stride[1], layer.padding[1], layer.dilation[1]),
        (len(member), parts),
        tuple(heard),
    )
    return ConvTraffic(shape, edges, after.sender, after.receiver, np.concatenate(table), after)


@lru_cache(maxsize=1024)
def _members(shape: tuple[int, int], channels: tuple[int, ...], rows: tuple[int, ...]) -> np.ndarray:
    """float64 (blocks of channels and rows, C * H): 1 where a source row belongs to a block."""
    blocks = []
    for c in range(len(channels) - 1):
        for h in range(len(rows) - 1):
            member = np.zeros(shape)
            member[channels[c] : channels[c + 1], rows[h] : rows[h + 1]] = 1.0
            blocks.append(member.reshape(-1))
    return np.stack(blocks)


def _dense(shape: tuple[int, int, int], edges: Edges, layer: DenseLayer, there: LayerPlacement) -> DenseTraffic:
    """A dense listener does not factor into rows and columns."""
    assert there.edges is not None
    met = np.add.reduceat(layer.weight != 0, there.edges[0][:-1], axis=0, dtype=np.int64)
    heard, kind = _different(met > 0)
    c, h, w = (np.repeat(np.arange(len(axis) - 1), np.diff(axis)) for axis in edges)
    rows, columns = len(edges[1]) - 1, len(edges[2]) - 1
    core = ((c[:, None, None] * rows + h[:, None]) * columns + w).reshape(-1)
    senders, receivers = (len(edges[0]) - 1) * rows * columns, len(met)
    sender = np.tile(np.arange(senders), receivers)
    receiver = np.repeat(np.arange(receivers), senders)
    return DenseTraffic(shape, edges, sender, receiver, met.astype(np.float64), heard.astype(np.float64), kind, core)


def _different(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each different row once, and which of them every row is (np.unique would sort them, which takes longer)."""
    numbers: dict[bytes, int] = {}
    kind = [numbers.setdefault(row.tobytes(), len(numbers)) for row in rows]
    return np.stack([np.frombuffer(row, bool) for row in numbers]), np.array(kind)
