"""Dynamic energy: events times the profile's constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.events import LayerEvents
from autosnn_hw.cost_report import Interval
from hw_profiles.constants import EnergyConstant
from hw_profiles.schema import Profile


@dataclass(frozen=True)
class DynamicEnergy:
    """Dynamic energy of one inference in J.

    Args:
        layers: sum of each layer; sums: of all layers by event ("synops", "neuron_updates", "spikes", "messages", "hops",
            "chip_links"; an event without a constant is absent).
        constants: of all layers by constant ("energy.synop", ..).
        parts: by event of each layer; empty where they were not asked for.
        assumed: what comes from constants of kind estimated.
    """

    total: Interval
    layers: tuple[Interval, ...]
    sums: dict[str, Interval]
    constants: dict[str, Interval]
    parts: tuple[dict[str, Interval], ...]
    assumed: float


def dynamic_energy(layers: Sequence[LayerEvents], profile: Profile, *, by_layer: bool = True) -> DynamicEnergy:
    """Energy of the events of every layer; intervals are fully correlated: all constants low, or all high.

    Args:
        by_layer: fill `parts`, too.
    """
    charged = _charged(profile)
    dense = profile.energy.synop_dense is not None
    counts = np.array([_counts(events, dense) for events in layers])[:, charged.columns]
    joules = counts[:, :, None] * charged.bounds
    sums = joules.sum(axis=0)
    by_part = (charged.member @ joules).tolist() if by_layer else [[]] * len(layers)
    return DynamicEnergy(
        Interval(*sums.sum(axis=0).tolist()),
        tuple(Interval(*row) for row in joules.sum(axis=1).tolist()),
        {name: Interval(*row) for name, row in zip(charged.names, (charged.member @ sums).tolist())},
        {f"energy.{key}": Interval(*row) for key, row in zip(charged.keys, sums.tolist())},
        tuple({name: Interval(*row) for name, row in zip(charged.names, rows)} for rows in by_part),
        float(sums[charged.estimated, 0].sum()),
    )


class _Charged:
    """The constants of a profile as arrays: `columns` of `_counts`, `bounds` (constants, 3), `member` (parts, constants)."""

    def __init__(self, constants: list[tuple[str, str, EnergyConstant, int]]) -> None:
        self.columns = [column for _, _, _, column in constants]
        self.keys = [key for _, key, _, _ in constants]
        self.bounds = np.array([(c.interval.value, c.interval.low, c.interval.high) for _, _, c, _ in constants])
        self.names = list(dict.fromkeys(part for part, _, _, _ in constants))
        self.member = np.array([[part == name for part, _, _, _ in constants] for name in self.names], float)
        self.estimated = np.array([c.kind == "estimated" for _, _, c, _ in constants])


MOST_KNOWN = 64
_cache: dict[str, _Charged] = {}  # by the profile's hash


def _charged(profile: Profile) -> _Charged:
    if profile.sha256 not in _cache:
        if len(_cache) >= MOST_KNOWN:
            _cache.clear()
        _cache[profile.sha256] = _Charged(_constants(profile))
    return _cache[profile.sha256]


def _constants(profile: Profile) -> list[tuple[str, str, EnergyConstant, int]]:
    """(part, key, constant, column of `_counts`) of the events that the profile charges."""
    charged = (
        ("synops", "synop"),
        ("synops", "synop_dense"),
        ("neuron_updates", "neuron_update"),
        ("neuron_updates", "neuron_active"),
        ("spikes", "spike"),
        ("messages", "message"),
        ("hops", "hop_x"),
        ("hops", "hop_y"),
        ("chip_links", "chip_link"),
    )
    known = [(part, key, getattr(profile.energy, key), column) for column, (part, key) in enumerate(charged)]
    return [entry for entry in known if entry[2] is not None]


def _counts(events: LayerEvents, own_dense_constant: bool) -> tuple[float, ...]:
    dense = events.dense and own_dense_constant
    return (
        0.0 if dense else events.synops,
        events.synops if dense else 0.0,
        events.neuron_updates,
        events.neuron_active,
        events.spikes if events.cores else 0.0,
        events.messages,
        *events.hops,
    )
