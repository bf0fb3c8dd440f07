"""The search itself: ask, evaluate, measure, feed back, store; generation by generation, resumable at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy, Entry
from autosnn_hw.search.judgement import judge, rank
from autosnn_hw.search.ranking import feedback, fitness
from autosnn_hw.search.ranking.feedback import Measurement
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.strategies.by_name import strategy_of
from autosnn_hw.search.strategies.evolution import Strategy, reference_architectures
from autosnn_hw.search.workers.processes import Crew, Evaluate, Pool, crew

REFERENCE = -1  # generation of the random architectures of the mean cost
MEASURABLE = 10  # only candidates of the top ten are worth a measurement

# (architectures, generation) -> their measurements, each stored as soon as it is there.
Measure = Callable[[Sequence[Architecture], int], Iterable[Measurement]]


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands: `stage` is "evaluate", "measure" or "generation" (one is finished)."""

    stage: str
    generation: int
    evaluated: int
    total: int
    best: CandidateRecord | None = None
    record: CandidateRecord | None = None


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Args:
        winner: the best feasible candidate.
        records: all candidates in the order they were asked for, with the fitness of the best knowledge at the end.
        ranking: feasible ones, best first.
        best_by_generation: (generation, best fitness so far), with the knowledge of that time.
        feedback: `autosnn_hw.search.ranking.feedback.figures`.
    """

    winner: CandidateRecord
    records: tuple[CandidateRecord, ...]
    ranking: tuple[CandidateRecord, ...]
    mean_cost: float
    measurements: Mapping[str, Measurement]
    best_by_generation: tuple[tuple[int, float], ...]
    feedback: Mapping[str, Any]

    @property
    def infeasible(self) -> int:
        return sum(not record.feasible for record in self.records)


@dataclass
class SearchState:
    """State of a running search; everything in it follows from the study and the settings."""

    space: SearchSpace
    study: CandidateStudy
    settings: SearchSettings
    progress: Callable[[SearchProgress], None]
    known: dict[Architecture, CandidateRecord] = field(default_factory=dict)
    measurements: dict[str, Measurement] = field(default_factory=dict)
    mean_cost: float | None = None  # until the first candidates are known

    def judged(self) -> dict[Architecture, CandidateRecord]:
        """All known candidates with cost, source, fitness and feasibility as of now."""
        records = list(self.known.values())
        names = dict.fromkeys((self.settings.objective, "energy", "latency"))
        ratios = {name: feedback.ratios(records, self.measurements, name) for name in names}
        return {
            architecture: judge(
                record, ratios, self.measurements.get(record.genotype), self.mean_cost or 1.0, self.settings
            )
            for architecture, record in self.known.items()
        }

    def ranking(self) -> list[tuple[Architecture, CandidateRecord]]:
        return rank(self.judged())

    def unstored(self, asked: Sequence[Architecture]) -> list[Architecture]:
        """Those of `asked` that the study does not hold."""
        return [architecture for architecture in asked if str(architecture) not in self.study.records]

    def evaluate(
        self, asked: Sequence[Architecture], generation: int, workers: Pool[Architecture, CandidateRecord]
    ) -> None:
        """Make `asked` known, from the study or by evaluating."""
        fresh = workers.map(self.unstored(asked))
        for architecture in asked:
            stored = self.study.records.get(str(architecture))
            record = stored or replace(next(fresh), genotype=str(architecture), generation=generation)
            record = replace(record, cost=None, fitness=None, feasible=None, measured=None)
            self.known[architecture] = record
            self.progress(SearchProgress("evaluate", generation, len(self.known), self.settings.total, record=record))

    def unmeasured(self) -> list[Architecture]:
        """Candidates of the top that are to be measured next."""
        top = [architecture for architecture, _ in self.ranking()[:MEASURABLE]]
        return [a for a in top if str(a) not in self.measurements][: self.settings.measure]

    def measure(self, measure: Measure, generation: int, top: Sequence[Architecture]) -> None:
        """Measure the candidates `top`, or take what the study has of this generation."""
        stored = {g: m for g, m in self.study.measurements.items() if m.generation == generation}
        missing = [architecture for architecture in top if str(architecture) not in stored]
        if missing:
            self.progress(SearchProgress("measure", generation, len(self.known), self.settings.total))
        for measurement in measure(missing, generation) if missing else ():
            feedback.require_equal(measurement)
            measurement = replace(measurement, generation=generation)
            self.study.add_measurement(measurement)
            stored[measurement.genotype] = measurement
        self.measurements.update(stored)

    def store(self, architectures: Iterable[Architecture]) -> None:
        """Write candidates to the study in the order they were asked for, all in one transaction."""
        judged = self.judged()
        # Interrupted before one, what is behind it is evaluated again, so that the order stays.
        known = list(takewhile(judged.__contains__, architectures))
        self.study.add_all([self.entry(architecture, judged[architecture]) for architecture in known])

    def entry(self, architecture: Architecture, record: CandidateRecord) -> Entry:
        """What the study takes of a judged candidate."""
        cost = fitness.modelled_cost(record, self.settings.objective)
        return architecture, record, cost, self.settings.constraints.excesses(record)


def run_search(
    space: SearchSpace,
    evaluate: Evaluate,
    study: CandidateStudy,
    settings: SearchSettings,
    *,
    measure: Measure | None = None,
    workers: int | Crew = 1,
    progress: Callable[[SearchProgress], None] = lambda _: None,
) -> SearchResult:
    """Search `space`. Interrupted at any point, the same call goes on where the study stands, to the same result.

    Args:
        evaluate: judges one architecture; a function of it alone, picklable for more than one worker.
        study: opened with `settings.identity(space)`; candidates it holds are not evaluated again.
        measure: runs the given candidates in Lava or on a board; None searches with the model alone.
        workers: where candidates are judged: so many processes of this machine, or another crew.
        progress: called after every candidate and generation.

    Raises:
        DoesNotFitError: no candidate is feasible.
        SpikesDifferError: a simulator counted other spikes than the exact one.
    """
    search = SearchState(space, study, settings, progress, mean_cost=settings.mean_cost)
    asking = strategy_of(settings, space)
    history: list[tuple[int, float]] = []
    with crew(workers).open(evaluate) as pool:
        for generation in range(REFERENCE, settings.total):
            asked = _ask(search, asking, generation)
            if not asked and generation > REFERENCE:
                break
            unstored = search.unstored(asked)
            try:
                search.evaluate(asked, generation, pool)
                if search.known and search.mean_cost is None:
                    search.mean_cost = fitness.mean_cost(search.known.values(), settings.objective)
                if measure is not None and generation > REFERENCE:
                    search.measure(measure, generation, search.unmeasured())
            finally:
                search.store(unstored)
            ranking = search.ranking()
            best = ranking[0][1] if ranking else None
            if best is not None and best.fitness is not None and generation > REFERENCE:
                history.append((generation, best.fitness))
            progress(SearchProgress("generation", generation, len(search.known), settings.total, best=best))
    return result_of(search, history)


def _ask(search: SearchState, asking: Strategy, generation: int) -> list[Architecture]:
    if generation == REFERENCE:
        return reference_architectures(search.space, search.settings.seed, search.settings.references)
    left = search.settings.total - len(search.known)
    if left <= 0:
        return []
    ranking = [architecture for architecture, _ in search.ranking()]
    return asking.ask(generation, ranking, search.known)[:left]


def result_of(search: SearchState, history: Sequence[tuple[int, float]]) -> SearchResult:
    judged = search.judged()
    ranking = [record for _, record in rank(judged)]
    records = tuple(judged.values())
    if not ranking:
        nearest = min(records, key=lambda r: max(search.settings.constraints.excesses(r).values()))
        excess = max(search.settings.constraints.excesses(nearest).items(), key=lambda item: item[1])
        reached = fitness.reach(records, search.settings.constraints)
        raise DoesNotFitError(
            f"none of {len(records)} candidates keeps every limit; nearest is {nearest.genotype}, "
            f"{nearest.violation() or f'{100 * excess[1]:.0f} % over {excess[0]}'}; {reached}. "
            "A smaller --width, fewer --timesteps, a looser limit or another --target would work."
        )
    return SearchResult(
        winner=ranking[0],
        records=records,
        ranking=tuple(ranking),
        mean_cost=search.mean_cost or 1.0,
        measurements=dict(search.measurements),
        best_by_generation=tuple(history),
        feedback=feedback.figures(records, search.measurements),
    )
