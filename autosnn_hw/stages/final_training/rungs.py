"""Finalists in rungs: who begins, who goes on, and what was measured at which rung; all but the last, which makes whole networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.config.halving import Rung, cost, halved
from autosnn_hw.run_folder import NETWORKS, RunFolder, read_json, write_json, writing
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.stages.final_training.finalists import Finalist, judged_fitness, next_chosen, rounds
from autosnn_hw.stages.final_training.limits import expected_excesses
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.rung_training import RungJob, RungTask, take_on
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.schedules import rungs, training_epochs
from autosnn_hw.stages.searching import settings
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent

FOLDER = "rungs"  # of the run's folder `networks`


@dataclass(frozen=True)
class MeasuredAtRung:
    """A candidate at the end of a rung: accuracy of its integer network on the validation samples, and its fitness with it (None
    where it cannot be judged or breaks a limit)."""

    genotype: str
    accuracy: float | None
    fitness: float | None


@dataclass(frozen=True)
class RungResult:
    """What a rung measured, in the order in which its candidates were chosen.

    Args:
        images: of one epoch.
    """

    rung: Rung
    measured: tuple[MeasuredAtRung, ...]
    images: int

    def kept(self) -> list[str]:
        """Who goes on, best first: the better half by fitness; ties go to those who were chosen earlier."""
        order = sorted(
            self.measured, key=lambda one: float("-inf") if one.fitness is None else one.fitness, reverse=True
        )
        return [one.genotype for one in order[: halved(len(order))]]

    def to_json(self, *, last: bool) -> dict[str, Any]:
        """{"rung", "begin", "epochs", "cost" (epochs of all networks), "images" (cost times the images of one), "candidates":
        [{"architecture", "accuracy", "fitness", "kept"}]}; after the last rung nobody goes on, and kept is null."""
        kept, spent = self.kept(), self.rung.cost // self.rung.networks * len(self.measured)
        return {
            "rung": self.rung.number,
            "begin": self.rung.begin,
            "epochs": self.rung.end,
            "cost": spent,
            "images": spent * self.images,
            "candidates": [
                {
                    "architecture": one.genotype,
                    "accuracy": one.accuracy,
                    "fitness": one.fitness,
                    "kept": None if last else one.genotype in kept,
                }
                for one in self.measured
            ],
        }


def climb(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    reporter: Reporter,
    found: SearchResult,
    last: NetworkJob,
) -> list[RungResult]:
    """All rungs but the last, whose networks `last` makes from the checkpoints of those who are left.

    In the first rung candidates begin as finalists do: the best of the ranking, then those whom the accuracies of this rung make
    most promising. What is in the folder already is not trained again.
    """
    plan, images, samples = rungs(config, len(found.ranking)), len(prepared.data.x_train), len(prepared.data.x_val)
    reporter.say(sentence(plan, config, images))
    place = Path(last.folder) / FOLDER
    with writing(place):
        place.mkdir(exist_ok=True)
    job, limits = RungJob(replace(last, folder=str(place))), settings(config).constraints
    results: list[RungResult] = []
    alive: list[str] = []
    with prepared.crew.open(job, most=plan[0].networks) as pool:
        for rung in plan[:-1]:
            reporter.stage(f"rung {rung.number} of {len(plan)}", rung.networks)
            records: dict[str, CandidateRecord] = {}

            for count in [rung.networks] if alive else rounds(rung.networks):
                known = {name: one.accuracy for name, one in records.items() if one.accuracy is not None}
                excesses = expected_excesses(found, records, limits)
                chosen = alive or next_chosen(
                    found, known, samples, config.lam, count, list(records), excesses=excesses
                )
                tasks = [RungTask(prepared.space.parse(genotype), rung.end) for genotype in chosen]
                for genotype, record in zip(chosen, pool.map(tasks)):
                    records[genotype] = record
                    said = "does not fit" if record.accuracy is None else percent(record.accuracy)
                    reporter.advance(len(records), f"{genotype}: {said}")
            result = RungResult(rung, _measured(records, settings(config), found.mean_cost), images)
            alive = result.kept()
            results.append(result)
            record_rung(folder, place, result, reporter, last=False)
    for genotype in alive:
        take_on(job.job, last, prepared.space.parse(genotype))
    return results


def finished(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    reporter: Reporter,
    found: SearchResult,
    before: Sequence[RungResult],
    finalists: Sequence[Finalist],
) -> list[dict[str, Any]]:
    """All rungs as the summary has them, the last with those of the finalists that came so far."""
    place = folder / NETWORKS / FOLDER
    measured = tuple(
        MeasuredAtRung(one.candidate.genotype, one.network.accuracy.validation, one.fitness) for one in finalists
    )
    last = RungResult(rungs(config, len(found.ranking))[-1], measured, len(prepared.data.x_train))
    record_rung(folder, place, last, reporter, last=True)
    return [*(one.to_json(last=False) for one in before), last.to_json(last=True)]


def record_rung(folder: RunFolder, place: Path, result: RungResult, reporter: Reporter, *, last: bool) -> None:
    """Say what a rung gave, on the terminal, in its file and, where that was not yet there, in the log."""
    document = result.to_json(last=last)
    best = max(
        (one for one in result.measured if one.fitness is not None), key=lambda one: one.fitness or 0.0, default=None
    )
    top = "none keeps the limits" if best is None else f"best {best.genotype}: {percent(best.accuracy or 0.0)}"
    onward = "" if last else f", {len(result.kept())} go on"
    reporter.say(
        f"rung {result.rung.number}: {len(result.measured)} candidates after {result.rung.end} epochs{onward}; {top}"
    )
    file = place / f"rung-{result.rung.number}.json"
    if file.is_file() and read_json(file) == document:
        return
    write_json(file, document)
    folder.log(
        "rung",
        **{name: value for name, value in document.items() if name != "candidates"},
        networks=len(result.measured),
    )


def sentence(plan: Sequence[Rung], config: SearchConfig, images: int) -> str:
    """The schedule and its budget, in one line."""
    steps = ", ".join(
        f"{rung.networks} {'to epoch' if rung.number > 1 else 'candidates to epoch'} {rung.end}" for rung in plan
    )
    integers = f" and {config.finetune_epochs} with the integers in the loop" if config.finetune_epochs else ""
    spent, budget = cost(plan), config.finalists * training_epochs(config)
    return (
        f"rungs: {steps}{integers}: {spent:,} epochs x {images:,} images, of the {budget:,} epochs that {config.finalists} finalists "
        "without rungs take"
    )


def by_candidate(documents: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """{"rung", "rung_accuracy"} by genotype: the last rung that each was measured at, and what it measured there."""
    return {
        one["architecture"]: {"rung": document["rung"], "rung_accuracy": one["accuracy"]}
        for document in documents
        for one in document["candidates"]
    }


def _measured(
    records: Mapping[str, CandidateRecord], chosen: SearchSettings, mean_cost: float
) -> tuple[MeasuredAtRung, ...]:
    return tuple(
        MeasuredAtRung(genotype, record.accuracy, judged_fitness(record, chosen, mean_cost))
        for genotype, record in records.items()
    )
