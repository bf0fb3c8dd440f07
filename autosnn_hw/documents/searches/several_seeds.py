"""What other seeds of their final training say of winner and baselines: a sentence, and every network by its seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.documents.accuracy import differ
from autosnn_hw.words.quantities import at, percent


def seeds_sentence(summary: Mapping[str, Any]) -> str | None:
    """Mean accuracies over seeds of winner and baselines (`seeds` of each), which of the winner's was delivered, or None where there
    was one seed."""
    own = at(summary, "winner", "seeds")
    if not isinstance(own, Mapping):
        return None
    others = []
    for baseline in summary.get("baselines") or ():
        spread = baseline.get("seeds")
        if isinstance(spread, Mapping):
            noise = "" if differ(own, spread) else ", no difference beyond that noise"
            others.append(f"{baseline['name']} {_spread(spread)}{noise}")
    beside = f"; {'; '.join(others)}" if others else ""
    return (
        f"Over {len(own['accuracies'])} seeds of the final training, of one super-network (mean, 95 % of it): winner {_spread(own)}{beside}. "
        f"Delivered is the first, {percent(own['accuracies'][0])}."
    )


def over_seeds(summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """{"seeds", "mean", "low", "high"} of the winner's test accuracy over seeds of its final training, or None with one seed."""
    own = at(summary, "winner", "seeds")
    if not isinstance(own, Mapping):
        return None
    return {"seeds": len(own["accuracies"]), **{part: own[part] for part in ("mean", "low", "high")}}


def difference_of_means(
    a: Mapping[str, Any] | None, b: Mapping[str, Any] | None, same_data: bool
) -> dict[str, Any] | None:
    """How two `over_seeds` differ, b - a: {"difference", "noise"}; None where one is. noise is None where the data differ."""
    if a is None or b is None:
        return None
    return {"difference": b["mean"] - a["mean"], "noise": not differ(a, b) if same_data else None}


def _spread(spread: Mapping[str, Any]) -> str:
    return f"{percent(spread['mean'])} ({100 * spread['low']:.1f} to {100 * spread['high']:.1f})"


def by_seed(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Winner first, then the baselines that were made with several seeds; empty with one seed.

    Returns:
        [{"name", "accuracy" and "energy" {mean, low, high} over seeds, energy None where it is unknown, "networks": [{"seed" from 0,
        "accuracy", "validation", "energy", "spikes", "cores", "delivered"}]}]; energies are values of the cost model in J. Summaries from
        before the networks were kept have their accuracies alone.
    """
    entries = [("winner", summary.get("winner") or {}), *((b["name"], b) for b in summary.get("baselines") or ())]
    return [
        {
            "name": name,
            "accuracy": {part: spread[part] for part in ("mean", "low", "high")},
            "energy": spread.get("energy"),
            "networks": spread.get("networks") or _accuracies_alone(spread, name == "winner"),
        }
        for name, entry in entries
        if isinstance(spread := entry.get("seeds"), Mapping)
    ]


def _accuracies_alone(spread: Mapping[str, Any], delivered: bool) -> list[dict[str, Any]]:
    unknown = dict.fromkeys(("energy", "spikes", "cores"))
    validation = spread.get("validation") or [None] * len(spread["accuracies"])
    return [
        {"seed": seed, "accuracy": own, "validation": held_out, **unknown, "delivered": delivered and seed == 0}
        for seed, (own, held_out) in enumerate(zip(spread["accuracies"], validation))
    ]
