"""Who hears a spike: linear maps from the spikes of a layer's neurons to the load of the cores that send and receive them.

A convolution's map factors into (channel, row) and column: `rows` (r, C * H) times the spikes (C * H, W) gives a small
table, of which each load is a sparse sum. So a candidate is priced in less than a millisecond once it is placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autosnn_hw.cost.mesh import Positions
from autosnn_hw.cost.placement import Edges, LayerPlacement, Placement
from autosnn_hw.cost.reach import column_taps, kernel_taps, row_taps, volume
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer
from hw_profiles.schema import Profile

HOPS = 3  # hops along x, hops along y, borders between chips
DENSE = 1 << 15  # entries of a matrix that is multiplied faster than its sparse sums are added
SUMS = HOPS + 1  # and the operations of the layer itself, without those of padded blocks


@dataclass(frozen=True, eq=False)
class Loads:
    """What the spikes of one layer cause.

    Args:
        synops, messages_in: float64 (cores of the next layer,).
        spikes_out, messages_out: float64 (cores of this layer,); a layer without cores (frames, host) has one entry.
        hops: float64 (3,): hops along x, along y, borders between chips, summed over all messages.
        arrived: operations at the next layer's neurons; `synops` adds to more where blocks are padded.
    """

    synops: np.ndarray
    messages_in: np.ndarray
    spikes_out: np.ndarray
    messages_out: np.ndarray
    hops: np.ndarray
    arrived: float


@dataclass(frozen=True, eq=False)
class Traffic:
    """The map of one source layer: loads = sparse(out, index, weight) of (rows @ spikes)."""

    shape: tuple[int, int]
    rows: np.ndarray
    out: np.ndarray
    index: np.ndarray
    weight: np.ndarray
    senders: int
    receivers: int

    @cached_property
    def _size(self) -> int:
        return 2 * (self.senders + self.receivers) + SUMS

    @cached_property
    def _sums(self) -> np.ndarray | None:
        """The sparse sums as a matrix, where that is small enough to be faster."""
        if self._size * len(self.rows) * self.shape[1] > DENSE:
            return None
        matrix = np.zeros((self._size, len(self.rows) * self.shape[1]))
        np.add.at(matrix, (self.out, self.index), self.weight)
        return matrix

    def loads(self, spikes: np.ndarray) -> Loads:
        """Loads of spikes per neuron (any unit: per run, per inference, per step), shape of the source layer."""
        table = self.rows @ spikes.reshape(self.shape).astype(np.float64)
        if self._sums is not None:
            flat = self._sums @ table.reshape(-1)
        else:
            flat = np.bincount(self.out, self.weight * table.reshape(-1)[self.index], self._size)
        r, s = self.receivers, self.senders
        sent, last = 2 * r + s, 2 * (r + s)
        return Loads(flat[:r], flat[r : 2 * r], flat[2 * r : sent], flat[sent:last], flat[last:-1], float(flat[-1]))


def traffic(network: ChipNetwork, placement: Placement, profile: Profile) -> tuple[Traffic, ...]:
    """The map of every layer's spikes, in the order of the layers; the last layer's spikes leave the chip.

    The placement must be whole (no layer without a place).
    """
    maps = []
    for index, layer in enumerate(network.layers):
        own = placement.layers[index]
        if index + 1 == len(network.layers):
            maps.append(_build(_Entries(layer.shape, own, None, placement.positions)))
            continue
        listener, there = network.layers[index + 1], placement.layers[index + 1]
        entries = _Entries(layer.shape, own, there, placement.positions)
        if isinstance(listener, ConvLayer):
            _convolution(entries, listener, profile.placement.padded_blocks)
        else:
            assert isinstance(listener, DenseLayer)
            _dense(entries, listener)
        maps.append(_build(entries))
    return tuple(maps)


class _Entries:
    """Collects the rows and the sparse sums of one source layer's map."""

    def __init__(
        self, shape: tuple[int, ...], own: LayerPlacement, there: LayerPlacement | None, positions: Positions | None
    ) -> None:
        self.channels, self.height, self.width = volume(shape)
        self.own, self.there, self.positions = own, there, positions
        whole = tuple(np.array([0, n]) for n in (self.channels, self.height, self.width))
        self.edges: Edges = own.edges if own.edges is not None else (whole[0], whole[1], whole[2])
        self.senders = max(1, own.cores or 0)
        self.receivers = (there.cores or 0) if there else 0
        self.total = 2 * (self.senders + self.receivers) + HOPS
        self.rows: list[np.ndarray] = []
        self.sums: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        grid = tuple(len(axis) - 1 for axis in self.edges)
        self.core = np.arange(int(np.prod(grid))).reshape(grid)
        self.column_block = np.repeat(np.arange(grid[2]), np.diff(self.edges[2]))
        self.members: list[tuple[int, int, np.ndarray]] = []
        for c in range(grid[0]):
            for h in range(grid[1]):
                member = np.zeros((self.channels, self.height))
                member[self.edges[0][c] : self.edges[0][c + 1], self.edges[1][h] : self.edges[1][h + 1]] = 1.0
                self.members.append((c, h, member))
                self.add(2 * self.receivers + self.core[c, h][self.column_block], member, np.ones(self.width))

    def add(self, out: np.ndarray, row: np.ndarray, weight: np.ndarray) -> None:
        """One more row and, for each (entry of out, column), where the column's value of that row is added.

        out, weight: (W,) or (k, W); entries with weight 0 are left out.
        """
        at = len(self.rows) * self.width + np.broadcast_to(np.arange(self.width), out.shape)
        keep = weight != 0
        self.rows.append(row.reshape(-1))
        self.sums.append((out[keep], at[keep], weight[keep]))

    def distances(self, sender: np.ndarray, receiver: np.ndarray | int) -> np.ndarray:
        """Hops along x, along y and borders between chips from the sending cores (k,) to one or k cores: (3, k).

        Spikes of the host have no known way to go: 0.
        """
        if not self.own.cores or self.positions is None:
            return np.zeros((HOPS, len(sender)))
        p, a, b = self.positions, self.own.first + sender, self.there.first + receiver  # type: ignore[union-attr]
        return np.abs(np.stack([p.x[a] - p.x[b], p.y[a] - p.y[b], p.chip[a] - p.chip[b]])).astype(np.float64)


