"""Axon types: a crossbar stores bits, and a neuron's weight belongs to the type of the axon that the spike comes in on.

A source neuron therefore needs one axon for every type that a neuron of the core reads it with. `assign_types` finds types
from the weights themselves (no metadata), as few per source as possible: channels that no neuron tells apart by magnitude
share a pair (+, -), so that a residual layer needs (conv +, conv -, shortcut +, shortcut -).
"""

from __future__ import annotations

import numpy as np


def assign_types(weight: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Give every synapse an axon type.

    Args:
        weight: int64 (C, Cin, kH, kW), zeros where there is no synapse.
        limit: axon types a core has.

    Returns:
        int8 (C, Cin, kH, kW): 0 for no synapse, else type + 1; and int64 (C, limit): weight of each type.

    Raises:
        ValueError: a neuron has more than `limit` different weights (`distinct_weights` tells how many).
    """
    flat = weight.reshape(len(weight), weight.shape[1], -1)
    found = _by_channel_class(flat, limit)
    types, table = found if found is not None else _by_value(flat, limit)
    return types.reshape(weight.shape), table


def distinct_weights(weight: np.ndarray) -> np.ndarray:
    """int64 (C,): how many different non-zero weights a neuron of each output channel has."""
    ordered = np.sort(weight.reshape(len(weight), -1), axis=1)
    new = np.ones(ordered.shape, bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return (new & (ordered != 0)).sum(axis=1)


def _extremes(flat: np.ndarray, axis: int | tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, bool]:
    """The positive and the negative value along `axis` (0 where none), and whether each is the only one."""
    big = np.int64(2**62)
    high, low = flat.max(axis=axis), flat.min(axis=axis)
    least = np.where(flat > 0, flat, big).min(axis=axis)
    most = np.where(flat < 0, flat, -big).max(axis=axis)
    unique = bool(((high <= 0) | (high == least)).all() and ((low >= 0) | (low == most)).all())
    return np.maximum(high, 0), np.minimum(low, 0), unique


def _by_channel_class(flat: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Types (class of the input channel, sign): one axon per source and sign. None where that takes more than `limit`."""
    outputs, inputs, _ = flat.shape
    plus, minus, single = _extremes(flat, (1, 2))
    classes = np.zeros(inputs, np.int64)
    values = [(plus, minus)]
    if not single:
        plus, minus, single = _extremes(flat, 2)
        if not single:
            return None
        coloured = _colour(plus, minus, limit)
        if coloured is None:
            return None
        classes, values = coloured
    types = np.zeros(flat.shape, np.int8)
    table = np.zeros((outputs, limit), np.int64)
    used = 0
    for index, pair in enumerate(values):
        members = flat * (classes == index)[None, :, None] if len(values) > 1 else flat
        for value, present in zip(pair, (members > 0, members < 0)):
            if not present.any():
                continue
            if used == limit:
                return None
            types[present] = used + 1
            table[:, used] = value
            used += 1
    return types, table


def _colour(
    plus: np.ndarray, minus: np.ndarray, limit: int
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]] | None:
    """First-fit classes of input channels; two channels differ where some output reads them with different magnitudes."""
    outputs, inputs = plus.shape
    classes = np.zeros(inputs, np.int64)
    values: list[tuple[np.ndarray, np.ndarray]] = []
    for channel in range(inputs):
        p, m = plus[:, channel], minus[:, channel]
        index = next((i for i, known in enumerate(values) if not _clash(p, m, known)), len(values))
        if index == limit:
            return None
        if index == len(values):
            values.append((np.zeros(outputs, np.int64), np.zeros(outputs, np.int64)))
        classes[channel] = index
        known_p, known_m = values[index]
        np.copyto(known_p, p, where=p != 0)
        np.copyto(known_m, m, where=m != 0)
    return classes, values


def _clash(plus: np.ndarray, minus: np.ndarray, known: tuple[np.ndarray, np.ndarray]) -> bool:
    pairs = zip((plus, minus), known)
    return any(bool(((new != 0) & (old != 0) & (new != old)).any()) for new, old in pairs)


def _by_value(flat: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Types by a neuron's own values: positives from type 0 up, negatives from the last type down."""
    types = np.zeros(flat.shape, np.int8)
    table = np.zeros((len(flat), limit), np.int64)
    for row, values in enumerate(flat):
        distinct = np.unique(values[values != 0])
        if len(distinct) > limit:
            raise ValueError(
                f"output channel {row} has {len(distinct)} different weights; {limit} axon types are there"
            )
        positive = distinct[distinct > 0][::-1]
        chosen = [(int(v), i) for i, v in enumerate(positive)]
        chosen += [(int(v), limit - 1 - i) for i, v in enumerate(distinct[distinct < 0])]
        for value, kind in chosen:
            types[row][values == value] = kind + 1
            table[row, kind] = value
    return types, table


def clusterings(groups: list[np.ndarray], most: int) -> list[list[np.ndarray]]:
    """Ways to share out output channels to cores: groups split into equal parts (in order or interleaved) or joined.

    Args:
        groups: what `components` found.
        most: channels that fit one core at best.
    """
    largest = max(len(group) for group in groups)
    sizes = {-(-largest // parts) for parts in range(1, min(largest, 64) + 1)}
    sizes |= {largest * joined for joined in range(1, len(groups) + 1)}
    ways, seen = [], set()
    for size in sorted(n for n in sizes if n <= most):
        for interleaved in (False, True):
            way = _share(groups, size, interleaved)
            key = tuple(tuple(part.tolist()) for part in way)
            if key not in seen:
                seen.add(key)
                ways.append(way)
    return ways


def _share(groups: list[np.ndarray], size: int, interleaved: bool) -> list[np.ndarray]:
    way: list[np.ndarray] = []
    room = 0
    for group in groups:
        if len(group) <= room:
            way[-1] = np.concatenate([way[-1], group])
            room -= len(group)
            continue
        parts = -(-len(group) // size)
        way += [group[i::parts] for i in range(parts)] if interleaved else np.array_split(group, parts)
        room = size - len(way[-1]) if parts == 1 else 0
    return way
