"""An accuracy with its interval, whether two of them differ by more than noise, and what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
ROUNDING = 1e-6
MOST_CLASSES = 100  # of a confusion matrix that a document holds


def wilson(correct: int, samples: int) -> dict[str, float | None]:
    """Accuracy with its Wilson 95 % interval [Wilson 1927]; nulls without samples."""
    if samples == 0:
        return {"value": None, "low": None, "high": None}
    p, z = correct / samples, Z_95
    centre = (p + z * z / (2 * samples)) / (1 + z * z / samples)
    half = z * sqrt(p * (1 - p) / samples + z * z / (4 * samples * samples)) / (1 + z * z / samples)
    return {"value": p, "low": min(p, max(0.0, centre - half)), "high": max(p, min(1.0, centre + half))}


def on_samples(accuracy: float | None, samples: float | None) -> dict[str, float | None]:
    """An accuracy that was measured on so many samples, with its Wilson 95 % interval; without that where samples are unknown."""
    if accuracy is None or not samples:
        return {"value": accuracy, "low": None, "high": None}
    return {**wilson(round(accuracy * samples), int(samples)), "value": accuracy}


def differ(a: Mapping[str, float | None], b: Mapping[str, float | None]) -> bool | None:
    """Whether two accuracies differ by more than noise: their intervals do not overlap. None where one is unknown."""
    if a["low"] is None or a["high"] is None or b["low"] is None or b["high"] is None:
        return None
    return a["high"] < b["low"] or b["high"] < a["low"]


def best_known(candidate: Mapping[str, Any], made: Mapping[str, float | None] | None = None) -> dict[str, Any]:
    """The best that is known of a candidate's accuracy on validation samples: measured with its final weights, else corrected by
    what others measured, else inherited.

    Args:
        candidate: a row of candidates.csv.
        made: by architecture, what finalists measured: it goes before what was written of a candidate.

    Returns:
        {"value", "low", "high" (95 %, None where it is inherited), "source": measured, corrected or inherited}; value None where
        nothing is known.
    """
    own = (made or {}).get(str(candidate.get("genotype")))
    value, deviation = candidate.get("final_accuracy"), candidate.get("final_accuracy_deviation")
    if own is not None and (value is None or abs(own - value) > ROUNDING):
        return {"value": own, "low": None, "high": None, "source": "measured"}
    if value is None:
        return {"value": candidate.get("accuracy"), "low": None, "high": None, "source": "inherited"}
    half = None if deviation is None else Z_95 * deviation
    return {
        "value": value,
        "low": None if half is None else max(0.0, value - half),
        "high": None if half is None else min(1.0, value + half),
        "source": candidate.get("accuracy_source") or "measured",
    }


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> list[list[int]] | None:
    """How many samples of class i (row) were taken for class j (column); None for more than `MOST_CLASSES` classes.

    Args:
        labels, predictions: int64 (samples,); a class beyond `classes` gets a row and column of its own.
    """
    if len(labels) and min(labels.min(), predictions.min()) < 0:
        return None
    size = max(classes, *(int(values.max()) + 1 for values in (labels, predictions) if len(values)), 1)
    if size > MOST_CLASSES:
        return None
    return np.bincount(labels * size + predictions, minlength=size * size).reshape(size, size).tolist()


def worst_errors(matrix: Sequence[Sequence[int]], most: int = 5) -> list[tuple[int, int, int, int]]:
    """(class, what it was taken for, how often, samples of the class) of the most frequent errors, most frequent first."""
    errors = [(i, j, n, sum(row)) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j and n]
    return sorted(errors, key=lambda error: (-error[2], error[:2]))[:most]
