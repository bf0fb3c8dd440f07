"""What networks with their final weights say of all others' costs: training on makes them fire more, so that they take more.

A network that was made keeps its own costs. Those of the others are the searched ones times the geometric mean of what the made
ones' became: one factor for each quantity, because architectures of one run move alike and a few networks bear no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log
from typing import Any

from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.cost_report import Interval
from autosnn_hw.search.candidate import INTERVALS, CandidateRecord
from autosnn_hw.search.ranking.final_accuracy import CORRECTED, ENOUGH, INHERITED, MEASURED

Ratios = Mapping[str, float]  # final over searched value, by quantity: fields of a record, and roles of its spikes
SPIKES = "spikes "  # before a role


@dataclass(frozen=True)
class FinalCosts:
    """Costs of a run's candidates once they are trained on.

    Args:
        records: by genotype, the networks that were made, judged on the validation samples with their final weights.
        ratios: by genotype, what their costs became.
        enough: made networks from which on those that were not made are corrected.
    """

    records: Mapping[str, CandidateRecord] = field(default_factory=dict)
    ratios: Mapping[str, Ratios] = field(default_factory=dict)
    enough: int = ENOUGH

    def of(self, record: CandidateRecord, *, elsewhere: bool = False) -> tuple[CandidateRecord, str]:
        """A candidate with the best that is known of its costs, and how that is known: measured, corrected or inherited.

        Args:
            record: as searched; with `elsewhere` on another target than the run's, where no network was made, so that even
                those that were made are corrected: by what their own costs became.
        """
        own = self.records.get(record.genotype)
        if own is not None and not elsewhere:
            known = {name: getattr(own, name) for name in (*INTERVALS, "spikes", "synops", "cores", "violations")}
            return replace(record, **known), MEASURED
        ratios = self.ratios.get(record.genotype) or self.common
        return (scaled(record, ratios), CORRECTED) if ratios else (record, INHERITED)

    @cached_property
    def common(self) -> Ratios:
        """Geometric means of `ratios`; empty where fewer than `enough` networks were made."""
        if len(self.ratios) < self.enough:
            return {}
        names = set.intersection(*(set(ratios) for ratios in self.ratios.values()))
        return {
            name: exp(sum(log(ratios[name]) for ratios in self.ratios.values()) / len(self.ratios)) for name in names
        }

    def factor(self, objective: str) -> dict[str, float] | None:
        """{"value", "low", "high"}: what costs of those that were not made are multiplied by under an objective, and the least and
        the most that costs of those that were made became; None where nothing is multiplied."""
        if not self.common:
            return None
        unit: dict[str, Any] = {name: Interval(1.0, 1.0, 1.0) for name in INTERVALS}
        one = CandidateRecord("", spikes={"paper": 1.0}, synops=1.0, **unit)
        became = [OBJECTIVES[objective].of(scaled(one, ratios)) for ratios in (self.common, *self.ratios.values())]
        value, *each = (float(number or 0.0) for number in became)
        return {"value": value, "low": min(each), "high": max(each)}


def final_costs(
    records: Iterable[CandidateRecord], made: Mapping[str, CandidateRecord], enough: int = ENOUGH
) -> FinalCosts:
    """What is known of costs with final weights.

    Args:
        records: as the search judged them.
        made: by genotype, with their final weights; others than of `records`, and those without a price, are left out.
    """
    searched = {record.genotype: record for record in records if record.genotype in made and record.priced}
    kept = {genotype: made[genotype] for genotype in searched if made[genotype].priced}
    return FinalCosts(kept, {genotype: _became(searched[genotype], own) for genotype, own in kept.items()}, enough)


def scaled(record: CandidateRecord, ratios: Ratios) -> CandidateRecord:
    """The record with every quantity of `ratios` multiplied; `parts` stay what they were."""
    changed: dict[str, Any] = {}
    for name in INTERVALS:
        interval, ratio = getattr(record, name), ratios.get(name, 1.0)
        if interval is not None:
            changed[name] = Interval(interval.value * ratio, interval.low * ratio, interval.high * ratio)
    if record.spikes is not None:
        changed["spikes"] = {role: number * ratios.get(SPIKES + role, 1.0) for role, number in record.spikes.items()}
    if record.synops is not None:
        changed["synops"] = record.synops * ratios.get("synops", 1.0)
    return replace(record, **changed)


def _became(searched: CandidateRecord, final: CandidateRecord) -> dict[str, float]:
    """Ratios of everything that is above 0 in both."""
    before, after = _values(searched), _values(final)
    return {name: after[name] / value for name, value in before.items() if value > 0 and after.get(name, 0) > 0}


def _values(record: CandidateRecord) -> dict[str, float]:
    known = {name: interval.value for name in INTERVALS if (interval := getattr(record, name)) is not None}
    known |= {SPIKES + role: number for role, number in (record.spikes or {}).items()}
    return known if record.synops is None else known | {"synops": record.synops}
