"""A finished search answered again: ranking, accuracy-cost front and choice for another lambda, objective, target or limits.

The accuracy and the costs of a candidate are the best that is known of them: measured with its final weights, else corrected by
what others measured, else inherited. The word stands beside each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Any, NamedTuple

from autosnn_hw.config.objectives import unit_of
from autosnn_hw.errors import InputError
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking.final_accuracy import CORRECTED, INHERITED, MEASURED, AccuracyEstimate
from autosnn_hw.search.ranking.final_cost import FinalCosts
from autosnn_hw.search.ranking.fitness import Constraints, feasible, fitness, mean_cost, modelled_cost, reach
from autosnn_hw.search.runner import REFERENCE
from autosnn_hw.words.quantities import quantity

SOURCES = (MEASURED, CORRECTED, INHERITED)  # of an accuracy, and of costs, best known first
RULES = {
    "fittest": "the best fitness at the lambda asked for",
    "cheapest": "the cheapest that is accurate enough",
    "most accurate": "the most accurate within the limits",
    "knee": "the knee of the front: most accuracy for its cost",
}


class _Candidate(NamedTuple):
    """A candidate as it was searched, with the best that is known of its accuracy and of its costs."""

    searched: CandidateRecord
    accuracy: AccuracyEstimate
    priced: CandidateRecord
    cost_source: str


def answer(
    records: Iterable[CandidateRecord],
    *,
    objective: str,
    lam: float,
    constraints: Constraints,
    top: int = 10,
    min_accuracy: float | None = None,
    rule: str = "knee",
    known: Mapping[str, AccuracyEstimate] | None = None,
    final: FinalCosts | None = None,
    elsewhere: bool = False,
) -> dict[str, Any]:
    """JSON-able: the best candidates by fitness, the front, and one point of it, of what a search has evaluated.

    Args:
        records: the search's candidates, of which those that were not priced or break a limit are left out.
        lam: exponent of the fitness, at most 0.
        min_accuracy: on validation samples, 0..1; what is below is left out.
        rule: key of `RULES`, by which one is chosen.
        known: accuracies with final weights by genotype, where any were measured; of others it is the inherited one.
        final: costs with final weights, likewise; limits are kept by the best known ones. elsewhere: the records are of another
            target than `final`'s.

    Returns:
        {"objective", "lambda", "mean_cost", "candidates", "feasible", "accuracies": {"measured", "corrected", "inherited"} (how many
        of the feasible), "costs": the same of costs, with "factor" {"value", "low", "high"} by which corrected ones are the searched
        ones (`FinalCosts.factor`, or null), "best": rows, "front": rows by rising cost, "chosen": a row with "rule" and "because"}.
        A row is {"architecture", "accuracy" (0..1, the best known), "accuracy_source", "accuracy_low", "accuracy_high" (95 %, null
        where it is inherited), "inherited_accuracy", "cost", "cost_source", "inherited_cost", "fitness", "energy", "latency",
        "cores"}; all but what is called inherited is the best known.

    Raises:
        InputError: no candidate keeps the limits.
    """
    every, accuracies, costs = list(records), known or {}, final or FinalCosts()
    candidates = [
        _Candidate(record, _best(record, accuracies), *costs.of(record, elsewhere=elsewhere)) for record in every
    ]
    least = 0.0 if min_accuracy is None else min_accuracy
    fitting = [one for one in candidates if feasible(one.priced, constraints) and one.accuracy.accuracy >= least]
    if not fitting:
        raise InputError(
            f"none of the {len(every)} candidates keeps these limits{_reach(candidates, objective, constraints)}; "
            "loosen --max-energy, --max-latency, --max-cores or --min-accuracy."
        )
    # The search's own mean cost, where its random architectures are known, so that fitness can be compared.
    mean = mean_cost([r for r in every if r.generation == REFERENCE] or every, objective)
    rows = [_row(one, objective, lam, mean) for one in fitting]
    front = [rows[index] for index in pareto_front([(row["accuracy"], row["cost"]) for row in rows])]
    ranked = sorted(rows, key=lambda row: (-row["fitness"], row["architecture"]))
    return {
        "objective": objective,
        "lambda": lam,
        "mean_cost": mean,
        "candidates": len(every),
        "feasible": len(fitting),
        "accuracies": {word: sum(row["accuracy_source"] == word for row in rows) for word in SOURCES},
        "costs": {word: sum(row["cost_source"] == word for row in rows) for word in SOURCES}
        | {"factor": costs.factor(objective)},
        "best": ranked[:top],
        "front": front,
        "chosen": {**_chosen(rule, ranked, front), "rule": rule, "because": RULES[rule]},
    }


def rule_for(*, lam: float | None, min_accuracy: float | None, constraints: Constraints) -> str:
    """Which point of a front was asked for: by lambda, by an accuracy to reach, by limits to keep, or none: the knee."""
    if lam is not None:
        return "fittest"
    if min_accuracy is not None:
        return "cheapest"
    limited = any(getattr(constraints, name) is not None for name in ("max_energy", "max_latency", "max_cores"))
    return "most accurate" if limited else "knee"


def knee(points: Sequence[tuple[float, float]]) -> int:
    """Index of the point (accuracy, cost) of a front, by rising cost, that lies farthest above the line between its ends,
    cost on a logarithmic scale; the first of equal ones, and of fewer than three the last."""
    if len(points) < 3 or points[0][1] <= 0:
        return len(points) - 1
    (low, cheap), (high, dear) = points[0], points[-1]
    above = [
        (accuracy - low) / (high - low) - log(cost / cheap) / log(dear / cheap) for accuracy, cost in points
    ]  # by rising cost accuracy rises, too: neither is divided by 0
    return above.index(max(above))


def matrix(
    answers: Mapping[str, Mapping[str, Any]], records: Mapping[str, Mapping[str, CandidateRecord]], objective: str
) -> list[dict[str, Any]]:
    """JSON-able: the network chosen for each target, priced on every one.

    Args:
        answers: by target, what `answer` said.
        records: by target and genotype.
    """
    rows = []
    for target, found in answers.items():
        chosen = found["chosen"]
        priced = {other: _priced(known[chosen["architecture"]], objective) for other, known in records.items()}
        names = ("architecture", "accuracy", "accuracy_source", "accuracy_low", "accuracy_high")
        row = {"chosen_for": target, **{name: chosen[name] for name in names}}
        rows.append({**row, "priced_on": priced})
    return rows


def _chosen(rule: str, ranked: Sequence[Mapping[str, Any]], front: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if rule == "fittest":
        return ranked[0]
    if rule == "cheapest":
        return front[0]
    if rule == "most accurate":
        return front[-1]
    return front[knee([(row["accuracy"], row["cost"]) for row in front])]


def _best(record: CandidateRecord, known: Mapping[str, AccuracyEstimate]) -> AccuracyEstimate:
    """The best that is known of a record's accuracy."""
    return known.get(record.genotype) or AccuracyEstimate(record.accuracy or 0.0, None, INHERITED)


