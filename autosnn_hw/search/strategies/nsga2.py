"""NSGA-II over accuracy, energy and latency: Optuna's sampler behind the interface of `autosnn_hw.search.strategies.evolution`.

The sampler works on a study in memory that is asked and told in the order of the search. Its draws follow from the seed and from
what it was told, so that a resumed search, which asks every generation again, gets the same architectures.

Algorithm: Deb, Pratap, Agarwal, Meyarivan, IEEE Transactions on Evolutionary Computation 6 (2002) 182-197.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.strategies.evolution import fill
from autosnn_hw.seeds import derive_seed, generator

TRIES = 3  # asked for a wanted architecture before random ones fill up: NSGA-II proposes known ones, too


class Nsga2:
    """One search's NSGA-II; keeps the trials that it has asked for.

    Args:
        space: where genotypes come from.
        seed: the run's seed.
        population: architectures of a generation.
        constraints: hard limits; what breaks one is dominated by what keeps all.
    """

    def __init__(self, space: SearchSpace, seed: int, population: int, constraints: Constraints) -> None:
        import optuna
        from optuna.distributions import CategoricalDistribution

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._seed, self._population, self._constraints = space, seed, population, constraints
        sampler = optuna.samplers.NSGAIISampler(
            population_size=max(2, population),
            seed=derive_seed(seed, "nsga2") % 2**32,
        )
        self._study = optuna.create_study(directions=["maximize", "minimize", "minimize"], sampler=sampler)
        self._choices = dict(zip(space.names, space.words()))
        self._distributions: dict[str, Any] = {
            name: CategoricalDistribution(words) for name, words in self._choices.items()
        }
        self._open: list[tuple[Any, Architecture]] = []  # asked for, and not told yet

    def ask(
        self, generation: int, ranking: Sequence[Architecture], seen: Mapping[Architecture, CandidateRecord]
    ) -> list[Architecture]:
        """See `autosnn_hw.search.strategies.evolution.Strategy.ask`; generations have to be asked for in their order."""
        for trial, architecture in self._open:
            self._tell(trial, seen[architecture])
        self._open = []
        chosen: list[Architecture] = []
        for _ in range(TRIES * self._population):
            if len(chosen) == self._population:
                break
            trial, architecture = self._asked()
            if architecture in seen:
                self._tell(trial, seen[architecture])
            elif architecture in chosen:
                self._study.tell(trial, state=_failed())
            else:
                chosen.append(architecture)
                self._open.append((trial, architecture))
        random = generator(self._seed, "nsga2", generation)
        for architecture in fill(list(chosen), self._population, self._space, seen, random)[len(chosen) :]:
            self._study.enqueue_trial(self._parameters(architecture))
            trial, _ = self._asked()
            chosen.append(architecture)
            self._open.append((trial, architecture))
        return chosen

    def _asked(self) -> tuple[Any, Architecture]:
        trial = self._study.ask(self._distributions)
        genes = [
            choices[words.index(trial.params[name])]
            for choices, (name, words) in zip(self._space.loci, self._choices.items())
        ]
        return trial, self._space.architecture(genes)

    def _tell(self, trial: Any, record: CandidateRecord) -> None:
        if record.accuracy is None or record.energy is None or record.latency is None:
            self._study.tell(trial, state=_failed())  # the target cannot run it
            return
        for name, excess in self._constraints.excesses(record).items():
            trial.set_constraint(name, excess)
        self._study.tell(trial, [record.accuracy, record.energy.value, record.latency.value])

    def _parameters(self, architecture: Architecture) -> dict[str, str]:
        genes = self._space.genes_of(architecture)
        named = zip(self._choices.items(), self._space.loci, genes)
        return {name: words[choices.index(gene)] for (name, words), choices, gene in named}


def _failed() -> Any:
    from optuna.trial import TrialState

    return TrialState.FAIL
