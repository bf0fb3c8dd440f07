"""A table of the paper beside ours: means over seeds with intervals, the paper's numbers, and what of its orderings is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, log, sqrt
from typing import Any

import numpy as np

from autosnn_hw.architecture.published_results import published, settings
from autosnn_hw.documents.accuracy import wilson

COUNTS = ("spikes_float",)  # what is no share
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def table_document(made: Mapping[str, Any]) -> dict[str, Any]:
    """What `tables --json` prints: the rows that were made, with means, what the paper has for each, and its claims."""
    table, dataset = made["table"], made["settings"]["dataset"]
    rows = [{**row, **means(row["seeds"]), "published": published(table, dataset, row["name"])} for row in made["rows"]]
    document: dict[str, Any] = {
        **made,
        "rows": rows,
        "paper": settings(table, dataset) if any(r["published"] for r in rows) else None,
    }
    if table == "design":
        document["orderings"] = [entry for block in ("SCB_k3", "SRB_k3") for entry in orderings(rows, block)]
    if table == "spaces":
        document["distributions"] = distributions(rows)
    return document


def means(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Over seeds: accuracies, spikes and rate with 95 % intervals, chip spikes, energy (low and high: the target's constants), cores.

    What only a chip network has is over the seeds that have one; `lowered` is how many these are.
    """

    def over(name: str) -> dict[str, Any]:
        return interval([seed[name] for seed in seeds if seed[name] is not None], inf if name in COUNTS else 1.0)

    energies = [seed["energy"] for seed in seeds if seed["energy"] is not None]
    chip = [seed["spikes"]["chip"] for seed in seeds if seed["spikes"] is not None]
    found = {name: over(name) for name in ("accuracy_float", "accuracy", "spikes_float", "firing_rate")}
    for name in ("accuracy_float", "accuracy"):
        known = [seed for seed in seeds if seed[name] is not None]
        if len(known) == 1:
            found[name] = wilson(round(known[0][name] * known[0]["samples"]), known[0]["samples"])
    lowered = [seed for seed in seeds if not seed.get("not_lowered")]
    lava = [seed["lava"] for seed in (*lowered, *seeds) if seed["lava"] is not None]
    return {
        **found,
        "chip_spikes": interval(chip),
        "energy": {key: float(np.mean([e[key] for e in energies])) for key in ("value", "low", "high")}
        if energies
        else None,
        "cores": max((seed["cores"] for seed in seeds if seed["cores"] is not None), default=None),
        "fits": all(seed["fits"] for seed in lowered) if lowered else None,
        "lava": lava[0] if lava else None,
        "lowered": len(lowered),
        "not_lowered": next((seed["not_lowered"] for seed in seeds if seed.get("not_lowered")), None),
        "left_out": list(dict.fromkeys(choice for seed in seeds for choice in seed.get("left_out", []))),
        "silent": sorted({layer for seed in seeds for layer in seed["silent"]}),
    }


def interval(values: Sequence[float], most: float = inf) -> dict[str, float | None]:
    """Mean with the 95 % interval of Student's t over seeds, within 0 and `most`; low and high are None with fewer than two."""
    if len(values) < 2:
        return {"value": float(values[0]) if values else None, "low": None, "high": None}
    half = _t95(len(values) - 1) * float(np.std(values, ddof=1)) / sqrt(len(values))
    mean = float(np.mean(values))
    return {"value": mean, "low": max(0.0, mean - half), "high": min(most, mean + half)}


def difference(first: Sequence[float], second: Sequence[float]) -> dict[str, float | None]:
    """Mean of first minus mean of second with Welch's 95 % interval; low and high are None with fewer than two of either."""
    value = float(np.mean(first) - np.mean(second))
    if min(len(first), len(second)) < 2:
        return {"value": value, "low": None, "high": None}
    parts = [float(np.var(values, ddof=1)) / len(values) for values in (first, second)]
    if not sum(parts):
        return {"value": value, "low": value, "high": value}
    freedom = sum(parts) ** 2 / sum(part**2 / (len(v) - 1) for part, v in zip(parts, (first, second)))
    half = _t95(freedom) * sqrt(sum(parts))
    return {"value": value, "low": value - half, "high": value + half}


def _t95(freedom: float) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def orderings(rows: Sequence[Mapping[str, Any]], block: str) -> list[dict[str, Any]]:
    """The four claims of the paper's table of design choices for one block, each with ours and a verdict.

    Verdicts: "shown" or "refuted" where the 95 % interval lies on one side, else "open"; "not made" where a network is missing.
    """
    seeds = {row["name"]: row["seeds"] for row in rows}

    def accuracy(space: int) -> list[float]:
        return [seed["accuracy_float"] for seed in seeds[f"SNN_{space}_{block}"]]

    def spikes(space: int) -> list[float]:
        return [log(max(1.0, seed["spikes_float"])) for seed in seeds[f"SNN_{space}_{block}"]]

    def claim(
        text: str, kind: str, found: dict[str, float | None], least: float = 0.0, paper: float | None = None
    ) -> dict[str, Any]:
        low, high = found["low"], found["high"]
        verdict = (
            "open" if low is None or high is None else "shown" if low > least else "refuted" if high < least else "open"
        )
        if kind == "ratio":
            found = {name: None if value is None else exp(value) for name, value in found.items()}
        return {"claim": text, "block": block, "kind": kind, **found, "paper": paper, "verdict": verdict}

    if not all(seeds.get(f"SNN_{space}_{block}") for space in (1, 2, 3, 4)):
        return [{"claim": "all four macro-architectures", "block": block, "kind": "none", "value": None, "low": None, "high": None, "paper": None, "verdict": "not made"}]  # fmt: skip
    theirs = {space: published("design", "", f"SNN_{space}_{block}") or {} for space in (1, 2, 3, 4)}
    worst = min((1, 2, 3), key=lambda space: float(np.mean(accuracy(space))))
    fewest = min((2, 3, 4), key=lambda space: float(np.mean(spikes(space))))
    return [
        claim("GAP hurts: accuracy of SNN_1 - SNN_2", "points", difference(accuracy(1), accuracy(2)), paper=theirs[1]["accuracy"] - theirs[2]["accuracy"]),
        claim(f"max pooling has the fewest spikes: SNN_{fewest} / SNN_1", "ratio", difference(spikes(fewest), spikes(1)), paper=theirs[fewest]["spikes"] / theirs[1]["spikes"]),
        claim(f"average pooling is worst: accuracy of SNN_{worst} - SNN_4", "points", difference(accuracy(worst), accuracy(4)), paper=theirs[worst]["accuracy"] - theirs[4]["accuracy"]),
        claim("strided blocks cost spikes: SNN_3 / SNN_1", "ratio", difference(spikes(3), spikes(1)), paper=theirs[3]["spikes"] / theirs[1]["spikes"]),
    ]  # fmt: skip


def _quantiles(values: Sequence[float]) -> list[float] | None:
    """`QUANTILES` of values; None where there are none, as of integers where no network has any."""
    return [float(q) for q in np.quantile(values, QUANTILES)] if values else None


def distributions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the random architectures of each macro-architecture: number, and quantiles of accuracy and spikes."""
    found = []
    for space in dict.fromkeys(row["space"] for row in rows):
        seeds = [seed for row in rows if row["space"] == space for seed in row["seeds"]]
        if seeds:
            quantiles = {
                name: _quantiles([seed[name] for seed in seeds if seed[name] is not None])
                for name in ("accuracy_float", "accuracy", "spikes_float")
            }
            found.append({"space": space, "networks": len(seeds), "quantiles": list(QUANTILES), **quantiles})
    return found
