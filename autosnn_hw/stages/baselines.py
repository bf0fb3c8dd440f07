"""The winner and the networks that it is set beside, all trained alike; those that no search decides, while others work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.report.progress import Reporter
from autosnn_hw.run_folder import RunFolder, writing
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.workers import Workers
from autosnn_hw.stages.networks import NetworkJob
from autosnn_hw.stages.workers import worker_count

PUBLISHED = ("all_SCB_k3", "all_SRB_k3", "AutoSNN")


@dataclass(frozen=True, eq=False)
class Networks:
    """Results of `NetworkJob` by name: the winner, then the baselines."""

    winner: dict[str, Any]
    baselines: dict[str, dict[str, Any]]


@contextmanager
def trained_beside(config: SearchConfig, folder: RunFolder) -> Iterator[Iterator[dict[str, Any]]]:
    """Within it, the published baselines are trained in processes of their own; gives their results as they come.

    Nothing in them depends on the search, and the super-network is trained by one process: cores that would be idle do it.
    With one worker nothing is begun here.
    """
    spare = worker_count(config.workers) - 1
    job = network_job(config, folder)
    missing = [architecture for architecture in published(config).values() if not job.finished(architecture)]
    if not missing or spare < 1:
        yield iter(())
        return
    with Workers(job, min(spare, len(missing)), apart=True) as pool:
        yield pool.map(missing)


def train_networks(
    config: SearchConfig,
    folder: RunFolder,
    reporter: Reporter,
    found: SearchResult,
    random: SearchResult | None,
    beside: Iterator[dict[str, Any]],
) -> Networks:
    """Train the winner and the baselines alike, several at once; what is there already is not trained again."""
    names = {"winner": _parse(config, found.winner.genotype), **published(config)}
    if random is not None:
        names["best of random"] = _parse(config, random.winner.genotype)
    job = network_job(config, folder)
    distinct = list(dict.fromkeys(names.values()))
    reporter.stage("winner and baselines", len(distinct))
    begun = set(published(config).values())
    results: dict[Architecture, dict[str, Any]] = {}

    def add(result: dict[str, Any], architecture: Architecture) -> None:
        results[architecture] = result
        reporter.advance(len(results), f"{architecture}: {100 * result['accuracy']['exact_test']:.1f} %")

    later = [architecture for architecture in distinct if architecture not in begun]
    with Workers(job, max(1, min(worker_count(config.workers), len(later)))) as pool:
        coming = pool.map(later)
        for result in beside:
            add(result, _parse(config, result["architecture"]))
        for architecture, result in zip(later, coming):
            add(result, architecture)
    for architecture in distinct:
        if architecture not in results:
            add(job(architecture), architecture)
    chosen = {name: results[architecture] for name, architecture in names.items()}
    return Networks(chosen.pop("winner"), chosen)


def published(config: SearchConfig) -> dict[str, Architecture]:
    """The baselines that no search decides, by name."""
    if not config.baselines or config.space == "SNN_3":
        return {}
    return {name: _parse(config, name) for name in PUBLISHED}


def network_job(config: SearchConfig, folder: RunFolder) -> NetworkJob:
    """What trains the networks of a run, into its folder `networks`."""
    nets = folder / "networks"
    with writing(nets):
        nets.mkdir(exist_ok=True)
    return NetworkJob(
        str(nets),
        config.dataset,
        config.data_dir,
        config.target,
        config.retrain_epochs,
        config.finetune_epochs,
        config.seed,
        config.device,
        config.learning_rate,
        config.batch,
    )


def _parse(config: SearchConfig, text: str) -> Architecture:
    return Architecture.parse(text, space=config.space, width=config.width, timesteps=config.timesteps)
