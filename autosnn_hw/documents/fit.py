"""The `check --json` document: does a network fit a target, on which cores, and what would fix it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autosnn_hw.cost_report import FitReport


def fit_document(report: FitReport) -> dict[str, Any]:
    """JSON-able document of `check FILE --target T --json`."""
    return {
        "target": report.target,
        "fits": report.fits,
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
        "violations": [{**asdict(violation), "remedies": list(violation.remedies)} for violation in report.violations],
        "notes": list(report.notes),
    }
