"""The finalists of a search, its winner, and the networks that it is set beside, all made alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import CANDIDATES, NETWORKS, SUPERNET, RunFolder, write_table, writing
from autosnn_hw.search.candidate import COLUMNS, CandidateRecord
from autosnn_hw.search.database.stored_accuracy import store_accuracies
from autosnn_hw.search.ranking.final_accuracy import INHERITED, AccuracyEstimate
from autosnn_hw.search.ranking.final_cost import FinalCosts, final_costs
from autosnn_hw.search.ranking.fitness import Constraints, feasible, modelled_cost
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.workers.processes import Pool
from autosnn_hw.stages.final_training.finalists import Finalist, best_of, estimated, finalist, next_chosen, rounds
from autosnn_hw.stages.final_training.limits import expected_excesses, next_within, nothing_keeps, on_validation
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.rungs import by_candidate, climb, finished
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published
from autosnn_hw.stages.run_log import RunLog
from autosnn_hw.stages.schedules import training_epochs
from autosnn_hw.stages.searching import BEST_OF_RANDOM, settings
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent

# What the winner for a crossbar is set against: the same architecture, trained from scratch, deployed there.
REFERENCE = "loihi2"
AS_REFERENCE = f"winner as {REFERENCE}"
TRIES = 3  # candidates that are trained, best first, until one fits its target as trained


@dataclass(frozen=True, eq=False)
class Networks:
    """Results of `NetworkJob`: the winner's and its candidate, the baselines' by name, for a crossbar the winner's as it is
    deployed on Loihi 2, all finalists, the winner's fitness with measured accuracy (None where it cannot be judged), and what each rung measured."""

    winner: TrainedNetwork
    candidate: CandidateRecord
    baselines: dict[str, TrainedNetwork]
    reference: TrainedNetwork | None = None
    finalists: tuple[Finalist, ...] = ()
    fitness: float | None = None
    rungs: tuple[dict[str, Any], ...] = ()


@contextmanager
def trained_beside(config: SearchConfig, prepared: Prepared, folder: RunFolder) -> Iterator[Iterator[TrainedNetwork]]:
    """Within it, the published baselines are trained in processes of their own; gives their results as they come.

    From scratch nothing in them depends on the search, and the super-network is trained by one process: cores that would be
    idle do it. With one worker, or where networks inherit weights, nothing is begun here.
    """
    if config.retrain != "scratch":
        yield iter(())
        return
    spare = prepared.crew.count - (0 if prepared.crew.elsewhere else 1)
    job = network_job(config, folder)
    missing = [a for a in published(prepared, config.baselines).values() if not job.finished(a)]
    if not missing or spare < 1:
        yield iter(())
        return
    with prepared.crew.open(job, most=min(spare, len(missing)), apart=True) as pool:
        yield pool.map(missing)


