"""The fitness F = accuracy x (cost / mean cost)^lambda, its objectives and its hard constraints.

Source: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738), with the target's cost in the place of the number of spikes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.cost_report import Interval
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.words.quantities import quantity

LAMBDA = -0.08  # AutoSNN's main setting


def modelled_cost(record: CandidateRecord, objective: str) -> float | None:
    """Cost of a record under an objective as the model has it, or None where it is unknown.

    Raises:
        InputError: unknown objective.
    """
    if objective not in OBJECTIVES:
        raise InputError(f"unknown objective {objective!r}; known are {', '.join(OBJECTIVES)}.")
    return OBJECTIVES[objective].of(record)


def fitness(accuracy: float, cost: float, mean_cost: float, exponent: float = LAMBDA) -> float:
    """accuracy x (cost / mean_cost)^exponent; the mean cost scales all values alike and cannot change a ranking.

    A network of cost 0 does nothing at all: its fitness is 0, not infinite.

    Args:
        exponent: lambda, at most 0.
    """
    if cost <= 0:
        return 0.0
    return accuracy * (cost / mean_cost) ** exponent


def mean_cost(records: Iterable[CandidateRecord], objective: str) -> float:
    """Mean modelled cost of those records that have one, in the objective's unit.

    Raises:
        DoesNotFitError: none has a cost, so that the target can run none of them.
    """
    records = list(records)
    costs = [cost for cost in (modelled_cost(record, objective) for record in records) if cost is not None]
    if not costs or sum(costs) <= 0:
        reason = next((record.violation() for record in records if record.violations), None)
        raise DoesNotFitError(
            f"none of {len(records)} random architectures has a cost ({objective}) on this target"
            f"{'' if reason is None else f' (the first: {reason})'}; a smaller --width or another --target would work."
        )
    return sum(costs) / len(costs)


@dataclass(frozen=True)
class Constraints:
    """Hard limits of a search; None is no limit.

    Args:
        max_energy: J per inference, of the total.
        max_latency: s.
        max_cores: cores of the target.
    """

    max_energy: float | None = None
    max_latency: float | None = None
    max_cores: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_energy", "max_latency", "max_cores"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise InputError(f"--{name.replace('_', '-')} is {limit}; a number above 0 is needed.")

    def excesses(self, record: CandidateRecord, ratios: Mapping[str, float] | None = None) -> dict[str, float]:
        """By how much each limit is passed, as a part of the limit; above 0 is a violation. Empty where not priced.

        Args:
            ratios: best known cost / modelled cost by objective, where measurements say more than the model.
        """
        excesses = {"fits": _worst(record)}
        ratios = ratios or {}
        for name, limit, value in (
            ("max_energy", self.max_energy, _scaled(record.energy, ratios.get("energy"))),
            ("max_latency", self.max_latency, _scaled(record.latency, ratios.get("latency"))),
            ("max_cores", self.max_cores, record.cores),
        ):
            if limit is not None and value is not None:
                excesses[name] = value / limit - 1
        return excesses


UNITS = {"max_energy": "J", "max_latency": "s"}  # of limits


def in_words(limit: str, value: float) -> str:
    """A value that a limit is for, with its unit: `5.94 µJ`, `12 cores`."""
    return quantity(value, UNITS[limit]) if limit in UNITS else f"{value:g} cores"


def reach(records: Iterable[CandidateRecord], constraints: Constraints) -> str:
    """What candidates that fit their target take of everything that is limited, in words."""
    fitting = [record for record in records if feasible(record, Constraints())]
    if not fitting:
        return "none fits the target"
    values: dict[str, list[float]] = {
        "max_energy": [record.energy.value for record in fitting if record.energy is not None],
        "max_latency": [record.latency.value for record in fitting if record.latency is not None],
        "max_cores": [record.cores for record in fitting if record.cores is not None],
    }
    ranges = [
        f"{in_words(name, min(found))} to {in_words(name, max(found))} ({name.removeprefix('max_')})"
        for name, found in values.items()
        if found and getattr(constraints, name) is not None
    ]
    return f"those that fit the target take {' and '.join(ranges)}" if ranges else "all that fit the target are kept"


def _scaled(interval: Interval | None, ratio: float | None) -> float | None:
    return None if interval is None else interval.value * (1.0 if ratio is None else ratio)


def _worst(record: CandidateRecord) -> float:
    """-1 where the record fits its target, else the largest excess over a limit (what needs a limit of 0 counts as itself)."""
    if not record.violations:
        return -1.0
    return max(v["needed"] / v["limit"] - 1 if v["limit"] else float(v["needed"]) for v in record.violations)


def feasible(record: CandidateRecord, constraints: Constraints, ratios: Mapping[str, float] | None = None) -> bool:
    """True where the record was priced, fits the target and keeps every limit."""
    return record.priced and all(excess <= 0 for excess in constraints.excesses(record, ratios).values())
