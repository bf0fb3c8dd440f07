"""Which point of a front which lambda chooses, and what networks cost once they are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, log
from statistics import median
from typing import Any

from autosnn_hw.words.quantities import at, number


def lambda_ranges(front: Sequence[tuple[float, float]]) -> list[tuple[float, float] | None]:
    """Of each point (accuracy, cost) the exponents, at most 0, at which its fitness accuracy x cost^lambda is the largest.

    The mean cost that a search divides by is the same for all and decides nothing. (low, high), low -inf for the cheapest; None
    for a point that no exponent chooses.
    """
    found: list[tuple[float, float] | None] = []
    for index, (accuracy, cost) in enumerate(front):
        low, high = -inf, 0.0
        if accuracy <= 0 or cost <= 0:
            found.append(None)
            continue
        for other, (their_accuracy, their_cost) in enumerate(front):
            if other == index or their_accuracy <= 0 or their_cost <= 0:
                continue
            gain, dearer = log(accuracy / their_accuracy), log(cost / their_cost)
            if dearer > 0:
                low = max(low, -gain / dearer)
            elif dearer < 0:
                high = min(high, -gain / dearer)
            elif gain < 0:
                high = -inf
        found.append((low, high) if low <= high and high > -inf else None)
    return found


def priced_once_trained(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """A row of candidates.csv with the best that is known of its costs in the place of what was searched: of a network that was
    made with its final weights its own, of others what those say of it, else the searched ones."""
    if candidate.get("final_cost") is None:
        return dict(candidate)
    names = ("cost", "energy", "energy_low", "energy_high", "latency", "cores", "feasible")
    final = {name: candidate.get(f"final_{name}") for name in names}
    return {**candidate, **{name: value for name, value in final.items() if value is not None}}


def energy_once_trained(
    finalists: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[str, Any]]
) -> dict[str, float] | None:
    """How many times the energy with the super-network's weights, which a search prices, finalists have with their own.

    Args:
        finalists: of summary.json; candidates: rows of candidates.csv.

    Returns:
        {"networks", "median", "least", "most"}, or None where no energy is known twice.
    """
    before = {row["genotype"]: number(row.get("energy")) for row in candidates}
    after = [(number(at(one, "energy", "value")), before.get(one.get("architecture"))) for one in finalists]
    times = [own / searched for own, searched in after if own and searched]
    if not times:
        return None
    return {"networks": len(times), "median": median(times), "least": min(times), "most": max(times)}
