"""Where one layer stands: the channel clusters and the tile that take fewest cores, its splitters and its axons included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.crossbar.axon_types import clusterings
from autosnn_hw.cost.crossbar.axons import ClusterTaps, axons, cluster_taps, source_fan_out, tile_axes
from autosnn_hw.cost.crossbar.fan_out import FanOut, choose, least_splitter_load, pieces, smallest_split
from autosnn_hw.cost.crossbar.layer import CrossbarLayer, fan_in
from autosnn_hw.cost.crossbar.limits import CrossbarLimits
from autosnn_hw.network.connectivity import components


@dataclass(frozen=True, eq=False)
class TiledLayer:
    """A layer on its cores; core (cluster, row tile, column tile) comes in that order.

    Args:
        layer: what is placed.
        clusters: output channels of each cluster.
        tile: (rows, columns) of output positions of a core.
        axons: int64 (clusters, row tiles, column tiles), axons of each core.
        fan_out: int64 (C, H, W), axons of the next layer that each neuron must reach.
        reach: copies and splitters that carry the spikes there.
        source_fan_out: int64 (Cin, H, W), axons of this layer that each neuron of the layer before must reach.
    """

    layer: CrossbarLayer
    clusters: tuple[np.ndarray, ...]
    tile: tuple[int, int]
    axons: np.ndarray
    fan_out: np.ndarray
    reach: FanOut
    source_fan_out: np.ndarray

    @property
    def cores(self) -> int:
        """Cores of the layer's own neurons, splitters apart."""
        return int(self.axons.size)

    @property
    def copies(self) -> int:
        """Slots beyond one for each neuron."""
        return int(self.reach.slots.sum()) - self.layer.neurons

    @property
    def neurons(self) -> np.ndarray:
        """int64 (cores,): neurons of each core, copies included."""
        where = core_of(self.layer, self.clusters, self.tile)
        return np.bincount(where, weights=self.reach.slots, minlength=self.cores).astype(np.int64)


def core_of(layer: CrossbarLayer, clusters: tuple[np.ndarray, ...], tile: tuple[int, int]) -> np.ndarray:
    """int64 (neurons,): core of each neuron, neurons in C, H, W order."""
    channels, height, width = layer.shape
    cluster = np.empty(channels, np.int64)
    for index, members in enumerate(clusters):
        cluster[members] = index
    rows, columns = -(-height // tile[0]), -(-width // tile[1])
    y, x = np.arange(height) // tile[0], np.arange(width) // tile[1]
    return ((cluster[:, None, None] * rows + y[:, None]) * columns + x).reshape(-1)


@dataclass(frozen=True, eq=False)
class _Candidate:
    least_cost: float
    base_cost: float
    clusters: list[np.ndarray]
    taps: ClusterTaps
    tile: tuple[int, int]
    axons: np.ndarray


def place_layer(
    layer: CrossbarLayer,
    fan_out: np.ndarray,
    limits: CrossbarLimits,
    *,
    host_fed: bool = False,
    copies: bool = True,
    splitters: bool = True,
) -> TiledLayer | None:
    """Place a layer whose neurons must each reach `fan_out` axons.

    The cost is cores + splitter cores + axons / neurons of a core: every axon asks the layer before for one more neuron.
    Axons that the host feeds are free.

    Args:
        fan_out: int64 (C, H, W).
        host_fed: the layer before is the host.
        copies, splitters: False to do without.

    Returns:
        None where no core can hold even one neuron of the layer with its axons.
    """
    candidates = sorted(_candidates(layer, fan_out, limits, host_fed), key=lambda c: c.least_cost)
    best: tuple[tuple[float, float], _Candidate, FanOut] | None = None
    per_copy = np.repeat(fan_in(layer), layer.shape[1] * layer.shape[2])
    for candidate in candidates:
        if best is not None and candidate.least_cost > best[0][0]:
            break
        where = core_of(layer, tuple(candidate.clusters), candidate.tile)
        reach = choose(
            fan_out.reshape(-1), where, candidate.axons.size, neurons=limits.neurons, axons=limits.axons, copies=copies
        )
        if reach is None or (reach.splitters.cores and not splitters):
            continue
        events = float(reach.slots @ per_copy + reach.splitters.load.sum())
        key = (candidate.base_cost + reach.splitters.cores, events)
        if best is None or key < best[0]:
            best = (key, candidate, reach)
    if best is None:
        return None
    _, chosen, reach = best
    sources = source_fan_out(layer, chosen.taps, *tile_axes(layer, chosen.tile))
    return TiledLayer(layer, tuple(chosen.clusters), chosen.tile, chosen.axons, fan_out, reach, sources)


def _candidates(
    layer: CrossbarLayer, fan_out: np.ndarray, limits: CrossbarLimits, host_fed: bool
) -> Iterator[_Candidate]:
    groups = components((layer.types != 0).any(axis=(2, 3)))
    slots = pieces(fan_out, limits.neurons)
    load, least = np.where(fan_out > 1, fan_out, 0), smallest_split(fan_out)
    for clusters in clusterings(groups, limits.neurons):
        taps = cluster_taps(layer, clusters)
        order = np.concatenate(clusters)
        starts = np.cumsum([0] + [len(members) for members in clusters[:-1]])
        totals = [_totals(np.add.reduceat(values[order], starts, axis=0)) for values in (slots, load)]
        for tile, used in tilings(layer, clusters, taps, limits):
            per_core = [_tile_sums(total, tile) for total in totals]
            if per_core[0].max() > limits.neurons:
                continue
            base = used.size + (0 if host_fed else int(used.sum()) / limits.neurons)
            splitters = least_splitter_load(least, per_core[0], per_core[1], limits.neurons) / limits.neurons
            yield _Candidate(base + np.ceil(splitters), base, clusters, taps, tile, used)


def tilings(
    layer: CrossbarLayer, clusters: list[np.ndarray], taps: ClusterTaps, limits: CrossbarLimits
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Tiles whose neurons and axons fit a core, with the axons of each core."""
    largest = max(len(members) for members in clusters)
    for p in _lengths(layer.shape[1]):
        for q in _lengths(layer.shape[2]):
            if largest * p * q > limits.neurons:
                break
            used = axons(taps, *tile_axes(layer, (p, q)), len(clusters))
            if used.max() > limits.axons:
                break
            yield (p, q), used


def _lengths(size: int) -> list[int]:
    """Tile lengths that use a number of tiles fully: any other needs as many tiles with larger ones among them."""
    return sorted({-(-size // tiles) for tiles in range(1, size + 1)})


def _totals(values: np.ndarray) -> np.ndarray:
    """Sums over all that lies above and to the left, (clusters, H + 1, W + 1): of it any tile's sum is four values."""
    clusters, height, width = values.shape
    total = np.zeros((clusters, height + 1, width + 1), np.int64)
    np.cumsum(np.cumsum(values, axis=1), axis=2, out=total[:, 1:, 1:])
    return total


def _tile_sums(total: np.ndarray, tile: tuple[int, int]) -> np.ndarray:
    """Sums over tiles, (clusters, row tiles, column tiles)."""
    rows, columns = (np.append(np.arange(0, size - 1, step), size - 1) for size, step in zip(total.shape[1:], tile))
    corners = total[:, rows[:, None], columns]
    return np.diff(np.diff(corners, axis=1), axis=2)