def train_networks(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    reporter: Reporter,
    found: SearchResult,
    random: SearchResult | None,
    beside: Iterator[TrainedNetwork],
) -> Networks:
    """Make finalists and baselines alike, several at once; what is there already is not made again.

    The winner is the network that is fittest with its final weights, by what it measured on the validation images: a
    finalist, or a baseline, where that is a feasible candidate of the search, too. Networks from scratch on all training
    images cannot be judged so: there it is the best candidate whose trained network fits the target and keeps the limits,
    because near a limit a network can come out larger with its own weights than with inherited ones.

    Raises:
        DoesNotFitError: there are limits, and no network that was made keeps them with its final weights.
    """
    judges, parse = config.retrain != "scratch", prepared.space.parse
    names = dict(published(prepared, config.baselines))
    begun = set() if judges else set(names.values())
    if random is not None:
        names[BEST_OF_RANDOM] = parse(random.winner.genotype)
    job = network_job(config, folder)
    ranked = {record.genotype: record for record in found.ranking}
    results: dict[Architecture, TrainedNetwork] = {}
    climbed = climb(config, prepared, folder, reporter, found, job) if config.rungs > 1 else []
    first = climbed[-1].kept() if climbed else None
    counts = [len(first)] if first is not None else rounds(config.finalists if judges else 1)
    total = len(set(names.values())) + sum(counts)
    reporter.stage("finalists and baselines" if judges else "winner and baselines", total)
    log = RunLog(folder)

    def add(result: TrainedNetwork, architecture: Architecture, here: bool = True) -> None:
        results[architecture] = result
        known = result.accuracy  # what chooses the winner, where there is something; else nothing is chosen by it
        shown = known.exact_test if known.validation is None else known.validation
        said = f"{architecture}: {percent(shown)}" if here else ""
        reporter.advance(len(results), said)
        log.network(result.in_brief(), here=here)

    def network_of(record: CandidateRecord) -> TrainedNetwork:
        architecture = parse(record.genotype)
        if architecture not in results:
            here = not job.finished(architecture)
            add(job(architecture), architecture, here)
        return results[architecture]

    def unjudged() -> Finalist:
        """The best of the ranking whose network fits its target; with limits, that keeps them by what it takes on the validation samples."""
        if not limited:
            record = next((one for one in found.ranking[:TRIES] if network_of(one).fits), found.winner)
            return finalist(record, network_of(record), limits, found.mean_cost)
        made = {name: one for name, one in _as_candidates(results).items() if name in ranked} if judges else {}
        for _ in range(0 if made else TRIES):
            if (next_one := next_within(found, made, limits.constraints)) is None:
                break
            network = network_of(next_one)
            made[next_one.genotype] = on_validation(network, prepared)
            if feasible(made[next_one.genotype], limits.constraints):
                return finalist(next_one, network, limits, found.mean_cost)
        run = shlex.quote(str(folder.path))
        more = f"more finalists may (`autosnn-hw search --resume {run} --finalists {len(made) + 4}`)"
        raise nothing_keeps(
            list(made.values()),
            limits.constraints,
            more if judges else f"--retrain inherit may, which judges more networks than {TRIES}",
        )

    def make(pool: Pool[Architecture, TrainedNetwork], wanted: Iterable[Architecture]) -> None:
        missing = [architecture for architecture in dict.fromkeys(wanted) if architecture not in results]
        fresh = [not job.finished(architecture) for architecture in missing]
        for architecture, here, result in zip(missing, fresh, pool.map(missing)):
            add(result, architecture, here)

    chosen: list[str] = []
    samples, limits = len(prepared.data.x_val), settings(config)
    limited = limits.constraints != Constraints()

    def choose(count: int) -> list[str]:
        excesses = expected_excesses(found, _as_candidates(results), limits.constraints)
        return next_chosen(found, _validated(results), samples, config.lam, count, chosen, excesses=excesses)

    def judge() -> list[Finalist]:
        judged = [*chosen, *(str(a) for a in names.values() if judges and str(a) in ranked)]
        return [
            finalist(ranked[genotype], results[parse(genotype)], limits, found.mean_cost)
            for genotype in dict.fromkeys(judged)
        ]

    with prepared.crew.open(job, most=total) as pool:
        for result in beside:
            add(result, parse(result.architecture))
        for count in counts:
            beside_them = [] if chosen else [a for a in names.values() if a not in begun]
            more = first or choose(count)
            chosen += more
            make(pool, [*(parse(genotype) for genotype in more), *beside_them])
        make(pool, names.values())
        for _ in range(TRIES if limited and judges else 0):  # near a limit all may pass it with their own weights
            if best_of(judge()) is not None or not (more := choose(1)):
                break
            chosen += more
            reporter.stage("one more, as every one passes a limit", len(results) + 1)
            make(pool, map(parse, more))
    known = estimated(found, _validated(results), samples) if judges else {}
    judged = judge()
    best = best_of(judged)
    made = [one for one in judged if one.candidate.genotype in chosen]
    documents = finished(config, prepared, folder, reporter, found, climbed, made) if climbed else []
    at_rungs = by_candidate(documents)
    if known:
        store_accuracies(known, **folder.study(), beside=at_rungs)
    if judges:
        costs = final_costs(found.records, _as_candidates(results))
        rows = [_row(record, known.get(record.genotype), costs, limits) for record in found.records]
        write_table(folder / CANDIDATES, COLUMNS, [row | at_rungs.get(row["genotype"], {}) for row in rows])
    if best is None:
        best = unjudged()
    reference = None
    if has_reference(config, prepared):
        elsewhere, architecture = network_job(config, folder, REFERENCE), parse(best.network.architecture)
        here = not elsewhere.finished(architecture)
        reporter.stage(AS_REFERENCE, training_epochs(elsewhere.config))
        reference = elsewhere(architecture, progress=lambda done, _, text: reporter.advance(done, text))
        log.network(reference.in_brief(), here=here, target=REFERENCE)
    shown = [one for one in judged if one.candidate.genotype in chosen or one is best]
    return Networks(
        winner=best.network,
        candidate=best.candidate,
        baselines={name: results[architecture] for name, architecture in names.items()},
        reference=reference,
        finalists=tuple(shown) if judges else (),
        fitness=best.fitness,
        rungs=tuple(documents),
    )


