"""Dynamic energy: events times the profile's constants."""

from __future__ import annotations

from collections.abc import Iterable

from autosnn_hw.cost.events import LayerEvents
from autosnn_hw.cost_report import ZERO, Interval
from hw_profiles.schema import EnergyConstant, Profile


def charges(events: LayerEvents, profile: Profile) -> list[tuple[str, EnergyConstant, float]]:
    """(part, constant, number of events) of one layer and inference; events without a constant are not charged."""
    energy = profile.energy
    synop = energy.synop_dense if events.dense and energy.synop_dense else energy.synop
    candidates = (
        ("synops", synop, events.synops),
        ("neuron_updates", energy.neuron_update, events.neuron_updates),
        ("neuron_updates", energy.neuron_active, events.neuron_active),
        ("spikes", energy.spike, events.spikes if events.cores else 0.0),
        ("messages", energy.message, events.messages),
        ("hops", energy.hop_x, events.hops[0]),
        ("hops", energy.hop_y, events.hops[1]),
        ("chip_links", energy.chip_link, events.hops[2]),
    )
    return [(part, constant, count) for part, constant, count in candidates if constant is not None]


def layer_energy(events: LayerEvents, profile: Profile) -> dict[str, Interval]:
    """Dynamic energy of one layer in J per inference, by part."""
    parts: dict[str, Interval] = {}
    for part, constant, count in charges(events, profile):
        parts[part] = parts.get(part, ZERO) + constant.interval * count
    return parts


def total(parts: Iterable[Interval]) -> Interval:
    """Sum of intervals, fully correlated: all low, or all high."""
    value = low = high = 0.0
    for part in parts:
        value, low, high = value + part.value, low + part.low, high + part.high
    return Interval(value, low, high)


def assumed(layers: Iterable[LayerEvents], profile: Profile) -> float:
    """Dynamic energy in J per inference that comes from constants of kind estimated."""
    return sum(
        constant.interval.value * count
        for events in layers
        for _, constant, count in charges(events, profile)
        if constant.kind == "estimated"
    )
