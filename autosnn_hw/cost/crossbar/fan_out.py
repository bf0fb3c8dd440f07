"""Fan-out on a crossbar chip: a neuron drives one axon, so what must reach F axons needs F copies or a splitter.

A copy stands in the neuron's own core and costs its whole fan-in again; a splitter (an axon with F relaying neurons in a
core of its own) costs one event a destination and one tick. A boundary may use both: the smallest fan-outs are copied into
the slots that the cores have left, the others go through splitters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class FanOut:
    """How the neurons of one layer reach the axons of the next.

    Args:
        slots: int64 (N,), neurons of the layer's own cores that compute it: 1 and its copies, or one for each splitter it
            feeds.
        split: bool (N,), whether it goes through splitters.
        splitters: core of each splitter axon, packed: see `pack`.
    """

    slots: np.ndarray
    split: np.ndarray
    splitters: Splitters

    @property
    def ticks(self) -> int:
        """Ticks of the boundary: with any splitter 2, else 1."""
        return 2 if self.splitters.cores else 1


@dataclass(frozen=True, eq=False)
class Splitters:
    """Splitter axons of one boundary.

    Args:
        source: int64 (P,) neuron that feeds each, ascending within a core; load: int64 (P,) axons it reaches;
            core: int64 (P,) 0 .. cores - 1, ascending.
    """

    source: np.ndarray
    load: np.ndarray
    core: np.ndarray
    cores: int


_NONE = Splitters(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), 0)


def pack(source: np.ndarray, load: np.ndarray, neurons: int, axons: int) -> Splitters:
    """Put splitter axons into cores, largest first, each core filled before the next is begun.

    Args:
        source, load: int64 (P,); no load is above `neurons`.
    """
    if not len(load):
        return _NONE
    order = np.argsort(-load, kind="stable")
    values, first, left = (found.tolist() for found in np.unique(-load[order], return_index=True, return_counts=True))
    core_of = np.empty(len(load), np.int64)
    cores = 0
    while any(left):
        taken = _fill(values, left, neurons, axons)
        # The next cores are filled in the same way for as long as enough of every size is left.
        alike = min(left[i] // count for i, count in taken)
        for i, count in taken:
            begin, end = first[i], first[i] + alike * count
            core_of[begin:end] = cores + np.repeat(np.arange(alike), count)
            first[i], left[i] = end, left[i] - alike * count
        cores += alike
    by_core = np.lexsort((source[order], core_of))
    return Splitters(source[order][by_core], load[order][by_core], core_of[by_core], cores)


def _fill(values: list[int], left: list[int], neurons: int, axons: int) -> list[tuple[int, int]]:
    """(index of a load, how many) that go into the next core; `values` are the loads, negated and ascending."""
    taken = []
    for i, (value, count) in enumerate(zip(values, left)):
        take = min(count, neurons // -value, axons)
        if take:
            taken.append((i, take))
            neurons += take * value
            axons -= take
    return taken


def pieces(fan_out: np.ndarray, neurons: int) -> np.ndarray:
    """int64: slots of a neuron that goes through splitters; a splitter core reaches at most `neurons` axons."""
    return np.maximum(-(-fan_out // neurons), 1)


def smallest_split(fan_out: np.ndarray) -> int | None:
    """The smallest fan-out that needs more than a neuron; None where every neuron has one destination at most."""
    several = fan_out[fan_out > 1]
    return int(several.min()) if len(several) else None


def least_splitter_load(least: int | None, per_core_slots: np.ndarray, per_core_load: np.ndarray, neurons: int) -> int:
    """A bound from below on the splitter neurons of a placement.

    Args:
        least: `smallest_split` of the layer's neurons.
        per_core_slots: slots of each core when everything is split; per_core_load: sum of the fan-outs above 1.
    """
    if least is None:
        return 0
    saved = (neurons - per_core_slots) * least / (least - 1)
    return int(np.maximum(per_core_load - saved, 0).sum())


def choose(
    fan_out: np.ndarray, core_of: np.ndarray, cores: int, *, neurons: int, axons: int, copies: bool = True
) -> FanOut | None:
    """Copies, splitters or both by fewest splitter cores, ties by fewest copies; None where even one slot each is too much.

    Args:
        fan_out: int64 (N,) destinations of each neuron of the layer.
        core_of: int64 (N,) the core 0 .. cores - 1 it stands in.
        neurons, axons: of a core.
        copies: False to send everything above one destination through splitters.
    """
    base = pieces(fan_out, neurons)
    room = neurons - np.bincount(core_of, weights=base, minlength=cores).astype(np.int64)
    if (room < 0).any():
        return None
    several = np.flatnonzero(fan_out > 1)
    extra = (fan_out - base)[several]
    order = np.lexsort((fan_out[several], core_of[several]))
    cores_in_order = core_of[several][order]
    filled = np.cumsum(extra[order])
    begins = np.flatnonzero(np.r_[True, np.diff(cores_in_order) != 0]) if len(order) else order
    before = (
        np.repeat(filled[begins] - extra[order][begins], np.diff(np.r_[begins, len(order)])) if len(order) else filled
    )
    can_copy = several[order][(filled - before) <= room[cores_in_order]] if copies else several[:0]
    can_copy = can_copy[np.argsort(fan_out[can_copy], kind="stable")]
    copied, least = _fewest_copies(fan_out, base, several, can_copy, neurons, axons)
    split = np.zeros(len(fan_out), bool)
    split[several] = True
    split[can_copy[:copied]] = False
    splitters = _split(fan_out, split, neurons, axons)
    if splitters.cores > least and copied < len(can_copy):  # the loads do not pack: leave out all that can be copied
        fewer = split.copy()
        fewer[can_copy] = False
        packed = _split(fan_out, fewer, neurons, axons)
        if packed.cores < splitters.cores:
            split, splitters = fewer, packed
    return FanOut(np.where(split, base, np.maximum(fan_out, 1)), split, splitters)


def _fewest_copies(
    fan_out: np.ndarray, base: np.ndarray, several: np.ndarray, can_copy: np.ndarray, neurons: int, axons: int
) -> tuple[int, int]:
    """How many of `can_copy`, in order, are worth a copy: the fewest that save all the splitter cores that can be saved.
    And the splitter cores that are left, if their loads pack without a gap."""
    load = np.r_[0, np.cumsum(fan_out[can_copy])]
    sources = np.r_[0, np.cumsum(base[can_copy])]
    load, sources = fan_out[several].sum() - load, base[several].sum() - sources
    cores = np.maximum(-(-load // neurons), -(-sources // axons))
    return int(cores.argmin()), int(cores.min())


def _split(fan_out: np.ndarray, split: np.ndarray, neurons: int, axons: int) -> Splitters:
    source = np.flatnonzero(split)
    count = pieces(fan_out[source], neurons)
    load = np.full(int(count.sum()), neurons, np.int64)
    last = np.cumsum(count) - 1
    load[last] = fan_out[source] - (count - 1) * neurons
    return pack(np.repeat(source, count), load, neurons, axons)
