"""The objectives a search may minimise: what each is called, its unit, and where a candidate's record holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from autosnn_hw.cost_report import Interval


class Costs(Protocol):
    """What an objective is read from; all an inference, SI units, None where unknown.

    `spikes` has the keys paper, chip, own, relay, pool.
    """

    @property
    def fitness_energy(self) -> Interval | None: ...
    @property
    def dynamic(self) -> Interval | None: ...
    @property
    def edp(self) -> Interval | None: ...
    @property
    def latency(self) -> Interval | None: ...
    @property
    def spikes(self) -> Mapping[str, float] | None: ...
    @property
    def synops(self) -> float | None: ...


@dataclass(frozen=True)
class Objective:
    """One objective: its words, its unit ("" for a count) and its value in a candidate's costs."""

    words: str
    unit: str
    of: Callable[[Costs], float | None]


def _value(interval: Interval | None) -> float | None:
    return None if interval is None else interval.value


# "energy" is what the target charges for: static power of whole chips, or of the cores in use where its profile says so.
# "spikes" is AutoSNN's own counter (chip spikes without relays).
OBJECTIVES: Mapping[str, Objective] = {
    "energy": Objective("energy an inference", "J", lambda costs: _value(costs.fitness_energy)),
    "dynamic": Objective("dynamic energy an inference", "J", lambda costs: _value(costs.dynamic)),
    "edp": Objective("energy-delay product", "J s", lambda costs: _value(costs.edp)),
    "latency": Objective("latency", "s", lambda costs: _value(costs.latency)),
    "spikes": Objective(
        "spikes an inference", "", lambda costs: None if costs.spikes is None else costs.spikes["paper"]
    ),
    "synops": Objective("synaptic operations an inference", "", lambda costs: costs.synops),
}


def words_of(objective: str) -> str:
    """Words for an objective; one that is not known speaks for itself."""
    return OBJECTIVES[objective].words if objective in OBJECTIVES else objective


def unit_of(objective: str) -> str:
    """Unit of an objective, "" where it is a count or not known."""
    return OBJECTIVES[objective].unit if objective in OBJECTIVES else ""
