"""Several searches beside each other: their winners, whether accuracies differ by more than noise, and their fronts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from autosnn_hw.documents.accuracy import best_known, differ, on_samples
from autosnn_hw.documents.searches.several_seeds import difference_of_means, over_seeds
from autosnn_hw.documents.searches.trade_off import priced_once_trained
from autosnn_hw.documents.searches.verdict import accuracy_of, total_energy
from autosnn_hw.pareto import pareto_front
from autosnn_hw.words.quantities import at, number

# What should be alike where winners are compared: (what, keys in summary.json, what it means where it is not)
SETTINGS = (
    ("dataset", ("dataset",), "accuracies are of other data, and no difference of them is judged"),
    ("target", ("target",), "energies and times are of other chips"),
    ("objective", ("objective",), "costs of the fronts are of other kinds"),
    ("lambda", ("lambda",), "the searches weighed accuracy and cost differently"),
    ("seed", ("seed",), "what differs holds the luck of training, too"),
    ("timesteps", ("timesteps",), "every count and energy is of a run of another length"),
    ("width", ("width",), "the networks have other sizes"),
    ("epochs of the super-network", ("supernet", "epochs"), "one was trained longer"),
    ("retraining", ("retrain",), "winners were made in other ways"),
)


def compare_runs(
    summaries: Sequence[Mapping[str, Any]], candidates: Sequence[Sequence[Mapping[str, Any]]], names: Sequence[str]
) -> dict[str, Any]:
    """JSON-able document of several finished searches.

    Args:
        summaries: summary.json of each; candidates: rows of its candidates.csv; names: of its folder.

    Returns:
        settings_that_differ: sentences; runs: [{"label", "run", "architecture", "target", "dataset", "samples", "accuracy" {value,
        low, high: Wilson 95 % on test samples}, "over_seeds" ({"seeds", "mean", "low", "high"} of the accuracy, None with one seed), "energy", "latency" (intervals of constants), "spikes", "cores", "tau", "low" and
        "high" of it, "evaluated", "wall_time"}]; pairs: every two [{"a", "b", "difference" (b - a), "noise": whether the intervals
        overlap, None where data differ or are unknown, "over_seeds": {"difference" of means, "noise"} where both have several, else
        None, "energy_ratio" b / a, None across targets}]; fronts: by label the best
        known accuracy against cost [{"architecture", "accuracy", "source", "cost"}].
    """
    labels = [ascii_lowercase[index] if index < 26 else str(index) for index in range(len(summaries))]
    runs = [_run(*entry) for entry in zip(labels, names, summaries)]
    return {
        "settings_that_differ": list(_settings(labels, summaries)),
        "runs": runs,
        "pairs": [_pair(a, b) for index, a in enumerate(runs) for b in runs[index + 1 :]],
        "fronts": {label: front_of(rows) for label, rows in zip(labels, candidates)},
    }


def front_of(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The front of the feasible candidates by the best accuracy and cost known, cheapest first."""
    priced = [priced_once_trained(candidate) for candidate in candidates]
    fit = [c for c in priced if c.get("feasible") and c.get("accuracy") is not None and c.get("cost") is not None]
    known = [best_known(c) for c in fit]
    front = [
        {"architecture": fit[i]["genotype"], "accuracy": known[i]["value"], "source": known[i]["source"], "cost": fit[i]["cost"]}
        for i in pareto_front([(one["value"], c["cost"]) for one, c in zip(known, fit)])
    ]  # fmt: skip
    return sorted(front, key=lambda point: (point["cost"], point["architecture"]))


def _settings(labels: Sequence[str], summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for what, keys, meaning in SETTINGS:
        values = [at(summary, *keys) for summary in summaries]
        if len({str(value) for value in values}) > 1:
            said = ", ".join(f"{label} {'unknown' if value is None else value}" for label, value in zip(labels, values))
            found.append(f"{what}: {said}; {meaning}.")
    return found


def _run(label: str, name: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    winner = summary.get("winner") or {}
    accuracy, samples = accuracy_of(winner.get("accuracy")), number(summary.get("test_samples"))
    return {
        "label": label,
        "run": name,
        "architecture": winner.get("architecture"),
        "target": summary.get("target"),
        "dataset": summary.get("dataset"),
        "objective": summary.get("objective"),
        "samples": samples,
        "accuracy": on_samples(accuracy, samples),
        "over_seeds": over_seeds(summary),
        "energy": total_energy(winner.get("energy")),
        "latency": winner.get("latency"),
        "spikes": number(winner.get("spikes"), "chip"),
        "cores": winner.get("cores"),
        **{key: at(summary, "ranking", key) for key in ("tau", "low", "high")},
        "evaluated": summary.get("evaluated"),
        "wall_time": summary.get("wall_time"),
    }


def _pair(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    first, second = a["accuracy"], b["accuracy"]
    known = first["value"] is not None and second["value"] is not None
    apart = differ(first, second) if known and a["dataset"] == b["dataset"] else None
    energies = number(a["energy"]), number(b["energy"])
    same = a["target"] == b["target"] and None not in energies and energies[0]
    return {
        "a": a["label"],
        "b": b["label"],
        "difference": second["value"] - first["value"] if known else None,
        "noise": None if apart is None else not apart,
        "over_seeds": difference_of_means(a["over_seeds"], b["over_seeds"], a["dataset"] == b["dataset"]),
        "energy_ratio": energies[1] / energies[0] if same else None,  # type: ignore[operator]
    }
