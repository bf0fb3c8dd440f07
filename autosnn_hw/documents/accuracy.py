"""An accuracy with its interval, and whether two of them differ by more than noise."""

from __future__ import annotations

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
