"""What networks with their final weights say of all others: a small regression, with its uncertainty, that chooses who is measured next.

Gaussian process with a linear kernel on the searched accuracy and the logarithm of the cost, and one on the blocks that two
genotypes have in common (Rasmussen and Williams 2006, chapters 2 and 5): the Bayesian form of a ridge regression on one-hot
genotypes. The noise is that of a share of so many validation images. A network that was measured keeps its own accuracy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from autosnn_hw.architecture import words
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking.fitness import fitness

MEASURED, CORRECTED, INHERITED = "measured", "corrected", "inherited"
ENOUGH = 4  # measured networks below which nothing is carried to others
LEVEL = 0.1  # standard deviation of the common level of accuracy
SLOPE = 0.5  # of final over searched accuracy
COST_SLOPE = 0.005  # of accuracy over the logarithm of the cost
BLOCKS = (0.0, 0.0025, 0.005, 0.01, 0.02, 0.04)  # candidates for what the blocks explain; the likelihood chooses
LEAST_NOISE = 1e-3  # standard deviation: a network that gets every image right is not known exactly


@dataclass(frozen=True)
class AccuracyEstimate:
    """Accuracy of a candidate with its final weights, 0..1.

    Args:
        accuracy: best knowledge of it.
        deviation: its standard deviation; None where nothing is known of it.
        source: `INHERITED` (as the search judged it), `CORRECTED` (carried over from others) or `MEASURED`.
    """

    accuracy: float
    deviation: float | None
    source: str

    def interval(self) -> tuple[float, float] | None:
        """Within which it is with 95 %, as a normal distribution cut at 0 and 1; None where nothing is known of it."""
        if self.deviation is None:
            return None
        reach = NormalDist().inv_cdf(0.975) * self.deviation
        return max(0.0, self.accuracy - reach), min(1.0, self.accuracy + reach)


def estimates(
    records: Sequence[CandidateRecord], measured: Mapping[str, float], samples: int, costs: Mapping[str, float]
) -> dict[str, AccuracyEstimate]:
    """Estimates of all records that were priced, by genotype.

    Args:
        records: as the search judged them.
        measured: accuracy with final weights by genotype, on the validation samples; others than of `records` are left out.
        samples: how many validation samples that were.
        costs: of all records, in the objective's unit.
    """
    known = [record for record in records if record.accuracy is not None and costs.get(record.genotype, 0) > 0]
    teachers = [index for index, record in enumerate(known) if record.genotype in measured]
    if len(teachers) < ENOUGH:
        return {record.genotype: _alone(record, measured, samples) for record in known}
    accuracy = np.array([record.accuracy for record in known], float)
    cost = np.log([costs[record.genotype] for record in known])
    y = np.array([measured[known[index].genotype] for index in teachers])
    noise = np.array([_variance(value, samples) for value in y])
    linear, blocks = _kernels(accuracy, cost, [words(record.genotype) for record in known], teachers)
    centred = y - y.mean()
    chosen = max(BLOCKS, key=lambda scale: _likelihood((linear + scale**2 * blocks)[teachers], noise, centred))
    kernel = linear + chosen**2 * blocks
    gain = np.linalg.solve(kernel[teachers] + np.diag(noise), kernel.T).T
    mean = np.clip(y.mean() + gain @ centred, 0, 1)
    prior = _prior(accuracy, cost, teachers) + chosen**2
    deviation = np.sqrt(np.clip(prior - (gain * kernel).sum(axis=1), 0, None))
    return {
        record.genotype: _alone(record, measured, samples)
        if record.genotype in measured
        else AccuracyEstimate(float(value), float(spread), CORRECTED)
        for record, value, spread in zip(known, mean, deviation)
    }


def promising(
    known: Mapping[str, AccuracyEstimate],
    costs: Mapping[str, float],
    exponent: float,
    count: int,
    without: Collection[str],
) -> list[str]:
    """Genotypes that are measured next, best first: those whose fitness would be best were they better than estimated by one
    standard deviation (an upper confidence bound), ties by the genotype's text.

    Args:
        known: of those that may be chosen.
        costs: by genotype.
        exponent: lambda of the fitness.
        without: genotypes that are not chosen.
    """

    def bound(genotype: str) -> float:
        estimate = known[genotype]
        return fitness(estimate.accuracy + (estimate.deviation or 0.0), costs[genotype], 1.0, exponent)

    left = [genotype for genotype in known if genotype not in without and costs.get(genotype, 0) > 0]
    return sorted(left, key=lambda genotype: (-bound(genotype), genotype))[:count]


def _alone(record: CandidateRecord, measured: Mapping[str, float], samples: int) -> AccuracyEstimate:
    value = measured.get(record.genotype)
    if value is None:
        return AccuracyEstimate(float(record.accuracy or 0.0), None, INHERITED)
    return AccuracyEstimate(value, _variance(value, samples) ** 0.5, MEASURED)


def _variance(share: float, samples: int) -> float:
    """Of a share of samples, never of one that is certain."""
    certain = (share * samples + 1) / (samples + 2)
    return max(certain * (1 - certain) / samples, LEAST_NOISE**2)


def _kernels(
    accuracy: np.ndarray, cost: np.ndarray, genes: Sequence[Sequence[str]], teachers: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """(all, teachers) each: what level, searched accuracy and cost say, and the share of common blocks."""
    a, c = accuracy - accuracy[teachers].mean(), cost - cost[teachers].mean()
    linear = LEVEL**2 + SLOPE**2 * np.outer(a, a[teachers]) + COST_SLOPE**2 * np.outer(c, c[teachers])
    names = {name: number for number, name in enumerate(sorted({gene for row in genes for gene in row}))}
    digits = np.array([[names[gene] for gene in row] for row in genes])
    return linear, (digits[:, None, :] == digits[None, teachers, :]).mean(axis=2)


def _prior(accuracy: np.ndarray, cost: np.ndarray, teachers: Sequence[int]) -> np.ndarray:
    a, c = accuracy - accuracy[teachers].mean(), cost - cost[teachers].mean()
    return LEVEL**2 + SLOPE**2 * a**2 + COST_SLOPE**2 * c**2


def _likelihood(kernel: np.ndarray, noise: np.ndarray, centred: np.ndarray) -> float:
    """Logarithm of the marginal likelihood, without its constant."""
    covariance = kernel + np.diag(noise)
    _, volume = np.linalg.slogdet(covariance)
    return float(-0.5 * centred @ np.linalg.solve(covariance, centred) - 0.5 * volume)