def _reach(candidates: Sequence[_Candidate], objective: str, constraints: Constraints) -> str:
    """What candidates that fit their target reach, in words; empty where none does."""
    fitting = [one for one in candidates if feasible(one.priced, Constraints())]
    if not fitting:
        return " (none fits the target)"
    accuracy = max(one.accuracy.accuracy for one in fitting)
    priced = [one.priced for one in fitting]
    least = quantity(min(modelled_cost(record, objective) or 0.0 for record in priced), unit_of(objective))
    costs = f"{objective} {least} at least"
    if any(limit is not None for limit in vars(constraints).values()):
        costs = reach(priced, constraints).removeprefix("those that fit the target ")
    return f" (those that fit reach {100 * accuracy:.1f} % accuracy, and {costs})"


def _row(one: _Candidate, objective: str, lam: float, mean: float) -> dict[str, Any]:
    record, best = one.priced, one.accuracy
    cost = modelled_cost(record, objective)
    assert cost is not None
    low, high = best.interval() or (None, None)
    return {
        "architecture": record.genotype,
        "accuracy": best.accuracy,
        "accuracy_source": best.source,
        "accuracy_low": low,
        "accuracy_high": high,
        "inherited_accuracy": record.accuracy,
        "cost": cost,
        "cost_source": one.cost_source,
        "inherited_cost": modelled_cost(one.searched, objective),
        "fitness": fitness(best.accuracy, cost, mean, lam),
        "energy": None if record.energy is None else record.energy.to_json(),
        "latency": None if record.latency is None else record.latency.to_json(),
        "cores": record.cores,
    }


def _priced(record: CandidateRecord, objective: str) -> dict[str, Any]:
    """What a record says of its target; None where it cannot be placed."""
    return {
        "fits": not record.violations,
        "violation": record.violation(),
        "cost": modelled_cost(record, objective),
        "energy": None if record.energy is None else record.energy.to_json(),
        "latency": None if record.latency is None else record.latency.to_json(),
        "cores": record.cores,
    }
