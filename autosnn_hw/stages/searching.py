"""The search of a run, and random search of an equal budget by the same super-network as its baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.config.objectives import unit_of, words_of
from autosnn_hw.run_folder import CANDIDATES, SUPERNET, RunFolder, write_table
from autosnn_hw.search.candidate import COLUMNS
from autosnn_hw.search.database.storage import require_storage, storage_url
from autosnn_hw.search.database.study import NAME, CandidateStudy
from autosnn_hw.search.database.study_notes import tell_values, tell_winner
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.runner import MEASURABLE, Measure, SearchProgress, SearchResult, SearchSettings, run_search
from autosnn_hw.search.walking.lazily import run_lazily, walk_bounds
from autosnn_hw.search.walking.walk import WALK, run_walk
from autosnn_hw.search.walking.walk_cost import WalkCost, walk_cost, with_bounds, worth_walking
from autosnn_hw.simulate.lava import LavaChild
from autosnn_hw.stages.judging.evaluator import CALIBRATION_IMAGES, CandidateEvaluator, Remembering
from autosnn_hw.stages.judging.kept_bounds import KeptBounds
from autosnn_hw.stages.judging.measurer import ChipMeasurer, DistributedMeasurer, LavaMeasurement
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.run_log import RunLog
from autosnn_hw.stages.schedules import rungs
from autosnn_hw.training.weight_sharing.supernet_trainer import warm_up_epochs
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent, quantity

RANDOM_STUDY, BEST_OF_RANDOM = "random-baseline", "best of random"  # its study, and the network that comes of it


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


def resolved(config: SearchConfig, prepared: Prepared) -> tuple[SearchConfig, str]:
    """The config with a strategy in the place of auto, and a sentence that says what a walk takes, or would take, and which
    strategy runs.

    It follows from the config and the sizes of data and space alone, so that it is the same everywhere.
    """
    space, cost = prepared.space, cost_of_walk(config, prepared)
    sentence = cost.sentence(prepared.crew.count)
    if prepared.profile.searches_groups:
        sentence += f", and longer to place those on {prepared.profile.name} that can still win"
    if config.strategy != "auto":
        chosen: str = config.strategy
    elif prepared.profile.searches_groups:
        chosen = "evolution"
    else:
        trained = epochs_of_paths(config, prepared) * len(prepared.data.x_train) * space.slots
        worth = worth_walking(cost, budget=_asked_for(config), slots=space.slots, trained=trained)
        chosen = WALK if worth else "evolution"
    if chosen == WALK:
        return config.with_changes(strategy=chosen), f"{sentence}: strategy {chosen}."
    judged = min(settings(config).total, space.size)
    return config.with_changes(strategy=chosen), f"{sentence}; strategy {chosen}, which judges {judged:,} of them."


def _asked_for(config: SearchConfig) -> int | None:
    """Candidates that a config asks for: by --budget, or by generations of another number or size than the default's; else None."""
    default = SearchConfig.model_fields
    if config.budget is None and all(
        getattr(config, name) == default[name].default for name in ("generations", "pool")
    ):
        return None
    return settings(config).total


def cost_of_walk(config: SearchConfig, prepared: Prepared) -> WalkCost:
    """What a walk of the run's space costs."""
    held_out = len(prepared.data.x_val)
    judged = held_out if config.evaluate is None else min(config.evaluate, held_out)
    cost = walk_cost(prepared.space, prepared.data.image, judged + CALIBRATION_IMAGES)
    if not prepared.profile.searches_groups:
        return cost
    return with_bounds(cost, config.mean_cost_samples + _known_best(config, prepared))


def _known_best(config: SearchConfig, prepared: Prepared) -> int:
    """How many of the ranking must be those of the whole space: what is measured, and all finalists of the first rung."""
    return max(rungs(config, prepared.space.size)[0].networks, MEASURABLE)


def paths_an_update(config: SearchConfig, prepared: Prepared) -> int:
    """Paths of the super-network that an update trains once its warm-up is over."""
    return max(len({block for block, _ in genes}) for genes in prepared.space.genes) if config.sampling == "fair" else 1


def epochs_of_paths(config: SearchConfig, prepared: Prepared) -> int:
    """Epochs that the training of the super-network comes to, each path of an update counted: in the warm-up there is one."""
    warm_up = warm_up_epochs(config.epochs, config.sampling == "fair") if config.warm_up is None else config.warm_up
    return warm_up + paths_an_update(config, prepared) * (config.epochs - warm_up)


def stored(config: SearchConfig) -> SearchConfig:
    """The config with --storage as a URL that holds from everywhere, once its database has been reached.

    Raises:
        InputError, RunError: it cannot be.
    """
    if config.storage is None:
        return config
    require_storage(config.storage)
    return config.with_changes(storage=storage_url(config.storage))


def evaluator(config: SearchConfig, folder: RunFolder) -> CandidateEvaluator:
    """Judges the candidates of a run."""
    return CandidateEvaluator(
        str(folder / SUPERNET),
        config.dataset,
        config.data_dir,
        config.target,
        config.evaluate,
        config.seed,
        graded=config.graded,
    )


