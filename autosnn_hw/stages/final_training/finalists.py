"""The best candidates of a search, each with its final weights and judged again: who wins, and how well the search ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking import fitness
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.search.ranking.final_accuracy import AccuracyEstimate, estimates, promising
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.seeds import generator
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork

FIRST, TOGETHER = 4, 2  # finalists of the first round, and of each later one
RESAMPLED = 1000  # bootstrap samples of the networks behind the interval of tau


@dataclass(frozen=True, eq=False)
class Finalist:
    """A candidate and what became of it.

    Args:
        fitness: with its own cost and its measured accuracy; None where they are unknown or it breaks a limit.
    """

    candidate: CandidateRecord
    network: TrainedNetwork
    fitness: float | None

    def to_json(self) -> dict[str, Any]:
        """What the summary says of it; energy in J an inference on the validation samples."""
        network, record = self.network, self.network.as_candidate
        return {
            "architecture": network.architecture,
            "fitness": self.fitness,
            "searched_fitness": self.candidate.fitness,
            "accuracy": network.accuracy.validation,
            "accuracy_source": "inherited" if network.accuracy.validation is None else "measured",
            "supernet": self.candidate.accuracy,
            "inherited": network.accuracy.inherited,
            "energy": None if record is None else record["energy"],
            "weights": network.weights,
            "kept": network.kept,
            "steps": dict(network.steps),
            "fits": network.fits,
        }


def finalist(
    candidate: CandidateRecord, network: TrainedNetwork, settings: SearchSettings, mean_cost: float
) -> Finalist:
    """A candidate with its trained network, judged by the search's own fitness and limits, with the accuracy that was measured."""
    record = None if network.as_candidate is None else CandidateRecord.from_json(network.as_candidate)
    return Finalist(candidate, network, None if record is None else judged_fitness(record, settings, mean_cost))


def judged_fitness(record: CandidateRecord, settings: SearchSettings, mean_cost: float) -> float | None:
    """Fitness of a network with the accuracy and the cost that it has itself; None where it breaks a limit or lacks one of them."""
    cost = fitness.modelled_cost(record, settings.objective)
    if record.accuracy is None or cost is None or not fitness.feasible(record, settings.constraints):
        return None
    return fitness.fitness(record.accuracy, cost, mean_cost, settings.exponent)


def rounds(finalists: int) -> list[int]:
    """How many finalists are trained at a time: the best by the search's ranking, then two at a time, each pair chosen by what is
    known until then. More finalists begin with the same ones, and no result depends on the number of workers."""
    first = min(FIRST, finalists)
    pairs, single = divmod(finalists - first, TOGETHER)
    return [first, *[TOGETHER] * pairs, *[1] * single]


def next_chosen(
    found: SearchResult,
    measured: Mapping[str, float],
    samples: int,
    exponent: float,
    count: int,
    chosen: Sequence[str],
    *,
    excesses: Mapping[str, float] | None = None,
) -> list[str]:
    """Who is trained after `chosen`: the best of the ranking at first, then those whom the measured accuracies make most promising.

    Args:
        measured: accuracy by genotype, of as many validation samples.
        exponent: lambda of the fitness.
        count: how many; fewer where no more are left.
        excesses: of `expected_excesses`, where there are limits: after the first round those that are expected to keep them are
            taken, and where none is, those that pass them by the least.
    """
    ranked = {record.genotype: record for record in found.ranking}
    if not chosen:
        return list(ranked)[:count]
    near = {
        genotype: estimate for genotype, estimate in estimated(found, measured, samples).items() if genotype in ranked
    }
    if excesses is not None:
        left = sorted((excesses[genotype], genotype) for genotype in near if genotype not in chosen)
        keeping = {genotype: near[genotype] for excess, genotype in left if excess <= 0}
        if not keeping:
            return [genotype for _, genotype in left[:count]]
        near = keeping
    costs = {genotype: record.cost or 0.0 for genotype, record in ranked.items()}
    return promising(near, costs, exponent, count, chosen)


def estimated(found: SearchResult, measured: Mapping[str, float], samples: int) -> dict[str, AccuracyEstimate]:
    """What the networks measured so far say of all candidates."""
    costs = {record.genotype: record.cost for record in found.records if record.cost is not None}
    return estimates(found.records, measured, samples, costs)


def best_of(finalists: Sequence[Finalist]) -> Finalist | None:
    """The fittest, ties to what the search ranked higher; None where none is known to keep the limits."""
    known = [one for one in finalists if one.fitness is not None]
    return max(known, key=lambda one: one.fitness or 0.0) if known else None


def ranking(networks: Sequence[TrainedNetwork], searched: Mapping[str, float | None], seed: int) -> dict[str, Any]:
    """Kendall's tau between the accuracy that the search ranked by and that of the delivered networks, on validation samples.

    Args:
        networks: finalists and baselines; those of one architecture count once.
        searched: the search's accuracy by architecture; where it lacks one, the network's own inherited accuracy stands in.

    Returns:
        {tau, low, high, ceiling, networks, pairs}: pairs are [{"architecture", "searched", "delivered"}]; a percentile bootstrap
        over networks gives the 95 % interval. The ceiling needs other seeds of the same networks (`other_seeds.ceiling`) and is null here.
    """
    pairs = {}
    for network in networks:
        first, last = searched.get(network.architecture), network.accuracy.validation
        first = network.accuracy.inherited if first is None else first
        if first is not None and last is not None:
            pairs[network.architecture] = (first, last)
    unknown: dict[str, Any] = {"tau": None, "low": None, "high": None, "ceiling": None, "networks": len(pairs)}
    unknown["pairs"] = [{"architecture": name, "searched": a, "delivered": b} for name, (a, b) in pairs.items()]
    if len(pairs) < 3:
        return unknown
    values = np.array(list(pairs.values()))
    tau = kendall_tau(list(values[:, 0]), list(values[:, 1]))
    if tau is None:
        return unknown
    random, taus = generator(seed, "ranking"), []
    for _ in range(RESAMPLED):
        drawn = values[random.integers(0, len(values), len(values))]
        resampled = kendall_tau(list(drawn[:, 0]), list(drawn[:, 1]))
        if resampled is not None:
            taus.append(resampled)
    low, high = (float(bound) for bound in np.percentile(taus, (2.5, 97.5))) if taus else (None, None)
    return {**unknown, "tau": tau, "low": low, "high": high}
