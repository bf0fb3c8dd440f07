"""An accuracy with its interval, and whether two of them differ by more than noise."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


def wilson(correct: int, samples: int) -> dict[str, float | None]:
    """Accuracy with its Wilson 95 % interval [Wilson 1927]; nulls without samples."""
    if samples == 0:
        return {"value": None, "low": None, "high": None}
    p, z = correct / samples, Z_95
    centre = (p + z * z / (2 * samples)) / (1 + z * z / samples)
    half = z * sqrt(p * (1 - p) / samples + z * z / (4 * samples * samples)) / (1 + z * z / samples)
    return {"value": p, "low": min(p, max(0.0, centre - half)), "high": max(p, min(1.0, centre + half))}


def differ(a: Mapping[str, float | None], b: Mapping[str, float | None]) -> bool | None:
    """Whether two accuracies differ by more than noise: their intervals do not overlap. None where one is unknown."""
    if a["low"] is None or a["high"] is None or b["low"] is None or b["high"] is None:
        return None
    return a["high"] < b["low"] or b["high"] < a["low"]
