"""The `check --json` document: does a network fit a target, on which cores, and what would fix it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from autosnn_hw.cost_report import FitReport
from autosnn_hw.words.quantities import apart, count


def fit_document(report: FitReport) -> dict[str, Any]:
    """JSON-able document of `check FILE --target T --json`."""
    return {
        "target": report.target,
        "fits": report.fits,
        "violations": [
            {**violation, "remedies": list(broken.remedies)}
            for violation, broken in zip(violations(report), report.violations)
        ],
        "cores": {"used": report.cores_used, "available": report.cores_available, "chips": report.chips},
        "layers": [
            {
                "name": layer.name,
                "cores": layer.cores,
                "neurons_per_core": layer.neurons_per_core,
                "limits": [asdict(limit) for limit in layer.limits],
            }
            for layer in report.layers
        ],
        "notes": list(report.notes),
    }


def violations(report: FitReport) -> list[dict[str, Any]]:
    """The violations without their remedies, as the `simulate` document has them, too."""
    return [
        {name: value for name, value in asdict(violation).items() if name != "remedies"}
        for violation in report.violations
    ]


def fit_words(document: Mapping[str, Any]) -> tuple[str, str]:
    """("fits loihi1", ": 3 of 4,096 cores, 1 chip"): the answer, and what it takes, "" where no place was found."""
    cores = document["cores"]
    where = "" if cores["used"] is None else f": {count(cores['used'])} of {count(cores['available'])} cores"
    where += "" if cores["chips"] is None else f", {count(cores['chips'])} chip{'' if cores['chips'] == 1 else 's'}"
    return f"{'fits' if document['fits'] else 'does not fit'} {document['target']}", where


def violation_sentence(violation: Mapping[str, Any]) -> str:
    """A violation of a document in words, with digits enough to tell need and limit apart."""
    needed, limit = apart(violation["needed"], violation["limit"])
    return f"{violation['layer']}: {violation['resource']} {needed}, allowed {limit} [{violation['source']}]"
