"""A finished search answered again: the ranking for another lambda, objective or limits, and the accuracy-cost front."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autosnn_hw.errors import InputError
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.fitness import Constraints, feasible, fitness, mean_cost, modelled_cost


def answer(
    records: Iterable[CandidateRecord],
    *,
    objective: str,
    lam: float,
    constraints: Constraints,
    top: int = 10,
    min_accuracy: float | None = None,
) -> dict[str, Any]:
    """JSON-able: the best candidates by fitness, and the front, of what a search has evaluated.

    Args:
        records: the search's candidates, of which those that were not priced or break a limit are left out.
        lam: exponent of the fitness, at most 0.
        min_accuracy: on validation samples, 0..1; what is below is left out.

    Raises:
        InputError: no candidate keeps the limits.
    """
    known = list(records)
    least = 0.0 if min_accuracy is None else min_accuracy
    fitting = [record for record in known if feasible(record, constraints) and (record.accuracy or 0.0) >= least]
    if not fitting:
        raise InputError(
            f"none of the {len(known)} candidates keeps these limits; loosen --max-energy, --max-latency, --max-cores or --min-accuracy."
        )
    mean = mean_cost(known, objective)
    rows = [_row(record, objective, lam, mean) for record in fitting]
    front = pareto_front([(row["accuracy"], row["cost"]) for row in rows])
    ranked = sorted(rows, key=lambda row: (-row["fitness"], row["architecture"]))
    return {
        "objective": objective,
        "lambda": lam,
        "mean_cost": mean,
        "candidates": len(known),
        "feasible": len(fitting),
        "best": ranked[:top],
        "front": [rows[index] for index in front],
    }


def _row(record: CandidateRecord, objective: str, lam: float, mean: float) -> dict[str, Any]:
    cost = modelled_cost(record, objective)
    assert cost is not None and record.accuracy is not None
    return {
        "architecture": record.genotype,
        "accuracy": record.accuracy,
        "cost": cost,
        "fitness": fitness(record.accuracy, cost, mean, lam),
        "energy": None if record.energy is None else record.energy.to_json(),
        "latency": None if record.latency is None else record.latency.to_json(),
        "cores": record.cores,
    }
