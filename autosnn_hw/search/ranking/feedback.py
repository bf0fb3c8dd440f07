"""What measurements say back to the search: a ratio estimator, and how well model and float proxy had ranked.

corrected cost = modelled cost on all validation samples x (measured / modelled cost on the samples measured).
In a simulator the spikes must be the exact simulator's, so the ratio is 1 and a difference is an error. On a board the ratio
is information. Energies: a factor for each part of the modelled energy is fitted as `calibrate` fits a chip's constants (same
least squares, the profile's intervals as priors and bounds). What the parts do not explain is carried to the others by a small
ridge regression of the logarithm of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, isfinite, log
from typing import Any

import numpy as np

from autosnn_hw.cost.calibration.least_squares import Equation, fit
from autosnn_hw.cost_report import Interval
from autosnn_hw.errors import RunError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.simulate.agreement import require_same_means

COUNTED = ("spikes", "spikes_chip", "synops")  # what a simulator must count exactly as we do
RIDGE = 1.0  # penalty on standardised features; one measurement then moves all candidates alike
FITTED = ("energy", "dynamic")  # objectives that are a sum of parts
# What a board may measure otherwise than the model; it counts spikes alike.
ON_CHIP = ("energy", "dynamic", "edp", "latency")
MEASURED_ERROR = 0.05  # relative, of a board's energy: as `calibrate` takes where nothing else is said
LEAVE_ONE_OUT = 3  # measurements needed before an error of the correction means anything


@dataclass(frozen=True)
class Measurement:
    """One candidate measured by Lava or a board, beside the model on the very same samples.

    Args:
        genotype: whom.
        generation: the generation it was measured in, and from whose end on it is known.
        backend: "lava" or "board".
        kind: "simulator" or "silicon".
        samples: how many samples were measured.
        measured, modelled: values by objective (`autosnn_hw.search.candidate.measured_values`) on those samples.
    """

    genotype: str
    generation: int
    backend: str
    kind: str
    samples: int
    measured: Mapping[str, float]
    modelled: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "measured": dict(self.measured), "modelled": dict(self.modelled)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Measurement:
        return cls(**{name: document[name] for name in cls.__dataclass_fields__})

    def known(self) -> dict[str, float]:
        """Measured values, and beside them what the model says of the same samples: `modelled_energy`, `samples`."""
        beside = {"modelled_energy": self.modelled["energy"]} if "energy" in self.modelled else {}
        return {**self.measured, **beside, "samples": float(self.samples)}

    def ratio(self, objective: str) -> float:
        """measured / modelled; 1 where the measurement does not hold the objective or the model says 0.

        Raises:
            RunError: the board sent a value that is no positive number.
        """
        measured, modelled = self.measured.get(objective), self.modelled.get(objective)
        if measured is None or not modelled:
            return 1.0
        if not isfinite(measured) or measured <= 0:
            raise RunError(
                f"candidate {self.genotype}: {self.backend} measured {objective} = {measured} where the model says {modelled:g}; "
                "a number above 0 is needed, so the measurement failed."
            )
        return measured / modelled


def require_equal(measurement: Measurement) -> None:
    """A simulator counts what the exact simulator counts, to the last spike.

    Raises:
        SpikesDifferError: it does not; names the candidate, the count and both values.
    """
    if measurement.kind != "simulator":
        return
    what = f"candidate {measurement.genotype}: {measurement.backend}"
    require_same_means(measurement.modelled, measurement.measured, COUNTED, what, measurement.samples)


def ratios(
    records: Sequence[CandidateRecord], measurements: Mapping[str, Measurement], objective: str
) -> dict[str, tuple[float, str]]:
    """Best known cost / modelled cost of each record, and where it is from ("modelled", "measured", "corrected")."""
    known = {record.genotype: record for record in records}
    measured = {genotype: m.ratio(objective) for genotype, m in measurements.items() if genotype in known}
    result = dict.fromkeys(known, (1.0, "modelled"))
    silicon = [genotype for genotype in measured if measurements[genotype].kind == "silicon"]
    if silicon and objective in ON_CHIP:
        others = [record for record in records if record.genotype not in measured and record.priced]
        teachers = [known[genotype] for genotype in silicon]
        predicted = _carry(teachers, [measured[genotype] for genotype in silicon], others, objective)
        result.update({record.genotype: (ratio, "corrected") for record, ratio in zip(others, predicted)})
    result.update({genotype: (ratio, "measured") for genotype, ratio in measured.items()})
    return result


def _features(records: Sequence[CandidateRecord], names: Sequence[str]) -> np.ndarray:
    """(records, 1 + parts): log of the modelled energy, and each part's share of it."""
    rows = []
    for record in records:
        total = sum(record.parts.values()) or 1.0
        rows.append([log(total), *(record.parts.get(name, 0.0) / total for name in names)])
    return np.asarray(rows, dtype=float).reshape(len(records), 1 + len(names))


