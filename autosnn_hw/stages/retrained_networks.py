"""The winner and the networks that it is set beside, all trained alike; those that no search decides, while others work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.progress import Reporter
from autosnn_hw.quantities import percent
from autosnn_hw.run_folder import RunFolder, writing
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.workers import Workers, worker_count
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published
from autosnn_hw.stages.retraining import NetworkJob
from autosnn_hw.stages.trained_network import TrainedNetwork

# What the winner for a crossbar is set against: the same architecture, trained alike, deployed there.
REFERENCE = "loihi2"
AS_REFERENCE = f"winner as {REFERENCE}"
TRIES = 3  # candidates that are trained, best first, until one fits its target as trained


@dataclass(frozen=True, eq=False)
class Networks:
    """Results of `NetworkJob`: the winner's and its candidate, the baselines' by name, and for a crossbar the winner's as it
    is deployed on Loihi 2."""

    winner: TrainedNetwork
    candidate: CandidateRecord
    baselines: dict[str, TrainedNetwork]
    reference: TrainedNetwork | None = None


@dataclass(frozen=True)
class Retraining:
    """A picklable function of an architecture: trains it for the run's target, and the one named for the reference, too."""

    job: NetworkJob
    reference: NetworkJob | None
    compared: Architecture

    def __call__(self, architecture: Architecture) -> TrainedNetwork:
        if self.reference is not None and architecture == self.compared:
            self.reference(architecture)  # leaves its result in its folder
        return self.job(architecture)


@contextmanager
def trained_beside(config: SearchConfig, prepared: Prepared, folder: RunFolder) -> Iterator[Iterator[TrainedNetwork]]:
    """Within it, the published baselines are trained in processes of their own; gives their results as they come.

    Nothing in them depends on the search, and the super-network is trained by one process: cores that would be idle do it.
    With one worker nothing is begun here.
    """
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
    """Train the winner and the baselines alike, several at once; what is there already is not trained again.

    The winner is the best candidate whose trained network fits the target: near a limit a network can come out larger with
    its own weights than with inherited ones.
    """
    best, given = _parse(config, found.winner.genotype), published(prepared, config.baselines)
    names = dict(given)
    if random is not None:
        names["best of random"] = _parse(config, random.winner.genotype)
    job, reference = network_job(config, folder), None
    if config.baselines and prepared.profile.learns_slowly:
        reference = network_job(config, folder, REFERENCE)
    distinct = list(dict.fromkeys([best, *names.values()]))
    reporter.stage("winner and baselines", len(distinct))
    begun = set(given.values())
    results: dict[Architecture, TrainedNetwork] = {}

    def add(result: TrainedNetwork, architecture: Architecture) -> None:
        results[architecture] = result
        reporter.advance(len(results), f"{architecture}: {percent(result.accuracy.exact_test)}")

    later = [architecture for architecture in distinct if architecture not in begun]
    retraining = Retraining(job, reference, best)
    with Workers(retraining, max(1, min(worker_count(config.workers), len(later)))) as pool:
        coming = pool.map(later)
        for result in beside:
            add(result, _parse(config, result.architecture))
        for architecture, result in zip(later, coming):
            add(result, architecture)
    for architecture in distinct:
        if architecture not in results:
            add(job(architecture), architecture)
    candidate = found.winner
    for record in found.ranking[:TRIES]:
        architecture = _parse(config, record.genotype)
        if architecture not in results:
            add(job(architecture), architecture)
        if results[architecture].fits:
            best, candidate = architecture, record
            break
    baselines = {name: results[architecture] for name, architecture in names.items()}
    return Networks(results[best], candidate, baselines, None if reference is None else reference(best))


def network_job(config: SearchConfig, folder: RunFolder, reference: str | None = None) -> NetworkJob:
    """What trains the networks of a run, into its folder `networks`, or into one therein for another target."""
    nets = folder / "networks" / (reference or "")
    with writing(nets):
        nets.mkdir(parents=True, exist_ok=True)
    return NetworkJob.of(config, nets, reference)


def _parse(config: SearchConfig, text: str) -> Architecture:
    return Architecture.parse(text, space=config.space, width=config.width, timesteps=config.timesteps)
