"""The whole space where a price is dear: accuracies and bounds are walked, and only what can still win is priced, best bound first.

A bound is the record of a candidate whose costs are none above its own (`autosnn_hw.cost.least_price`). No candidate is left out
unless its bound is: that it is infeasible, or that so many priced ones are fitter than it can be as were asked for, and one of
them is at least as accurate for no more cost. So the front and the best of the ranking are those of a whole space priced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from autosnn_hw.architecture import Architecture
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.ranking import fitness
from autosnn_hw.search.runner import REFERENCE, Measure, SearchProgress, SearchResult, SearchState, result_of
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.strategies.evolution import reference_architectures
from autosnn_hw.search.walking.walk import GENERATION, Genes, JudgeSubtree, fittest_of_front, subtrees
from autosnn_hw.search.workers.processes import Crew, Evaluate, Pool, crew

TOGETHER = 16  # candidates priced before the bounds are looked at again; the same for any number of workers
ROUNDING = 1e-9  # by which a sum may come out above its bound in another order of summation


class BoundStore(Protocol):
    """Where the bounds of a subtree are kept, so that an interrupted walk goes on."""

    def read(self, first: Genes) -> Sequence[CandidateRecord] | None: ...

    def write(self, first: Genes, records: Sequence[CandidateRecord]) -> None: ...


@dataclass(frozen=True, eq=False)
class Bounds:
    """What is known of all architectures before any is priced, in the order of the tree.

    Args:
        accuracy: float64 (architectures,), of the integer network on the validation samples; NaN where it has no place at all.
        cost: float64 (architectures,), in the objective's unit, that its own is not below.
        possible: bool (architectures,), whether its bound keeps every limit.
    """

    space: SearchSpace
    accuracy: np.ndarray
    cost: np.ndarray
    possible: np.ndarray

    def architecture(self, number: int) -> Architecture:
        """The architecture of a number."""
        sizes = [len(choices) for choices in self.space.loci]
        digits = np.unravel_index(number, sizes)
        return self.space.architecture([choices[digit] for choices, digit in zip(self.space.loci, digits)])

    def number(self, architecture: Architecture) -> int:
        """The number of an architecture."""
        sizes = [len(choices) for choices in self.space.loci]
        return int(np.ravel_multi_index(self.space.digits(self.space.genes_of(architecture)), sizes))


def walk_bounds(
    space: SearchSpace,
    bound_subtree: JudgeSubtree,
    kept: BoundStore,
    settings: SearchSettings,
    *,
    workers: int | Crew = 1,
    progress: Callable[[SearchProgress], None] = lambda _: None,
) -> Bounds:
    """Accuracy and least cost of the whole space; subtrees that are kept are not walked again."""
    parts = [(first, kept.read(first)) for first in subtrees(space)]
    columns: list[tuple[float, float, bool]] = []
    with crew(workers).open(bound_subtree) as pool:
        fresh = pool.map([first for first, known in parts if known is None])
        for first, known in parts:
            if known is None:
                known = next(fresh)
                kept.write(first, known)
            columns += [_column(record, settings) for record in known]
            progress(SearchProgress("walk", GENERATION, len(columns), space.size))
    accuracy, cost, possible = (np.array(column) for column in zip(*columns))
    return Bounds(space, accuracy.astype(float), cost.astype(float) * (1 - ROUNDING), possible.astype(bool))


def _column(record: CandidateRecord, settings: SearchSettings) -> tuple[float, float, bool]:
    cost = fitness.modelled_cost(record, settings.objective)
    if record.accuracy is None or cost is None:
        return math.nan, math.nan, False
    excesses = settings.constraints.excesses(record).values()
    return record.accuracy, cost, all(excess <= ROUNDING for excess in excesses)


def run_lazily(
    bounds: Bounds,
    evaluate: Evaluate,
    study: CandidateStudy,
    settings: SearchSettings,
    *,
    best: int = 1,
    measure: Measure | None = None,
    view: Callable[[Architecture], Mapping[str, Any]] | None = None,
    workers: int | Crew = 1,
    progress: Callable[[SearchProgress], None] = lambda _: None,
) -> SearchResult:
    """Price what can be on the front or among the `best` fittest. Interrupted, the same call goes on where the study stands.

    The mean cost is that of the same random architectures as in every other strategy: they are priced first, whatever their
    bounds. It scales every fitness alike, so what is left unpriced changes no ranking.

    Args:
        evaluate: judges one architecture, priced.
        best: how many of the ranking must be those of the whole space.
        measure, view: as in `run_walk`.

    Returns:
        records of the priced candidates alone.

    Raises:
        DoesNotFitError: no candidate is feasible.
        SpikesDifferError: a simulator counted other spikes than the exact one.
    """
    search = SearchState(bounds.space, study, settings, progress, mean_cost=settings.mean_cost)
    with crew(workers).open(evaluate) as pool:
        asked = reference_architectures(bounds.space, settings.seed, settings.references)
        _price(search, asked, REFERENCE, pool)
        for chosen in _rounds(bounds, search, best):
            _price(search, chosen, GENERATION, pool)
    if measure is not None:
        chosen = fittest_of_front(search)[: settings.measure * settings.generations]
        search.measure(measure, GENERATION, chosen)
        for architecture in chosen if view else ():
            search.known[architecture] = replace(search.known[architecture], **view(architecture))  # type: ignore[misc]
    ranking = search.ranking()[:1]
    return result_of(search, [(GENERATION, record.fitness) for _, record in ranking if record.fitness is not None])


def _price(
    search: SearchState, asked: Sequence[Architecture], generation: int, pool: Pool[Architecture, CandidateRecord]
) -> None:
    unstored = search.unstored(asked)
    try:
        search.evaluate(asked, generation, pool)
        if search.known and search.mean_cost is None:
            search.mean_cost = fitness.mean_cost(search.known.values(), search.settings.objective)
    finally:
        search.store(unstored)
    ranking = search.ranking()[:1]
    found = ranking[0][1] if ranking else None
    search.progress(SearchProgress("generation", generation, len(search.known), search.space.size, best=found))


def _rounds(bounds: Bounds, search: SearchState, best: int) -> Iterator[list[Architecture]]:
    """What is priced next, until no bound of what is left can be among the best or on the front."""
    priced = np.zeros(len(bounds.accuracy), bool)
    priced[[bounds.number(architecture) for architecture in search.known]] = True
    while True:
        ranking = search.ranking()
        points = [
            (record.accuracy or 0.0, fitness.modelled_cost(record, search.settings.objective) or 0.0)
            for _, record in ranking
        ]
        values = [record.fitness or 0.0 for _, record in ranking]
        numbers = needed(
            bounds,
            priced,
            points,
            values[best - 1] if len(values) >= best else -math.inf,
            search.mean_cost or 1.0,
            search.settings.exponent,
        )[:TOGETHER]
        if not len(numbers) and not search.known:  # nothing may be feasible: what comes nearest says why
            numbers = np.flatnonzero(~priced)[:TOGETHER]
        if not len(numbers):
            return
        priced[numbers] = True
        yield [bounds.architecture(int(number)) for number in numbers]


def needed(
    bounds: Bounds,
    priced: np.ndarray,
    points: Sequence[tuple[float, float]],
    least: float,
    mean_cost: float,
    exponent: float,
) -> np.ndarray:
    """Numbers of those that must be priced still, in the order in which to do it.

    First those whose bound reaches the fitness `least`, the fittest bound first; then those that the front may lack, of which
    those come first that are on the front of all bounds.

    Args:
        priced: bool (architectures,).
        points: (accuracy, cost) of feasible priced candidates.
        least: fitness of the last of as many priced ones as must be known; -inf where there are fewer.
    """
    left = np.flatnonzero(bounds.possible & ~priced)
    accuracy, cost = bounds.accuracy[left], bounds.cost[left]
    with np.errstate(divide="ignore"):
        reach = accuracy * (cost / mean_cost) ** exponent if exponent else accuracy
    # A bound of cost 0 bounds no fitness.
    reach = np.where(cost > 0, reach, math.inf)
    order = np.argsort(-reach, kind="stable")
    fit = order[reach[order] >= least * (1 - ROUNDING) if math.isfinite(least) else slice(None)]
    if len(fit):
        return left[fit]
    open_ = np.flatnonzero(~dominated(accuracy, cost, points))
    front = pareto_front(list(zip(accuracy[open_].tolist(), cost[open_].tolist())))
    return left[open_[front]]


def dominated(accuracy: np.ndarray, cost: np.ndarray, points: Sequence[tuple[float, float]]) -> np.ndarray:
    """bool: whether one of `points` (accuracy, cost) is at least as accurate for no more cost."""
    if not points:
        return np.zeros(len(accuracy), bool)
    by_cost = np.array(sorted((price, value) for value, price in points))
    so_far = np.r_[-math.inf, np.maximum.accumulate(by_cost[:, 1])]
    return so_far[np.searchsorted(by_cost[:, 0], cost, side="right")] >= accuracy
