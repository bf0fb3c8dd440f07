"""The finalists of a search, its winner, and the networks that it is set beside, all made alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import CANDIDATES, SUPERNET, RunFolder, write_table, writing
from autosnn_hw.search.candidate import COLUMNS, CandidateRecord
from autosnn_hw.search.database.stored_accuracy import store_accuracies
from autosnn_hw.search.ranking.final_accuracy import INHERITED, Estimate, estimates, promising
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.workers.processes import Pool
from autosnn_hw.stages.final_training.finalists import Finalist, best_of, finalist
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published
from autosnn_hw.stages.searching import BEST_OF_RANDOM, settings
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent

# What the winner for a crossbar is set against: the same architecture, trained from scratch, deployed there.
REFERENCE = "loihi2"
AS_REFERENCE = f"winner as {REFERENCE}"
FIRST, TOGETHER = 4, 2  # finalists of the first round, and of each later one
TRIES = 3  # candidates that are trained, best first, until one fits its target as trained


@dataclass(frozen=True, eq=False)
class Networks:
    """Results of `NetworkJob`: the winner's and its candidate, the baselines' by name, for a crossbar the winner's as it is
    deployed on Loihi 2, all finalists, and the winner's fitness with measured accuracy (None where it cannot be judged)."""

    winner: TrainedNetwork
    candidate: CandidateRecord
    baselines: dict[str, TrainedNetwork]
    reference: TrainedNetwork | None = None
    finalists: tuple[Finalist, ...] = ()
    fitness: float | None = None


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
    images cannot be judged so: there it is the best candidate whose trained network fits the target, because near a limit a
    network can come out larger with its own weights than with inherited ones.
    """
    judges, parse = config.retrain != "scratch", prepared.space.parse
    names = dict(published(prepared, config.baselines))
    begun = set() if judges else set(names.values())
    if random is not None:
        names[BEST_OF_RANDOM] = parse(random.winner.genotype)
    job = network_job(config, folder)
    ranked = {record.genotype: record for record in found.ranking}
    results: dict[Architecture, TrainedNetwork] = {}
    total = len(set(names.values())) + (config.finalists if judges else 1)
    reporter.stage("finalists and baselines" if judges else "winner and baselines", total)

    def add(result: TrainedNetwork, architecture: Architecture) -> None:
        results[architecture] = result
        reporter.advance(len(results), f"{architecture}: {percent(result.accuracy.exact_test)}")

    def network_of(record: CandidateRecord) -> TrainedNetwork:
        architecture = parse(record.genotype)
        if architecture not in results:
            add(job(architecture), architecture)
        return results[architecture]

    def make(pool: Pool[Architecture, TrainedNetwork], wanted: Iterable[Architecture]) -> None:
        missing = [architecture for architecture in dict.fromkeys(wanted) if architecture not in results]
        for architecture, result in zip(missing, pool.map(missing)):
            add(result, architecture)

    chosen: list[str] = []
    with prepared.crew.open(job, most=total) as pool:
        for result in beside:
            add(result, parse(result.architecture))
        for count in rounds(config.finalists if judges else 1):
            if not chosen:
                chosen = list(ranked)[:count]
                make(pool, [*(parse(one) for one in chosen), *(a for a in names.values() if a not in begun)])
            else:
                known = _estimated(config, prepared, found, results)
                near = {genotype: estimate for genotype, estimate in known.items() if genotype in ranked}
                costs = {genotype: record.cost or 0.0 for genotype, record in ranked.items()}
                more = promising(near, costs, config.lam, count, chosen)
                chosen += more
                make(pool, [parse(genotype) for genotype in more])
        make(pool, names.values())
    known = _estimated(config, prepared, found, results) if judges else {}
    judged = [
        finalist(ranked[genotype], results[parse(genotype)], settings(config), found.mean_cost)
        for genotype in dict.fromkeys([*chosen, *(str(a) for a in names.values() if judges and str(a) in ranked)])
    ]
    best = best_of(judged)
    if best is None:
        record = next((one for one in found.ranking[:TRIES] if network_of(one).fits), found.winner)
        best = finalist(record, network_of(record), settings(config), found.mean_cost)
    if known:
        store_accuracies(known, **folder.study())
    if judges:
        write_table(
            folder / CANDIDATES, COLUMNS, [_row(record, known.get(record.genotype)) for record in found.records]
        )
    reference = None
    if config.baselines and prepared.profile.learns_slowly:
        reference = network_job(config, folder, REFERENCE)(parse(best.network.architecture))
    shown = [one for one in judged if one.candidate.genotype in chosen or one is best]
    return Networks(
        winner=best.network,
        candidate=best.candidate,
        baselines={name: results[architecture] for name, architecture in names.items()},
        reference=reference,
        finalists=tuple(shown) if judges else (),
        fitness=best.fitness,
    )


def rounds(finalists: int) -> list[int]:
    """How many finalists are trained at a time: the best by the search's ranking, then two at a time, each pair chosen by what is
    known until then. More finalists begin with the same ones, and no result depends on the number of workers."""
    first = min(FIRST, finalists)
    pairs, single = divmod(finalists - first, TOGETHER)
    return [first, *[TOGETHER] * pairs, *[1] * single]


def _estimated(
    config: SearchConfig, prepared: Prepared, found: SearchResult, results: Mapping[Architecture, TrainedNetwork]
) -> dict[str, Estimate]:
    """What the networks made so far say of all candidates."""
    measured = {
        str(architecture): network.accuracy.validation
        for architecture, network in results.items()
        if network.accuracy.validation is not None
    }
    costs = {record.genotype: record.cost for record in found.records if record.cost is not None}
    return estimates(found.records, measured, len(prepared.data.x_val), costs)


def _row(record: CandidateRecord, estimate: Estimate | None) -> dict[str, Any]:
    """A candidate's row of candidates.csv with what its accuracy with final weights is, and how that is known."""
    if estimate is None:
        return record.row()
    final: dict[str, Any] = {"accuracy_source": estimate.source}
    if estimate.source != INHERITED:
        low, high = estimate.interval() or (None, None)
        final |= {"final_accuracy": estimate.accuracy, "final_accuracy_deviation": estimate.deviation}
        final |= {"final_accuracy_low": low, "final_accuracy_high": high}
    return record.row() | final


def network_job(
    config: SearchConfig, folder: RunFolder, reference: str | None = None, *, repeat: int = 0
) -> NetworkJob:
    """What trains the networks of a run, into its folder `networks`, or into one therein for another target or another seed."""
    nets = folder / "networks" / (f"seed-{repeat}" if repeat else reference or "")
    with writing(nets):
        nets.mkdir(parents=True, exist_ok=True)
    # The reference has other neurons and weights than this super-network: it learns from scratch.
    inherits = config.retrain != "scratch" and reference is None
    job = NetworkJob.of(config, nets, reference, str(folder / SUPERNET) if inherits else None)
    return replace(job, repeat=repeat)
