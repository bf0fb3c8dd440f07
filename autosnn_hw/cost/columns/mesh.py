"""Where on the mesh each core is: cores that talk to each other are kept near each other.

Start: the cores in the order of their layers along a snake through the tiles. Then swaps of two cores (or of a core and a
free slot near by), each the best there is for its core, until none helps. The traffic assumed is one spike of every neuron;
so the result depends on shapes alone, is the same every time, and is kept for the next network of the same shapes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from autosnn_hw.cost.placement import Edges, LayerPlacement, Positions
from autosnn_hw.network import ChipNetwork, ConvLayer
from autosnn_hw.network.connectivity import axis_taps
from hw_profiles.core_rules import Mesh
from hw_profiles.schema import Profile

SWEEPS = 8
MOST_CORES = 400  # more cores stay on the snake: the time of a sweep grows with the cube


def positions(network: ChipNetwork, layers: tuple[LayerPlacement, ...], profile: Profile) -> Positions:
    """Positions of all cores of a placed network, few hops between those that talk."""
    cores = sum(layer.cores or 0 for layer in layers)
    per_chip = profile.limits.cores_per_chip.value
    if cores < 3 or cores > MOST_CORES:
        return slots(np.arange(cores), profile.mesh, per_chip)
    pairs = tuple(_links(network, layers))
    chosen = _optimised(cores, pairs, profile.mesh, per_chip, border_hops(profile))
    return slots(np.array(chosen), profile.mesh, per_chip)


def border_hops(profile: Profile) -> float:
    """Hops that a message over the border between two chips is worth, by energy; 1 where the profile charges neither."""
    link, hop = profile.energy.chip_link, profile.energy.hop_x
    if link is None or hop is None or not hop.interval.value:
        return 1.0
    return link.interval.value / hop.interval.value


def slots(index: np.ndarray, mesh: Mesh, cores_per_chip: int) -> Positions:
    """Positions of the slots with these numbers: chip by chip, a snake through each chip's tiles."""
    chip, within = np.divmod(index, cores_per_chip)
    column, row = np.divmod(within // mesh.cores_per_tile, mesh.rows)
    row = np.where(column % 2 == 1, mesh.rows - 1 - row, row)
    return Positions(chip, chip * mesh.columns + column, row)


def row_major(cores: int, mesh: Mesh, cores_per_chip: int) -> Positions:
    """The simplest order, tile row after tile row: what the optimised one is measured against."""
    chip, within = np.divmod(np.arange(cores), cores_per_chip)
    row, column = np.divmod(within // mesh.cores_per_tile, mesh.columns)
    return Positions(chip, chip * mesh.columns + column, row)


def talk(network: ChipNetwork, layers: tuple[LayerPlacement, ...]) -> np.ndarray:
    """Messages from core to core if every neuron fires once: float64 (cores, cores)."""
    cores = sum(layer.cores or 0 for layer in layers)
    return _matrix(cores, tuple(_links(network, layers)))


def hops(talking: np.ndarray, where: Positions) -> float:
    """Hops of that traffic: messages times Manhattan distance in tiles."""
    return float((talking * _distance(where)).sum())


def _distance(where: Positions) -> np.ndarray:
    return np.abs(where.x[:, None] - where.x) + np.abs(where.y[:, None] - where.y).astype(np.float64)


Axis = tuple[tuple[int, ...], ...]
Link = tuple[int, int, Axis, Axis, Axis]


def _links(network: ChipNetwork, layers: tuple[LayerPlacement, ...]) -> list[Link]:
    """(first core of the sender, of the listener, and along C, H and W how many positions of a block reach a block)."""
    links = []
    for index in range(1, len(network.layers)):
        sender, listener = layers[index - 1], layers[index]
        if sender.edges is None or listener.edges is None:
            continue
        layer = network.layers[index]
        axes = _conv_axes(layer, network.layers[index - 1].shape, sender.edges, listener.edges)
        links.append((sender.first, listener.first, *axes))
    return links


def _conv_axes(layer: object, source: tuple[int, ...], sender: Edges, listener: Edges) -> tuple[Axis, Axis, Axis]:
    sizes = [np.diff(edges) for edges in sender]
    if not isinstance(layer, ConvLayer):
        parts = len(listener[0]) - 1
        return _axis(np.repeat(sizes[0][:, None], parts, 1)), _axis(sizes[1][:, None]), _axis(sizes[2][:, None])
    channels = np.repeat(sizes[0][:, None], len(listener[0]) - 1, 1)
    if layer.groups > 1:
        per_input, per_output = layer.weight.shape[1], layer.shape[0] // layer.groups
        group = np.arange(source[0]) // per_input * per_output
        meets = (group + per_output > listener[0][:-1, None]) & (group < listener[0][1:, None])
        channels = np.add.reduceat(meets, sender[0][:-1], axis=1, dtype=np.int64).T
    rows, columns = (
        _reach(
            source[1 + a],
            tuple(sender[1 + a].tolist()),
            tuple(listener[1 + a].tolist()),
            (layer.weight.shape[2 + a], layer.stride[a], layer.padding[a], layer.dilation[a]),
        )
        for a in (0, 1)
    )
    return _axis(channels), rows, columns


@lru_cache(maxsize=4096)
def _reach(size: int, sender: tuple[int, ...], listener: tuple[int, ...], kernel: tuple[int, int, int, int]) -> Axis:
    heard = axis_taps(size, np.array(listener), *kernel).any(axis=1)
    return _axis(np.add.reduceat(heard, np.array(sender[:-1]), axis=1, dtype=np.int64).T)


def _axis(counts: np.ndarray) -> Axis:
    return tuple(map(tuple, counts.tolist()))


def _matrix(cores: int, links: tuple[Link, ...]) -> np.ndarray:
    matrix = np.zeros((cores, cores))
    for sender, listener, *axes in links:
        block = _block(*axes)
        matrix[sender : sender + block.shape[0], listener : listener + block.shape[1]] = block
    return matrix


@lru_cache(maxsize=1024)
def _block(channels: Axis, rows: Axis, columns: Axis) -> np.ndarray:
    return np.kron(np.kron(np.array(channels), np.array(rows)), np.array(columns))


@lru_cache(maxsize=4096)
def _optimised(cores: int, links: tuple[Link, ...], mesh: Mesh, cores_per_chip: int, border: float) -> tuple[int, ...]:
    """Slot of each core. Free slots take part as cores that do not talk."""
    whole_chips = -(-cores // cores_per_chip) * cores_per_chip
    places = min(whole_chips, cores + 4 * mesh.cores_per_tile)
    talking = np.zeros((places, places))
    talking[:cores, :cores] = _matrix(cores, links)
    talking += talking.T
    where = slots(np.arange(places), mesh, cores_per_chip)
    near = _distance(where) + border * np.abs(where.chip[:, None] - where.chip)
    slot, stay = np.arange(places), talking @ near
    for _ in range(SWEEPS):
        if not _sweep(talking, near, stay, slot, cores):
            break
    return tuple(slot[:cores].tolist())


def _sweep(talking: np.ndarray, near: np.ndarray, stay: np.ndarray, slot: np.ndarray, cores: int) -> bool:
    """One best swap for each core that had one when the sweep began; True where any helped.

    `near` is the distance between the slots that cores stand in, stay[i, j] the way of core i's traffic if it stood where j
    stands; a swap changes two rows and columns of the first and adds an outer product to the second.
    """
    helped = False
    way = stay.diagonal()  # a view: it follows
    gains = way[:, None] + way - stay - stay.T - 2 * talking * near
    np.fill_diagonal(gains, 0.0)
    for i in np.flatnonzero(gains[:cores].max(axis=1) > 1e-9).tolist():
        gain = way + (way[i] - stay[i]) - stay[:, i] - 2 * talking[i] * near[i]
        gain[i] = 0.0
        best = int(gain.argmax())
        if gain[best] > 1e-9:
            change = talking[best] - talking[i]  # few cores talk to either
            rows = np.flatnonzero(change)
            stay[rows] += change[rows, None] * (near[i] - near[best])
            for array in (slot, near, near.T, stay.T):
                array[[i, best]] = array[[best, i]]
            helped = True
    return helped