def _validated(results: Mapping[Architecture, TrainedNetwork]) -> dict[str, float]:
    """Accuracies on the validation images by genotype."""
    known = {str(architecture): network.accuracy.validation for architecture, network in results.items()}
    return {genotype: accuracy for genotype, accuracy in known.items() if accuracy is not None}


def _as_candidates(results: Mapping[Architecture, TrainedNetwork]) -> dict[str, CandidateRecord]:
    """Networks judged on the validation samples with their final weights, by genotype."""
    known = {str(architecture): network.as_candidate for architecture, network in results.items()}
    return {genotype: CandidateRecord.from_json(record) for genotype, record in known.items() if record is not None}


def _row(
    record: CandidateRecord, estimate: AccuracyEstimate | None, costs: FinalCosts, limits: SearchSettings
) -> dict[str, Any]:
    """A candidate's row of candidates.csv with what its accuracy and costs with final weights are, and how that is known."""
    if estimate is None:
        return record.row()
    priced, source = costs.of(record)
    final: dict[str, Any] = {"accuracy_source": estimate.source}
    if estimate.source != INHERITED:
        low, high = estimate.interval() or (None, None)
        final |= {"final_accuracy": estimate.accuracy, "final_accuracy_deviation": estimate.deviation}
        final |= {"final_accuracy_low": low, "final_accuracy_high": high}
    final["cost_source"] = source
    if source != INHERITED and priced.priced:
        final |= {name: value for name, value in _final_costs(priced, limits).items() if value is not None}
    return record.row() | final


def _final_costs(record: CandidateRecord, limits: SearchSettings) -> dict[str, Any]:
    """Costs with final weights, and whether all limits are kept with them."""
    return {
        "final_cost": modelled_cost(record, limits.objective),
        "final_energy": None if record.energy is None else record.energy.value,
        "final_energy_low": None if record.energy is None else record.energy.low,
        "final_energy_high": None if record.energy is None else record.energy.high,
        "final_latency": None if record.latency is None else record.latency.value,
        "final_cores": record.cores,
        "final_feasible": feasible(record, limits.constraints),
    }


def has_reference(config: SearchConfig, prepared: Prepared) -> bool:
    """Whether the winner is trained for `REFERENCE`, too, so that what the target's neurons and weights cost in accuracy can be said."""
    return config.baselines and prepared.profile.learns_slowly


def network_job(
    config: SearchConfig, folder: RunFolder, reference: str | None = None, *, repeat: int = 0
) -> NetworkJob:
    """What trains the networks of a run, into its folder `networks`, or into one therein for another target or another seed."""
    nets = folder / NETWORKS / (f"seed-{repeat}" if repeat else reference or "")
    with writing(nets):
        nets.mkdir(parents=True, exist_ok=True)
    # The reference has other neurons and weights than this super-network: it learns from scratch.
    inherits = config.retrain != "scratch" and reference is None
    job = NetworkJob.of(config, nets, reference, str(folder / SUPERNET) if inherits else None)
    return replace(job, repeat=repeat)
