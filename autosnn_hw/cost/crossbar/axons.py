"""Axons of a tile: how many input neurons the neurons of a channel cluster x p rows x q columns read, type by type.

Exact for any kernel, stride, dilation and any zeros in it, without walking over neurons: along one axis an input position
is told apart only by the set of taps that carries it into a tile, and a kernel axis has few such sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from autosnn_hw.cost.crossbar.layer import CrossbarLayer
from autosnn_hw.network.connectivity import axis_taps, edges_of


@dataclass(frozen=True, eq=False)
class AxisTiles:
    """One axis cut into tiles of equal length (the last may be shorter).

    Args:
        taps: float32 (sets, kernel), the distinct sets of taps, 0 or 1.
        per_tile: float32 (tiles, sets), input positions of a tile that are read through exactly these taps.
        per_position: float32 (input size, sets), tiles that read an input position through exactly these taps.
        where: float32 (tiles, sets, input size), 1 where a tile reads an input position through exactly these taps.
    """

    taps: np.ndarray
    per_tile: np.ndarray
    per_position: np.ndarray
    where: np.ndarray


@lru_cache(maxsize=4096)
def axis_tiles(
    size_in: int, size_out: int, tile: int, kernel: int, stride: int, padding: int, dilation: int
) -> AxisTiles:
    """Cut an axis of `size_out` output positions into tiles of `tile`."""
    read = axis_taps(size_in, edges_of(size_out, tile), kernel, stride, padding, dilation).transpose(0, 2, 1)
    tiles = len(read)
    at_tile, at_position = np.nonzero(read.any(axis=2))
    sets, which = np.unique(read[at_tile, at_position], axis=0, return_inverse=True)
    which = which.reshape(-1)
    where = np.zeros((tiles, len(sets), size_in), np.float32)
    where[at_tile, which, at_position] = 1
    return AxisTiles(sets.astype(np.float32), where.sum(axis=2), where.sum(axis=0).T.copy(), where)


@dataclass(frozen=True, eq=False)
class ClusterTaps:
    """The synapses of every channel cluster: one kernel mask for each (cluster, axon type, input channel) that is used.

    Args:
        masks: float32 (M, kH, kW), 1 where some neuron of the cluster has a synapse there.
        cluster, channel: int64 (M,); sorted by cluster.
        starts: int64 (clusters with synapses,), where a cluster's masks begin; `owners` names those clusters.
    """

    masks: np.ndarray
    cluster: np.ndarray
    channel: np.ndarray
    starts: np.ndarray
    owners: np.ndarray


def cluster_taps(layer: CrossbarLayer, clusters: list[np.ndarray]) -> ClusterTaps:
    """Masks of all clusters."""
    masks, cluster, channel = [], [], []
    for index, members in enumerate(clusters):
        types = layer.types[members]
        for kind in range(1, int(types.max(initial=0)) + 1):
            used = (types == kind).any(axis=0)
            inputs = np.flatnonzero(used.any(axis=(1, 2)))
            masks.append(used[inputs])
            cluster.append(np.full(len(inputs), index))
            channel.append(inputs)
    if not masks:
        none = np.zeros(0, np.int64)
        return ClusterTaps(np.zeros((0, *layer.kernel), np.float32), none, none, none, none)
    owner = np.concatenate(cluster)
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(owner) else owner
    return ClusterTaps(np.concatenate(masks).astype(np.float32), owner, np.concatenate(channel), starts, owner[starts])


def tile_axes(layer: CrossbarLayer, tile: tuple[int, int]) -> tuple[AxisTiles, AxisTiles]:
    """Rows and columns of a layer cut into tiles of (p, q)."""
    rows, columns = (
        axis_tiles(
            layer.source_shape[1 + axis],
            layer.shape[1 + axis],
            tile[axis],
            layer.kernel[axis],
            layer.stride[axis],
            layer.padding[axis],
            layer.dilation[axis],
        )
        for axis in (0, 1)
    )
    return rows, columns


def _hits(taps: ClusterTaps, rows: AxisTiles, columns: AxisTiles) -> np.ndarray:
    """float32 (M, row sets, column sets): 1 where a mask reads an input position with these sets of taps."""
    by_row = np.matmul(rows.taps[None], taps.masks) > 0
    return (np.matmul(by_row.astype(np.float32), columns.taps.T[None]) > 0).astype(np.float32)


def axons(taps: ClusterTaps, rows: AxisTiles, columns: AxisTiles, clusters: int) -> np.ndarray:
    """int64 (clusters, row tiles, column tiles): axons of each core."""
    counts = np.zeros((clusters, len(rows.per_tile), len(columns.per_tile)), np.int64)
    if len(taps.masks):
        hits = np.add.reduceat(_hits(taps, rows, columns), taps.starts, axis=0)
        counts[taps.owners] = np.rint(rows.per_tile[None] @ hits @ columns.per_tile.T[None])
    return counts


def source_fan_out(layer: CrossbarLayer, taps: ClusterTaps, rows: AxisTiles, columns: AxisTiles) -> np.ndarray:
    """int64 (Cin, H, W): (core, axon) destinations of each neuron of the layer before."""
    hits = _hits(taps, rows, columns)
    per_channel = np.zeros((layer.source_shape[0], *hits.shape[1:]), np.float32)
    np.add.at(per_channel, taps.channel, hits)
    counts = rows.per_position[None] @ per_channel @ columns.per_position.T[None]
    return np.rint(counts).astype(np.int64)


def synapses_of_source(layer: CrossbarLayer, slots: np.ndarray) -> np.ndarray:
    """float64 (Cin, H, W): crossbar bits that one spike of each neuron of the layer before meets.

    Args:
        slots: (C, H, W) how many times each neuron of this layer stands on the chip (1 and its copies).
    """
    total = np.zeros(layer.source_shape, np.float64)
    slots = slots.astype(np.float64)
    for i in range(layer.kernel[0]):
        out_y, in_y = _aligned(layer, 0, i)
        for j in range(layer.kernel[1]):
            out_x, in_x = _aligned(layer, 1, j)
            present = (layer.types[:, :, i, j] != 0).astype(np.float64)
            if not present.any() or not len(out_y) or not len(out_x):
                continue
            seen = slots[:, out_y][:, :, out_x]
            total[:, in_y[:, None], in_x] += np.tensordot(present, seen, axes=(0, 0))
    return total


def received(layer: CrossbarLayer, spikes: np.ndarray) -> np.ndarray:
    """float64 (C, H, W): spikes that meet a synapse of each neuron, signs and weights aside.

    Args:
        spikes: (Cin, H, W) spikes of each neuron of the layer before.
    """
    total = np.zeros(layer.shape, np.float64)
    for i in range(layer.kernel[0]):
        out_y, in_y = _aligned(layer, 0, i)
        for j in range(layer.kernel[1]):
            out_x, in_x = _aligned(layer, 1, j)
            present = (layer.types[:, :, i, j] != 0).astype(np.float64)
            if not present.any() or not len(out_y) or not len(out_x):
                continue
            seen = spikes[:, in_y][:, :, in_x].astype(np.float64)
            total[:, out_y[:, None], out_x] += np.tensordot(present, seen, axes=(1, 0))
    return total


def axon_spikes(
    taps: ClusterTaps, rows: AxisTiles, columns: AxisTiles, clusters: int, spikes: np.ndarray
) -> np.ndarray:
    """float64 (clusters, row tiles, column tiles): spikes that arrive on the axons of each core.

    Args:
        spikes: (Cin, H, W) spikes of each neuron of the layer before.
    """
    tiles = (len(rows.where), len(columns.where))
    arriving = np.zeros((clusters, tiles[0] * tiles[1]))
    if not len(taps.masks):
        return arriving.reshape(clusters, *tiles)
    seen = np.einsum("try,cyx,usx->crstu", rows.where, spikes, columns.where, optimize=True)
    seen = seen.reshape(len(spikes), -1, tiles[0] * tiles[1])
    hits = _hits(taps, rows, columns).reshape(len(taps.masks), -1)
    by_channel = np.argsort(taps.channel, kind="stable")
    bounds = np.searchsorted(taps.channel[by_channel], np.arange(len(spikes) + 1))
    for channel, (begin, end) in enumerate(zip(bounds, bounds[1:])):
        masks = by_channel[begin:end]
        np.add.at(arriving, taps.cluster[masks], hits[masks] @ seen[channel])
    return arriving.reshape(clusters, *tiles)


def _aligned(layer: CrossbarLayer, axis: int, tap: int) -> tuple[np.ndarray, np.ndarray]:
    """Output positions along an axis whose `tap` falls inside the image, and the input positions it falls on."""
    out = np.arange(layer.shape[1 + axis])
    into = out * layer.stride[axis] + tap * layer.dilation[axis] - layer.padding[axis]
    inside = (into >= 0) & (into < layer.source_shape[1 + axis])
    return out[inside], into[inside]
