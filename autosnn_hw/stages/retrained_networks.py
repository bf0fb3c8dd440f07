"""The finalists of a search, its winner, and the networks that it is set beside, all made alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.progress import Reporter
from autosnn_hw.quantities import percent
from autosnn_hw.run_folder import SUPERNET, RunFolder, writing
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.workers import Workers, worker_count
from autosnn_hw.stages.finalists import Finalist, best_of, finalist
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published
from autosnn_hw.stages.retraining import NetworkJob
from autosnn_hw.stages.searching import settings
from autosnn_hw.stages.trained_network import TrainedNetwork

# What the winner for a crossbar is set against: the same architecture, trained from scratch, deployed there.
REFERENCE = "loihi2"
AS_REFERENCE = f"winner as {REFERENCE}"
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
    spare = worker_count(config.workers) - 1
    job = network_job(config, folder)
    missing = [a for a in published(prepared, config.baselines).values() if not job.finished(a)]
    if not missing or spare < 1:
        yield iter(())
        return
    with Workers(job, min(spare, len(missing)), apart=True) as pool:
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

    The winner is the finalist that is best with its final weights, on the validation images. Networks from scratch on all
    training images cannot be judged so: there it is the best candidate whose trained network fits the target, because near
    a limit a network can come out larger with its own weights than with inherited ones.
    """
    judges = config.retrain != "scratch"
    candidates = found.ranking[: config.finalists if judges else 1]
    names = dict(published(prepared, config.baselines))
    begun = set() if judges else set(names.values())
    if random is not None:
        names["best of random"] = _parse(config, random.winner.genotype)
    job = network_job(config, folder)
    distinct = list(dict.fromkeys([*(_parse(config, one.genotype) for one in candidates), *names.values()]))
    reporter.stage("finalists and baselines" if judges else "winner and baselines", len(distinct))
    results: dict[Architecture, TrainedNetwork] = {}

    def add(result: TrainedNetwork, architecture: Architecture) -> None:
        results[architecture] = result
        reporter.advance(len(results), f"{architecture}: {percent(result.accuracy.exact_test)}")

    later = [architecture for architecture in distinct if architecture not in begun]
    with Workers(job, max(1, min(worker_count(config.workers), len(later)))) as pool:
        coming = pool.map(later)
        for result in beside:
            add(result, _parse(config, result.architecture))
        for architecture, result in zip(later, coming):
            add(result, architecture)

    def network_of(record: CandidateRecord) -> TrainedNetwork:
        architecture = _parse(config, record.genotype)
        if architecture not in results:
            add(job(architecture), architecture)
        return results[architecture]

    for architecture in distinct:
        if architecture not in results:
            add(job(architecture), architecture)
    finalists = [finalist(one, network_of(one), settings(config), found.mean_cost) for one in candidates]
    best = best_of(finalists)
    if best is None:
        record = next((one for one in found.ranking[:TRIES] if network_of(one).fits), found.winner)
        best = finalist(record, network_of(record), settings(config), found.mean_cost)
    reference = None
    if config.baselines and prepared.profile.learns_slowly:
        reference = network_job(config, folder, REFERENCE)(_parse(config, best.network.architecture))
    return Networks(
        winner=best.network,
        candidate=best.candidate,
        baselines={name: results[architecture] for name, architecture in names.items()},
        reference=reference,
        finalists=tuple(finalists) if judges else (),
        fitness=best.fitness,
    )


def network_job(config: SearchConfig, folder: RunFolder, reference: str | None = None) -> NetworkJob:
    """What trains the networks of a run, into its folder `networks`, or into one therein for another target."""
    nets = folder / "networks" / (reference or "")
    with writing(nets):
        nets.mkdir(parents=True, exist_ok=True)
    # The reference has other neurons and weights than this super-network: it learns from scratch.
    inherits = config.retrain != "scratch" and reference is None
    return NetworkJob.of(config, nets, reference, str(folder / SUPERNET) if inherits else None)


def _parse(config: SearchConfig, text: str) -> Architecture:
    return Architecture.parse(text, space=config.space, width=config.width, timesteps=config.timesteps)
