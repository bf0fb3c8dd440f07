"""The whole space, walked as a tree of slots: architectures that begin alike share what their first blocks do.

A subtree (all architectures with the same first genes) is one task and one transaction of the study. So neither an
interruption nor the number of workers can change a result: what is stored is not walked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.genes import Gene
from autosnn_hw.search.judgement import judge
from autosnn_hw.search.ranking import fitness
from autosnn_hw.search.runner import REFERENCE, Measure, SearchProgress, SearchResult, SearchState, result_of
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.strategies.evolution import reference_architectures
from autosnn_hw.search.workers.processes import Crew, Pool, crew

WALK = "walk"
TOGETHER = 2  # first slots that the architectures of a subtree have in common, what stands before the slots besides
GENERATION = 0  # of all that is walked

Genes = tuple[Gene, ...]
# The first genes -> records of all architectures that begin with them, the last gene changing fastest.
JudgeSubtree = Callable[[Genes], Sequence[CandidateRecord]]


def subtrees(space: SearchSpace) -> list[Genes]:
    """First genes of every subtree, in order."""
    return list(product(*space.loci[: min(TOGETHER + space.before, len(space.loci) - 1)]))


def members(space: SearchSpace, first: Genes) -> list[Architecture]:
    """All architectures that begin with `first`, the last gene changing fastest."""
    return [space.architecture((*first, *rest)) for rest in product(*space.loci[len(first) :])]


def run_walk(
    space: SearchSpace,
    judge_subtree: JudgeSubtree,
    study: CandidateStudy,
    settings: SearchSettings,
    *,
    measure: Measure | None = None,
    view: Callable[[Architecture], Mapping[str, Any]] | None = None,
    workers: int | Crew = 1,
    progress: Callable[[SearchProgress], None] = lambda _: None,
) -> SearchResult:
    """Judge the whole space. Interrupted at any point, the same call goes on where the study stands, to the same result.

    The mean cost is that of the same random architectures as in every other strategy, so that fitness can be compared.

    Args:
        judge_subtree: a function of its argument alone, picklable for more than one worker.
        study: opened with `settings.identity(space)`.
        measure: runs candidates in Lava or on a board: those of the front that are fittest, as many as an evolution measures.
        view: further fields of the records of measured candidates (the float super-network's view).
        progress: called after every candidate and subtree.

    Raises:
        DoesNotFitError: no candidate is feasible.
        SpikesDifferError: a simulator counted other spikes than the exact one.
    """
    search = SearchState(space, study, settings, progress, mean_cost=settings.mean_cost)
    with crew(workers).open(judge_subtree) as pool:
        _references(search, pool)
        _subtrees(search, pool)
    if measure is not None:
        chosen = fittest_of_front(search)[: settings.measure * settings.generations]
        search.measure(measure, GENERATION, chosen)
        for architecture in chosen if view else ():
            search.known[architecture] = replace(search.known[architecture], **view(architecture))  # type: ignore[misc]
    best = search.ranking()[:1]
    history = [(GENERATION, record.fitness) for _, record in best if record.fitness is not None]
    return result_of(search, history)


def fittest_of_front(search: SearchState) -> list[Architecture]:
    """Architectures of the accuracy-cost front, fittest first."""
    ranking = search.ranking()
    points = [(record.accuracy or 0.0, record.cost or 0.0) for _, record in ranking]
    return [ranking[index][0] for index in sorted(pareto_front(points))]


def _references(search: SearchState, pool: Pool[Genes, Sequence[CandidateRecord]]) -> None:
    """Judge the architectures of the mean cost first, so that everything is stored with its fitness."""
    asked = reference_architectures(search.space, search.settings.seed, search.settings.references)
    unstored = search.unstored(asked)
    # In the order of the tree, so that neighbours share their prefixes.
    genes = sorted((search.space.genes_of(architecture) for architecture in unstored), key=search.space.digits)
    found = {search.space.architecture(leaf): records[0] for leaf, records in zip(genes, pool.map(genes))}
    for architecture in asked:
        _learn(search, architecture, found.get(architecture), REFERENCE)
    if search.known and search.mean_cost is None:
        search.mean_cost = fitness.mean_cost(search.known.values(), search.settings.objective)
    _store(search, unstored)


def _subtrees(search: SearchState, pool: Pool[Genes, Sequence[CandidateRecord]]) -> None:
    parts = [(first, members(search.space, first)) for first in subtrees(search.space)]
    fresh = pool.map([first for first, architectures in parts if search.unstored(architectures)])
    best: CandidateRecord | None = None
    for _, architectures in parts:
        unstored = search.unstored(architectures)
        records: Sequence[CandidateRecord | None] = next(fresh) if unstored else [None] * len(architectures)
        for architecture, record in zip(architectures, records):
            if architecture not in search.known:
                _learn(search, architecture, record, GENERATION)
        if search.mean_cost is None:  # no reference was asked for
            search.mean_cost = fitness.mean_cost(search.known.values(), search.settings.objective)
        _store(search, unstored)
        best = _better(best, [_judged(search, architecture) for architecture in architectures])
        search.progress(SearchProgress("generation", GENERATION, len(search.known), search.space.size, best=best))


def _learn(search: SearchState, architecture: Architecture, record: CandidateRecord | None, generation: int) -> None:
    """Make a candidate known, from the study or, where it holds none, from `record`."""
    stored = search.study.records.get(str(architecture))
    if stored is None:
        assert record is not None
        stored = replace(record, generation=generation)
    search.known[architecture] = replace(stored, cost=None, fitness=None, feasible=None, measured=None)


def _judged(search: SearchState, architecture: Architecture) -> CandidateRecord:
    """A candidate as the search stands to it before anything is measured."""
    record = search.known[architecture]
    names = dict.fromkeys((search.settings.objective, "energy", "latency"))
    ratios = {name: {record.genotype: (1.0, "modelled")} for name in names}
    return judge(record, ratios, None, search.mean_cost or 1.0, search.settings)


def _store(search: SearchState, architectures: Sequence[Architecture]) -> None:
    search.study.add_all([search.entry(architecture, _judged(search, architecture)) for architecture in architectures])


def _better(best: CandidateRecord | None, judged: Sequence[CandidateRecord]) -> CandidateRecord | None:
    feasible = [record for record in judged if record.feasible and record.fitness is not None]
    return max([*feasible, *([best] if best else [])], key=lambda record: record.fitness or 0.0, default=None)
