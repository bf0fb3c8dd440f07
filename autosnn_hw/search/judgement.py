"""How a search stands to its candidates: best known cost, fitness, feasibility, and the order that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autosnn_hw.architecture import Architecture
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking import fitness
from autosnn_hw.search.ranking.feedback import Measurement
from autosnn_hw.search.settings import SearchSettings


def judge(
    record: CandidateRecord,
    ratios: Mapping[str, Mapping[str, tuple[float, str]]],
    measurement: Measurement | None,
    mean_cost: float | None,
    settings: SearchSettings,
) -> CandidateRecord:
    """The record with the search's view of it: best known cost and its source, fitness, feasibility, measured values.

    Args:
        ratios: by objective, then genotype (`feedback.ratios`).
        mean_cost: None where it is not known yet, and so no fitness.
    """
    modelled = fitness.modelled_cost(record, settings.objective)
    ratio, source = ratios[settings.objective][record.genotype]
    cost = None if modelled is None else modelled * ratio
    value = None
    if record.priced and record.accuracy is not None and cost is not None and mean_cost is not None:
        value = fitness.fitness(record.accuracy, cost, mean_cost, settings.exponent)
    scale = {name: by_genotype[record.genotype][0] for name, by_genotype in ratios.items()}
    return replace(
        record,
        cost=cost,
        source=source,
        fitness=value,
        feasible=cost is not None and fitness.feasible(record, settings.constraints, scale),
        measured=None if measurement is None else measurement.known(),
    )


def rank(judged: Mapping[Architecture, CandidateRecord]) -> list[tuple[Architecture, CandidateRecord]]:
    """Feasible candidates, best first; equal fitness is ordered by the genotype's text, never by arrival."""
    feasible = [(a, r) for a, r in judged.items() if r.feasible and r.fitness is not None]
    return sorted(feasible, key=lambda pair: (-(pair[1].fitness or 0.0), str(pair[0])))
