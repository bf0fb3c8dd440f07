"""`CostReport` and `FitReport`: what a chip makes of a network. Every value with low and high, SI units, per inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Interval:
    """A value with the bounds that follow from its constants' intervals, all constants at low or at high together."""

    value: float
    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.value + other.value, self.low + other.low, self.high + other.high)

    def __mul__(self, other: Interval | float) -> Interval:
        """Product with a non-negative interval or number."""
        if isinstance(other, Interval):
            return Interval(self.value * other.value, self.low * other.low, self.high * other.high)
        return Interval(self.value * other, self.low * other, self.high * other)

    __rmul__ = __mul__

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


ZERO = Interval(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Influence:
    """What one constant of a profile does to the total energy.

    Args:
        name: as `Profile.constants` has it, "energy.synop"; constant: it, with value, low, high, unit, kind and source.
        energy: the total in J with this constant alone at its value, its low and its high.
    """

    name: str
    constant: Any
    energy: Interval


@dataclass(frozen=True)
class LayerCost:
    """Cost of one layer, per inference.

    Args:
        cores: cores the layer uses (a core shared with another layer counts for each); None where it cannot be placed.
        neuron_updates: neurons times steps; neuron_active: those of them that had something to do.
        energy: dynamic energy in J, all its parts together; energy_parts by event ("synops", "neuron_updates",
            "spikes", "messages", "hops", ..), empty where they were not asked for.
    """

    name: str
    cores: int | None
    spikes: float
    synops: float
    synops_dense: float
    neuron_updates: float
    messages: float
    energy: Interval
    energy_parts: Mapping[str, Interval] = field(default_factory=dict)
    neuron_active: float = 0.0


@dataclass(frozen=True)
class CoreCost:
    """Use and load of one core. Loads are means per step; `time` is its busy time per step in s."""

    index: int
    chip: int
    layer: str
    neurons: int
    synops: float
    neuron_updates: float
    spikes_out: float
    messages_in: float
    time: Interval
    utilisation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CostReport:
    """What a run costs on a target.

    Args:
        energy_total: dynamic + static in J at pipelined throughput (T steps); boundary in `not_counted`.
        latency: (T + layers) x time_per_step in s; throughput: inferences per s.
        fitness_energy: what a search minimises under the objective energy; energy_total except where a profile charges
            static power per used core.
        energy_parts: energy_dynamic by event, of all layers.
        assumed_share: part of energy_total that comes from constants of kind estimated, 0..1.
        constants: what each constant does to energy_total, the widest first.
        estimates: clearly labelled figures of other rules (45 nm synops-only, 8-bit ANN, ..), JSON-able.
    """

    target: str
    profile_sha256: str
    timesteps: int
    energy_total: Interval
    energy_dynamic: Interval
    energy_static: Interval
    energy_host: Interval | None
    fitness_energy: Interval
    time_per_step: Interval
    latency: Interval
    throughput: Interval
    edp: Interval
    assumed_share: float
    cores_used: int
    cores_available: int
    chips: int
    messages: float
    neuron_updates: float
    layers: tuple[LayerCost, ...]
    neuron_active: float = 0.0
    energy_parts: Mapping[str, Interval] = field(default_factory=dict)
    cores: tuple[CoreCost, ...] = ()
    not_counted: tuple[str, ...] = ()
    constants: tuple[Influence, ...] = ()
    estimates: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LimitUse:
    """How much of one limit a layer uses on its fullest core (or in all, for chip-wide limits)."""

    resource: str
    used: float
    limit: float
    unit: str
    source: str
    verified: bool


@dataclass(frozen=True)
class Violation:
    """A limit that a layer breaks: needed > limit always. Remedies are sentences, each re-checked before it is proposed."""

    layer: str
    resource: str
    needed: float
    limit: float
    source: str
    remedies: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True)
class LayerFit:
    """cores and neurons_per_core are None for a layer that cannot be placed."""

    name: str
    cores: int | None
    neurons_per_core: int | None
    limits: tuple[LimitUse, ...] = ()


@dataclass(frozen=True)
class FitReport:
    """Whether a network fits a target, on which cores, and what would make it fit."""

    target: str
    fits: bool
    cores_used: int | None
    cores_available: int
    chips: int | None
    layers: tuple[LayerFit, ...]
    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()