def _convolution(entries: _Entries, layer: ConvLayer, padded: bool) -> None:
    there = entries.there
    assert there is not None and there.edges is not None
    source = (entries.channels, entries.height, entries.width)
    grid = tuple(len(axis) - 1 for axis in there.edges)
    core = np.arange(int(np.prod(grid))).reshape(grid)
    columns = column_taps(layer, source, there.edges[2])
    computed = columns
    if padded and there.block[2] * grid[2] > layer.shape[2]:
        computed = column_taps(layer, source, np.arange(grid[2] + 1) * there.block[2])
    taps = kernel_taps(layer, there.edges[0])
    rows = row_taps(layer, source, there.edges[1])
    exact = np.int64 if columns.shape[1] < 63 else object
    codes = (columns * (1 << np.arange(columns.shape[1], dtype=exact))[None, :, None]).sum(axis=1)
    masks = sorted(set(codes.reshape(-1).tolist()) - {0})
    for c in range(grid[0]):
        for h in range(grid[1]):
            met = np.einsum("cij,iy->jcy", taps[c], rows[h].astype(np.int64)).astype(np.float64)
            for j in range(met.shape[0]):
                if met[j].any():
                    out = np.broadcast_to(core[c, h][:, None], (grid[2], entries.width))
                    whole = np.full((1, entries.width), entries.total)
                    weight = np.concatenate([computed[:, j], columns[:, j].sum(axis=0, keepdims=True)])
                    entries.add(np.concatenate([out, whole]), met[j], weight.astype(np.float64))
            for mask in masks:
                heard = sum(met[j] for j in range(met.shape[0]) if mask >> j & 1) > 0
                _messages(entries, core[c, h], codes == mask, heard)


def _messages(entries: _Entries, cores: np.ndarray, reached: np.ndarray, heard: np.ndarray) -> None:
    """Messages of the source neurons `heard` (C, H) in the columns that reach each column block: reached (blocks, W)."""
    for c, h, member in entries.members:
        row = heard * member
        if not row.any() or not reached.any():
            continue
        sender = entries.core[c, h][entries.column_block]
        blocks, columns = np.nonzero(reached)
        r, s = entries.receivers, entries.senders
        outs = [r + cores[blocks], 2 * r + s + sender[columns]]
        weights = [np.ones(len(blocks)), np.ones(len(blocks))]
        hops = entries.distances(sender[columns], cores[blocks])
        for way in range(HOPS):
            outs.append(np.full(len(blocks), 2 * (r + s) + way))
            weights.append(hops[way])
        at = len(entries.rows) * entries.width + np.tile(columns, len(outs))
        entries.rows.append(row.reshape(-1))
        weight = np.concatenate(weights)
        keep = weight != 0
        entries.sums.append((np.concatenate(outs)[keep], at[keep], weight[keep]))


def _dense(entries: _Entries, layer: DenseLayer) -> None:
    """A dense listener does not factor into rows and columns: every load is one row over all neurons of the source."""
    there = entries.there
    assert there is not None and there.edges is not None
    r, s = entries.receivers, entries.senders
    shape = (entries.channels, entries.height, entries.width)
    present = layer.weight != 0
    met = np.add.reduceat(present, there.edges[0][:-1], axis=0, dtype=np.int64).astype(np.float64)
    heard = met > 0
    sender = np.zeros(shape, np.int64)
    for c, h, member in entries.members:
        sender += (member[:, :, None] * entries.core[c, h][entries.column_block]).astype(np.int64)
    sender = sender.reshape(-1)
    total = np.zeros((2 * (r + s) + SUMS, present.shape[1]))
    total[:r], total[r : 2 * r] = met, heard
    total[2 * r + sender, np.arange(len(sender))] = 1.0
    total[2 * r + s + sender, np.arange(len(sender))] = heard.sum(axis=0)
    for block in range(r):
        total[-SUMS:-1] += heard[block] * entries.distances(sender, block)
    total[-1] = met.sum(axis=0)
    entries.rows, entries.sums, entries.width = list(total), [], 1
    entries.height, entries.channels = 1, present.shape[1]
    count = np.arange(len(total))
    entries.sums.append((count, count, np.ones(len(total))))


def _build(entries: _Entries) -> Traffic:
    out, index, weight = (np.concatenate(parts) for parts in zip(*entries.sums))
    shape = (entries.channels * entries.height, entries.width)
    return Traffic(shape, np.stack(entries.rows), out, index, weight, entries.senders, entries.receivers)
