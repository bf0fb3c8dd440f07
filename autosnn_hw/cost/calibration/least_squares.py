"""Constants fitted to measurements: bounded least squares, the constants' intervals as priors and as bounds.

Both `calibration` and the search's feedback fit with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost_report import Interval


@dataclass(frozen=True)
class Equation:
    """measured = sum of count x constant, with a standard error. `counts` are by constant's dotted name."""

    row: str
    quantity: str
    measured: float
    error: float
    counts: dict[str, float]

    def predict(self, values: dict[str, float]) -> float:
        return sum(count * values[name] for name, count in self.counts.items())


DETERMINED = 0.7  # posterior over prior standard deviation below which the data say something about a constant


@dataclass(frozen=True)
class Fit:
    """Constants that the data determine, in SI units.

    Args:
        values: fitted constants; sigma: their posterior standard deviations.
        informed: posterior over prior standard deviation of every constant that was free to begin with.
    """

    values: dict[str, float]
    sigma: dict[str, float]
    informed: dict[str, float]


def fit(equations: Sequence[Equation], known: Mapping[str, Interval], constants: Sequence[str]) -> Fit:
    """Fit `constants` to the equations, within their intervals.

    A constant's interval is taken as plus and minus two standard deviations of a normal prior, and as hard bounds. What the
    data do not determine (posterior deviation above 0.7 of the prior's) is put back to its value and left alone.

    Args:
        known: value and interval of every constant that an equation names.
        constants: those that may change.
    """
    free = [name for name in constants if known[name].high > known[name].low and known[name].value > 0]
    informed: dict[str, float] = {}
    while True:
        values, sigma, ratio = _solve(equations, known, free)
        informed = {**ratio, **{name: value for name, value in informed.items() if name not in ratio}}
        vague = [name for name in free if ratio[name] > DETERMINED]
        if not vague:
            return Fit(values, sigma, informed)
        free.remove(max(vague, key=lambda name: ratio[name]))


def _solve(
    equations: Sequence[Equation], known: Mapping[str, Interval], free: Sequence[str]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    if not free:
        return {}, {}, {}
    from scipy.optimize import lsq_linear  # slow to import, and only this needs it

    scale = np.array([known[name].value for name in free])
    spread = np.array([(known[name].high - known[name].low) / 4 for name in free]) / scale
    rows = np.array([[e.counts.get(name, 0.0) for name in free] for e in equations]) * scale
    fixed = [sum(n * known[name].value for name, n in e.counts.items() if name not in free) for e in equations]
    error = np.array([e.error for e in equations])
    matrix = np.vstack([rows / error[:, None], np.diag(1 / spread)])
    target = np.concatenate([(np.array([e.measured for e in equations]) - fixed) / error, 1 / spread])
    bounds = ([known[n].low / known[n].value for n in free], [known[n].high / known[n].value for n in free])
    solved = lsq_linear(matrix, target, bounds=bounds, method="bvls")
    sigma = np.sqrt(np.diag(np.linalg.inv(matrix.T @ matrix)))
    return (
        dict(zip(free, (solved.x * scale).tolist())),
        dict(zip(free, (sigma * scale).tolist())),
        dict(zip(free, (sigma / spread).tolist())),
    )
