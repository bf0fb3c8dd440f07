"""Which candidates of a whole space a page shows: those that matter, and so many others that the cloud keeps its shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from autosnn_hw.documents.accuracy import best_known
from autosnn_hw.documents.searches.trade_off import priced_once_trained
from autosnn_hw.pareto import pareto_front

MOST = 600  # more would make a page of several MB


def drawn(
    candidates: Sequence[Mapping[str, Any]], named: Collection[str | None] = (), most: int = MOST
) -> list[Mapping[str, Any]]:
    """At most about `most` candidates, in their order: those named, the front, the measured, the mean-cost sample, the fittest,
    and of the rest every k-th by cost. All of them where they are no more.

    Args:
        candidates: rows of candidates.csv.
        named: genotypes that the page names: the winner, finalists, baselines.
    """
    if len(candidates) <= most:
        return list(candidates)
    priced = [priced_once_trained(candidate) for candidate in candidates]
    fit = [c for c in priced if c.get("feasible") and c.get("accuracy") is not None and c.get("cost") is not None]
    kept = {fit[index]["genotype"] for index in pareto_front([(best_known(c)["value"], c["cost"]) for c in fit])}
    kept |= {c["genotype"] for c in candidates if c["genotype"] in named or _matters(c)}
    fittest = sorted(fit, key=lambda c: (-(c.get("fitness") or 0.0), c["genotype"]))
    kept |= {c["genotype"] for c in fittest[: max(0, most // 2 - len(kept))]}
    rest = sorted(
        (c for c in candidates if c["genotype"] not in kept), key=lambda c: (c.get("cost") or 0.0, c["genotype"])
    )
    room = max(0, most - len(kept))
    kept |= {rest[index * len(rest) // room]["genotype"] for index in range(room)}
    return [c for c in candidates if c["genotype"] in kept]


def _matters(candidate: Mapping[str, Any]) -> bool:
    """Whether anything was measured of it, or the mean cost counts it."""
    measured = candidate.get("measured_energy") is not None or candidate.get("accuracy_source") == "measured"
    return measured or (candidate.get("generation") or 0) < 0
