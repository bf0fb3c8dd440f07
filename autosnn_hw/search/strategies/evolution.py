"""Which genotypes come next: AutoSNN's evolution, and random search as its baseline.

A strategy is one method: `ask(generation, ranking, seen)` returns the genotypes of a generation, as a function of its
arguments and the seed alone. So the number of workers, the order of evaluation and an interruption cannot change it, and
resuming is asking again.

Algorithm: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738), and its public code (evolution_algo.py): 20 random
architectures; then, of the best 10 of all so far, 10 mutants and 10 children of one cut, each new; random where tries fail.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.space import MUTATION_PROBABILITY, SearchSpace
from autosnn_hw.seeds import generator

TRIES = 3  # tries per wanted child before random ones fill up (AutoSNN)
RANDOM_TRIES = 50  # draws per wanted random architecture before the space is searched for what is left
LISTABLE = 100_000  # a larger space is never walked through; random draws do not run dry there


class Strategy(Protocol):
    """What a search strategy has to offer."""

    def ask(
        self, generation: int, ranking: Sequence[Architecture], seen: Mapping[Architecture, CandidateRecord]
    ) -> list[Architecture]:
        """The architectures of a generation, in order, none twice and none of `seen`; fewer, or none, when the space is used up.

        Args:
            generation: from 0.
            ranking: feasible architectures evaluated so far, best first.
            seen: all architectures evaluated so far, with what is known of them.
        """
        ...


@dataclass(frozen=True)
class Evolution:
    """AutoSNN's evolution.

    Args:
        space: where genotypes come from.
        seed: the run's seed.
        population: architectures of a generation.
        parents: how many of the best are parents (top-k).
        mutants: of a generation; the rest are children of two parents.
        probability: of each slot to mutate.
    """

    space: SearchSpace
    seed: int
    population: int = 20
    parents: int = 10
    mutants: int | None = None
    probability: float = MUTATION_PROBABILITY

    def ask(
        self, generation: int, ranking: Sequence[Architecture], seen: Container[Architecture]
    ) -> list[Architecture]:
        """See `Strategy.ask`."""
        rng = generator(self.seed, "evolution", generation)
        best = list(ranking[: self.parents])
        mutants = self.population // 2 if self.mutants is None else self.mutants
        chosen: list[Architecture] = []
        if generation > 0 and best:
            _add(chosen, mutants, seen, lambda: self.space.mutate(_pick(best, rng), rng, self.probability))
        if generation > 0 and len(best) > 1:
            _add(chosen, self.population - mutants, seen, lambda: self._child(best, rng))
        return fill(chosen, self.population, self.space, seen, rng)

    def _child(self, best: Sequence[Architecture], rng: np.random.Generator) -> Architecture:
        first, second = (best[int(i)] for i in rng.choice(len(best), size=2, replace=False))
        return self.space.cross(first, second, rng)


@dataclass(frozen=True)
class RandomSearch:
    """Fresh random architectures every generation, whatever was learnt."""

    space: SearchSpace
    seed: int
    population: int = 20

    def ask(
        self, generation: int, ranking: Sequence[Architecture], seen: Container[Architecture]
    ) -> list[Architecture]:
        """See `Strategy.ask`."""
        return fill([], self.population, self.space, seen, generator(self.seed, "random", generation))


STRATEGIES: dict[str, Callable[[SearchSpace, int, int], Strategy]] = {"evolution": Evolution, "random": RandomSearch}


def strategy(name: str, space: SearchSpace, seed: int, population: int = 20) -> Strategy:
    """A strategy by its name.

    Raises:
        InputError: unknown name, or a population below 1.
    """
    if name not in STRATEGIES:
        raise InputError(f"unknown strategy {name!r}; known are {', '.join(STRATEGIES)}.")
    if population < 1:
        raise InputError(f"a generation of {population} architectures is empty; at least 1 is needed.")
    return STRATEGIES[name](space, seed, population)


def reference_architectures(space: SearchSpace, seed: int, count: int) -> list[Architecture]:
    """The distinct random architectures whose mean cost normalises the fitness."""
    return fill([], count, space, frozenset(), generator(seed, "mean cost"))


def fill(
    chosen: list[Architecture],
    count: int,
    space: SearchSpace,
    seen: Container[Architecture],
    rng: np.random.Generator,
) -> list[Architecture]:
    """`chosen` with distinct unseen random architectures added up to `count`, or up to what the space still holds."""
    tries = RANDOM_TRIES * max(0, count - len(chosen))
    while len(chosen) < count and tries:
        tries -= 1
        _accept(chosen, space.sample(rng), seen)
    if len(chosen) < count and space.size <= LISTABLE:
        left = [architecture for architecture in space if architecture not in seen and architecture not in chosen]
        order = rng.permutation(len(left))[: count - len(chosen)]
        chosen += [left[int(i)] for i in order]
    return chosen


def _add(
    chosen: list[Architecture], count: int, seen: Container[Architecture], make: Callable[[], Architecture]
) -> None:
    goal = len(chosen) + count
    for _ in range(TRIES * count):
        if len(chosen) >= goal:
            return
        _accept(chosen, make(), seen)


def _accept(chosen: list[Architecture], architecture: Architecture, seen: Container[Architecture]) -> None:
    if architecture not in seen and architecture not in chosen:
        chosen.append(architecture)


def _pick(best: Sequence[Architecture], rng: np.random.Generator) -> Architecture:
    return best[int(rng.integers(len(best)))]
