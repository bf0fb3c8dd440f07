"""What the trade-off picker of a page offers: the front, each network with its command, and the lambdas that choose it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from math import ceil, inf
from typing import Any

from autosnn_hw.config.objectives import unit_of
from autosnn_hw.documents.accuracy import best_known
from autosnn_hw.documents.searches.trade_off import energy_once_trained, lambda_ranges, priced_once_trained
from autosnn_hw.pareto import pareto_front
from autosnn_hw.words import quantities as units

SEARCHED = "Costs are those with the super-network's weights; a network that is delivered is priced anew with its own"
FINAL = (
    "Costs of networks that were trained on are their own, those of the others what these say of them; a network that is delivered "
    "is priced anew with its own weights"
)


def choices(candidates: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], run: str) -> list[dict[str, Any]]:
    """What the trade-off picker offers, cheapest first: the front of the feasible candidates, as texts, each with its command and
    `range`, the exponents lambda that choose it (-inf as None), or None where none does: as `front --lambda` answers."""
    priced = [priced_once_trained(candidate) for candidate in candidates]
    fit = [c for c in priced if c.get("feasible") and c.get("accuracy") is not None and c.get("cost") is not None]
    made = {one["architecture"]: one.get("accuracy") for one in summary.get("finalists") or ()}
    best = [best_known(c, made) for c in fit]
    front = [(best[i], fit[i]) for i in pareto_front([(known["value"], c["cost"]) for known, c in zip(best, fit)])]
    front.sort(key=lambda point: (point[1]["cost"], point[1]["genotype"]))
    ranges = lambda_ranges([(known["value"], c["cost"]) for known, c in front])
    unit = unit_of(str(summary.get("objective")))
    return [
        {
            "architecture": c["genotype"],
            "accuracy": _said_of(c, known),
            "cost": units.quantity(c["cost"], unit),
            "command": shlex.join(["autosnn-hw", "front", run, "--deploy", c["genotype"], "--out", "deployed"]),
            "lambda": _said_of_range(within),
            "range": None if within is None else [None if end == -inf else end for end in within],
        }
        for (known, c), within in zip(front, ranges)
    ]


def least_lambda(summary: Mapping[str, Any], offered: Sequence[Mapping[str, Any]]) -> float:
    """Where the slider of lambda begins: so that every range of the picker is within its reach, in whole steps of 0.005."""
    ends = [1.1 * choice["range"][1] for choice in offered if choice["range"]]
    least = min([-0.5, 1.5 * float(summary.get("lambda") or 0), *ends])
    return -0.005 * ceil(-least / 0.005)


def said_of_prices(summary: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> str:
    """What the costs of the picker are, and how far those of the networks that were trained on are from what was searched."""
    said = FINAL if any(candidate.get("final_cost") is not None for candidate in candidates) else SEARCHED
    times = energy_once_trained(summary.get("finalists") or (), candidates)
    if times is None:
        return f"{said}."
    within = f" ({times['least']:.2f} to {times['most']:.2f})" if times["networks"] > 1 else ""
    of = f"the {times['networks']} finalists'" if times["networks"] > 1 else "the finalist's"
    return f"{said}: {of} energy became {times['median']:.2f} times that with the super-network's weights{within}."


def _said_of_range(within: tuple[float, float] | None) -> str:
    if within is None:
        return "No \u03bb chooses it: for each there is a better one"
    low, high = within
    if low == -inf:
        return f"Chosen for \u03bb below {high:.3f}" if high < 0 else "Chosen for every \u03bb"
    return f"Chosen for \u03bb from {low:.3f} to {high:.3f}"


def _said_of(candidate: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Accuracy with the super-network's weights and, where it is known or expected, with its own."""
    said = f"{units.percent(candidate['accuracy'])} with inherited weights"
    if known["source"] == "inherited":
        return said
    within = "" if known["low"] is None else f" (95 %: {units.percent_bounds(known)})"
    final = f"{units.percent(known['value'])}{within}"
    return (
        f"{said}, {final} measured once trained on"
        if known["source"] == "measured"
        else f"{said}, about {final} expected once trained on"
    )
