"""The search of a run, and random search of an equal budget by the same super-network as its baseline."""

from __future__ import annotations

from dataclasses import replace

from autosnn_hw.config import SearchConfig
from autosnn_hw.progress import Reporter
from autosnn_hw.quantities import percent
from autosnn_hw.run_folder import CANDIDATES, STUDY, SUPERNET, RunFolder, write_table
from autosnn_hw.search.candidate import COLUMNS
from autosnn_hw.search.fitness import Constraints
from autosnn_hw.search.runner import Progress, SearchResult, SearchSettings, run_search
from autosnn_hw.search.study import CandidateStudy
from autosnn_hw.search.workers import worker_count
from autosnn_hw.simulate.lava import LavaChild
from autosnn_hw.stages.evaluator import CandidateEvaluator, Remembering
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.measurer import ChipMeasurer

RANDOM_STUDY = "random-baseline"


def settings(config: SearchConfig) -> SearchSettings:
    """What the search engine is told."""
    return SearchSettings(
        objective=config.objective,
        exponent=config.lam,
        strategy=config.strategy,
        population=config.pool,
        generations=config.generations,
        budget=config.budget,
        reference=config.mean_cost_samples,
        measure=config.measure,
        seed=config.seed,
        constraints=Constraints(config.max_energy, config.max_latency, config.max_cores),
    )


def evaluator(config: SearchConfig, folder: RunFolder) -> CandidateEvaluator:
    """Judges the candidates of a run."""
    return CandidateEvaluator(
        str(folder / SUPERNET), config.dataset, config.data_dir, config.target, config.evaluate, config.seed
    )


def run(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, lava: LavaChild | None
) -> SearchResult:
    """Search, storing every candidate in study.db and candidates.csv; goes on where the study stands."""
    chosen = settings(config)
    judge = evaluator(config, folder)
    study = CandidateStudy(folder / STUDY, prepared.space, chosen.identity(prepared.space))
    measure = None
    if lava is not None and config.measure:
        measure = ChipMeasurer(judge, prepared.profile, config.samples, lava, config.backend)
    reporter.stage("search", chosen.total)
    result = run_search(
        prepared.space,
        judge,
        study,
        chosen,
        measure=measure,
        workers=worker_count(config.workers),
        progress=lambda event: _tell(event, reporter, folder),
    )
    write_table(folder / CANDIDATES, COLUMNS, [record.row() for record in result.records])
    return result


def random_baseline(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, found: SearchResult
) -> SearchResult:
    """The best of as many random architectures, judged by the same super-network and the same fitness."""
    chosen = replace(
        settings(config), strategy="random", budget=len(found.records), mean_cost=found.mean_cost, measure=0
    )
    known = {record.genotype: record for record in found.records}
    study = CandidateStudy(folder / STUDY, prepared.space, chosen.identity(prepared.space), name=RANDOM_STUDY)
    reporter.stage("random baseline", chosen.total)
    return run_search(
        prepared.space,
        Remembering(replace(evaluator(config, folder), float_view=False), known),
        study,
        chosen,
        workers=worker_count(config.workers),
        progress=lambda event: reporter.advance(event.evaluated),
    )


def _tell(event: Progress, reporter: Reporter, folder: RunFolder) -> None:
    if event.stage == "generation" and event.best is not None:
        best = event.best
        reporter.advance(event.evaluated, f"best {best.genotype} {percent(best.accuracy)}")
        folder.log(
            "generation",
            generation=event.generation,
            evaluated=event.evaluated,
            best=best.genotype,
            fitness=best.fitness,
        )
    else:
        reporter.advance(event.evaluated, "in Lava" if event.stage == "measure" else "")