def _explained(
    teachers: Sequence[CandidateRecord], known: Sequence[float], objective: str
) -> Callable[[CandidateRecord], float]:
    """Cost with fitted constants over modelled cost, of a record; 1 for objectives that are no sum of parts,
    and for a single measurement, which cannot tell one part from another."""
    chosen = [
        name for name in {name: None for t in teachers for name in t.parts} if objective == "energy" or name != "static"
    ]
    if objective not in FITTED or len(teachers) < 2:
        return lambda record: 1.0
    bounds = {name: pair for teacher in teachers for name, pair in teacher.part_bounds.items()}
    priors = {name: Interval(1.0, *bounds.get(name, (1.0, 1.0))) for name in chosen}

    def parts(record: CandidateRecord) -> dict[str, float]:
        return {name: record.parts.get(name, 0.0) for name in chosen}

    equations = []
    for teacher, ratio in zip(teachers, known):
        energies = parts(teacher)
        measured = ratio * sum(energies.values())
        if measured > 0:
            equations.append(Equation(teacher.genotype, objective, measured, MEASURED_ERROR * measured, energies))
    factors = {**dict.fromkeys(chosen, 1.0), **fit(equations, priors, chosen).values}

    def explained(record: CandidateRecord) -> float:
        energies = parts(record)
        total = sum(energies.values())
        return sum(factors[name] * energy for name, energy in energies.items()) / total if total > 0 else 1.0

    return explained


def _carry(
    teachers: Sequence[CandidateRecord], known: Sequence[float], others: Sequence[CandidateRecord], objective: str
) -> list[float]:
    """Ratios of `others`: what fitted constants say, times a ridge regression of the logarithm of what they leave on
    standardised features. Constants stay in their intervals, and what is left never leaves what was measured."""
    if not others:
        return []
    explained = _explained(teachers, known, objective)
    names = sorted({name for record in teachers for name in record.parts})
    x = _features(teachers, names)
    y = np.log(np.asarray(known, dtype=float)) - np.log([explained(record) for record in teachers])
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = np.inf  # a feature that never varied teaches nothing
    x = (x - mean) / spread
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    left = np.clip(y.mean() + (_features(others, names) - mean) / spread @ weights, y.min(), y.max())
    return [exp(value) * explained(record) for value, record in zip(left, others)]


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Kendall's tau-b of two rankings, or None where fewer than two values or only ties leave it undefined."""
    if len(first) < 2:
        return None
    from scipy.stats import kendalltau

    tau = float(kendalltau(first, second).statistic)
    return tau if isfinite(tau) else None


def relative_error(predicted: Sequence[float], measured: Sequence[float]) -> float | None:
    """Mean of |predicted - measured| / measured."""
    errors = [abs(p - m) / m for p, m in zip(predicted, measured) if m > 0]
    return sum(errors) / len(errors) if errors else None


def figures(records: Sequence[CandidateRecord], measurements: Mapping[str, Measurement]) -> dict[str, Any]:
    """How float proxy (before) and model (after) stand to the measured energy of the measured candidates.

    before: float super-network spikes, for the error scaled to the same mean; after: modelled energy on the same samples.
    `corrected`: leave-one-out error of the correction, for boards only. With a simulator the model's error is 0 by
    construction, so that the figures are a check, not information (`informative` false).
    """
    pairs = [
        (record, measurements[record.genotype])
        for record in records
        if record.genotype in measurements and "energy" in measurements[record.genotype].measured
    ]
    measured = [m.measured["energy"] for _, m in pairs]
    modelled = [m.modelled["energy"] for _, m in pairs]
    silicon = [(record, m) for record, m in pairs if m.kind == "silicon"]
    floats = [
        (record.supernet_spikes, m.measured["energy"]) for record, m in pairs if record.supernet_spikes is not None
    ]
    spikes, beside = [f for f, _ in floats], [m for _, m in floats]
    scale = sum(beside) / sum(spikes) if sum(spikes) > 0 else 0.0
    return {
        "kendall_tau_before": kendall_tau(spikes, beside),
        "kendall_tau_after": kendall_tau(modelled, measured),
        "relative_error_before": relative_error([scale * s for s in spikes], beside) if len(floats) > 1 else None,
        "relative_error_after": relative_error(modelled, measured),
        "relative_error_corrected": _leave_one_out(silicon),
        "measured": len(pairs),
        "informative": bool(silicon),
    }


def _leave_one_out(pairs: Sequence[tuple[CandidateRecord, Measurement]]) -> float | None:
    if len(pairs) < LEAVE_ONE_OUT:
        return None
    predicted = []
    for index, (record, measurement) in enumerate(pairs):
        rest = [pair for other, pair in enumerate(pairs) if other != index]
        ratio = _carry([r for r, _ in rest], [m.ratio("energy") for _, m in rest], [record], "energy")[0]
        predicted.append(ratio * measurement.modelled["energy"])
    return relative_error(predicted, [m.measured["energy"] for _, m in pairs])