def run(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, lava: LavaChild | None
) -> SearchResult:
    """Search, storing every candidate in study.db and candidates.csv; goes on where the study stands."""
    chosen = settings(config)
    judge = evaluator(config, folder)
    study = CandidateStudy(space=prepared.space, settings=chosen.identity(prepared.space), **folder.study())
    measure: Measure | None = None
    if lava is not None and config.measure:
        if prepared.crew.elsewhere and config.backend == "lava":
            measure = DistributedMeasurer(prepared.crew, LavaMeasurement(judge, config.samples))
        else:
            measure = ChipMeasurer(judge, prepared.profile, config.samples, lava, config.backend)

    log = RunLog(folder)

    def tell(event: SearchProgress) -> None:
        _tell(event, reporter, log, walks=config.strategy == WALK)

    if config.strategy == WALK and prepared.profile.searches_groups:
        result = _lazily(config, prepared, folder, reporter, study, judge, measure, tell)
    elif config.strategy == WALK:
        reporter.stage("walk", prepared.space.size)
        subtree = SubtreeEvaluator(judge, prepared.space, str(folder.path))
        result = run_walk(
            prepared.space,
            subtree,
            study,
            chosen,
            measure=measure,
            view=judge.view,
            workers=prepared.crew,
            progress=tell,
        )
    else:
        reporter.stage("search", chosen.total)
        result = run_search(prepared.space, judge, study, chosen, measure=measure, workers=prepared.crew, progress=tell)
    write_table(folder / CANDIDATES, COLUMNS, [record.row() for record in result.records])
    return result


def _lazily(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    reporter: Reporter,
    study: CandidateStudy,
    judge: CandidateEvaluator,
    measure: Measure | None,
    tell: Callable[[SearchProgress], None],
) -> SearchResult:
    """The walk where placing a candidate takes longer than running it."""
    space, chosen = prepared.space, settings(config)
    reporter.stage("walk", space.size)
    subtree = SubtreeEvaluator(judge, space, str(folder.path), bounds=True)
    kept = KeptBounds(folder.path, space)
    bounds = walk_bounds(space, subtree, kept, chosen, workers=prepared.crew, progress=tell)
    reporter.stage("placing")  # nobody knows before how many it will be
    best = _known_best(config, prepared)
    one = replace(judge, float_view=False)
    result = run_lazily(
        bounds,
        one,
        study,
        chosen,
        best=best,
        measure=measure,
        view=judge.view,
        workers=prepared.crew,
        progress=tell,
    )
    reporter.say(
        f"{len(result.records):,} of {space.size:,} architectures were placed; no other is on the front or among the best {best}"
    )
    return result


def random_baseline(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, found: SearchResult
) -> SearchResult:
    """The best of as many random architectures as were judged, by the same super-network and the same fitness; beside a walk,
    of as many as an evolution would judge, because the best of all is the winner itself."""
    asked = settings(config)
    chosen = replace(
        asked,
        strategy="random",
        budget=min(len(found.records), asked.total),
        mean_cost=found.mean_cost,
        measure=0,
    )
    known = {record.genotype: record for record in found.records}
    study = CandidateStudy(space=prepared.space, settings=chosen.identity(prepared.space), **_random_study(folder))
    reporter.stage("random baseline", chosen.total)
    return run_search(
        prepared.space,
        Remembering(replace(evaluator(config, folder), float_view=False), known),
        study,
        chosen,
        workers=prepared.crew,
        progress=lambda event: reporter.advance(event.evaluated),
    )


def _random_study(folder: RunFolder) -> dict[str, Any]:
    """Where the study of the random baseline is."""
    place = folder.study()
    return place | {"name": f"{place['name']}-{RANDOM_STUDY}" if "name" in place else RANDOM_STUDY}


def mark_winner(folder: RunFolder, summary: Mapping[str, Any]) -> None:
    """Say in the study what won, and in it and that of the random baseline what a trial's values are: for people who open them in
    optuna-dashboard."""
    winner, objective = summary["winner"], summary["objective"]
    unit = unit_of(objective)
    values = {
        "cost": f"{words_of(objective)}{f', in {unit}' if unit else ''}, modelled",
        "judged": f"of the integer network with the super-network's weights, on {summary['validation_samples']} validation samples",
    }
    tell_winner(
        **{"name": NAME, **folder.study()},
        genotype=winner["architecture"],
        found=(
            f"With its final weights {percent(winner['accuracy']['exact_test'])} of the test samples right, "
            f"{quantity(winner['energy']['total']['value'], 'J')} an inference on {summary['target']}."
        ),
        **values,
    )
    drawn = next((one for one in summary["baselines"] if one["name"] == BEST_OF_RANDOM), None)
    if drawn is not None:
        what = f"Random architectures, judged as those of the search; the best of them: {drawn['architecture']}."
        tell_values(**_random_study(folder), what=what, **values)


def _tell(event: SearchProgress, reporter: Reporter, log: RunLog, *, walks: bool) -> None:
    if event.stage == "generation" and event.best is not None:
        best = event.best
        which = "" if walks or event.generation < 0 else f"generation {event.generation}, "
        reporter.advance(event.evaluated, f"{which}best {best.genotype} {percent(best.accuracy)}")
        log.generation(event.generation, event.evaluated, best)
    else:
        reporter.advance(event.evaluated, "in Lava" if event.stage == "measure" else "")
