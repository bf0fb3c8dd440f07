"""Any number of `simulate --json` documents beside each other: what was run alike, and each network against the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from string import ascii_lowercase
from typing import Any

from autosnn_hw.documents.accuracy import differ
from autosnn_hw.documents.searches.several_seeds import difference_of_means
from autosnn_hw.words.quantities import at, number

# What should be alike where numbers are compared, and what it means where it is not.
SETTINGS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("timesteps", ("network", "timesteps"), "every count and energy is of a run of another length"),
    ("dataset", ("dataset", "name"), "accuracy, spikes and energy are of other data"),
    ("split", ("dataset", "split"), "accuracy, spikes and energy are of other data"),
    ("samples", ("dataset", "samples"), "the means are of other samples"),
    ("tool version", ("tool", "version"), "what is counted may have changed between them"),
)


def overview(
    documents: Sequence[Mapping[str, Any]],
    files: Sequence[str],
    seeds: Sequence[Mapping[str, Any] | None] | None = None,
) -> dict[str, Any]:
    """JSON-able: the settings that differ, a row of figures a document, and each against the first.

    Args:
        seeds: `over_seeds` of each, where they are winners of searches.

    Returns:
        settings_that_differ: [{"what", "values" by label, "sentence"}], labels a, b, c, ..;
        networks: [{"label", "file", "target", "accuracy", "spikes", "energy", "latency", "cores", "over_seeds", ..}];
        against_first: [{"label", "accuracy": {"difference", "noise"}, "over_seeds": the same of means over seeds of the final training,
            or null where one has a single seed, "energy_ratio", "latency_ratio"}]. noise is true where the
            Wilson intervals overlap, null where the data differ or an accuracy is unknown. A ratio's low and high are those of
            all constants together at low or at high for one target, and the widest possible for two.
    """
    labels = [ascii_lowercase[index] if index < 26 else str(index) for index in range(len(documents))]
    spreads = seeds or [None] * len(documents)
    rows = [
        {**_row(label, file, document), "over_seeds": spread}
        for label, file, document, spread in zip(labels, files, documents, spreads)
    ]
    return {
        "settings_that_differ": _settings(labels, documents),
        "networks": rows,
        "against_first": [
            {"label": row["label"], **_against(documents[0], document, spreads[0], row["over_seeds"])}
            for row, document in list(zip(rows, documents))[1:]
        ],
    }


def _settings(labels: Sequence[str], documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for what, keys, meaning in SETTINGS:
        values = {label: at(document, *keys) for label, document in zip(labels, documents)}
        if len(set(values.values())) > 1:
            said = ", ".join(f"{label} {value}" for label, value in values.items())
            found.append({"what": what, "values": values, "sentence": f"{what}: {said}; {meaning}."})
    hashes: dict[str, set[str]] = {}
    for document in documents:
        hashes.setdefault(str(at(document, "target", "name")), set()).add(str(at(document, "target", "sha256")))
    for name in (name for name, known in hashes.items() if len(known) > 1):
        values = {label: at(document, "target", "sha256") for label, document in zip(labels, documents)}
        sentence = f"target: {name} had other constants in each; energy and time are of two profiles."
        found.append({"what": "target profile", "values": values, "sentence": sentence})
    return found


def _row(label: str, file: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": label,
        "file": file,
        "architecture": at(document, "network", "architecture"),
        "backend": at(document, "backend", "name"),
        "target": at(document, "target", "name"),
        "fits": document.get("fits"),
        **{what.replace(" ", "_"): at(document, *keys) for what, keys, _ in SETTINGS},
        "accuracy": document.get("accuracy"),
        "spikes": at(document, "spikes", "chip"),
        "energy": at(document, "energy", "total"),
        "latency": document.get("latency"),
        "cores": at(document, "cores", "used"),
    }


def _against(
    first: Mapping[str, Any],
    other: Mapping[str, Any],
    spread: Mapping[str, Any] | None,
    other_spread: Mapping[str, Any] | None,
) -> dict[str, Any]:
    a, b = first["accuracy"], other["accuracy"]
    known = number(a) is not None and number(b) is not None
    same_data = all(at(first, "dataset", key) == at(other, "dataset", key) for key in ("name", "split"))
    apart = differ(a, b) if known and same_data else None
    same_target = at(first, "target", "sha256") == at(other, "target", "sha256")
    return {
        "accuracy": {
            "difference": b["value"] - a["value"] if known else None,
            "noise": None if apart is None else not apart,
        },
        "over_seeds": difference_of_means(spread, other_spread, same_data),
        "energy_ratio": _ratio(at(first, "energy", "total"), at(other, "energy", "total"), same_target),
        "latency_ratio": _ratio(first.get("latency"), other.get("latency"), same_target),
    }


def _ratio(a: Any, b: Any, same_constants: bool) -> dict[str, float] | None:
    """b / a with the bounds that the constants allow; None where a side is unknown or 0, or no number holds it."""
    bounds = ("value", "low", "high")
    if (
        any(number(at(side, bound)) is None for side in (a, b) for bound in bounds)
        or min(a[bound] for bound in bounds) <= 0
    ):
        return None
    value = b["value"] / a["value"]
    ends = (
        [b["low"] / a["low"], b["high"] / a["high"]] if same_constants else [b["low"] / a["high"], b["high"] / a["low"]]
    )
    low, high = min(value, *ends), max(value, *ends)
    return {"value": value, "low": low, "high": high} if isfinite(high - low) else None
