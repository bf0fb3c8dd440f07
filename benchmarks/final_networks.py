"""Networks of a run's architectures with their final weights, made as the run's finalists were, for benchmarks that compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.search.workers.processes import Workers, worker_count
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork


def deployed(config: SearchConfig, run: Path, name: str, chosen: Sequence[Architecture]) -> list[TrainedNetwork]:
    """Networks of architectures with their final weights, made as the run's finalists were."""
    return deployed_together(worker_count(config.workers), (job_of(config, run, name), chosen))[0]


@dataclass(frozen=True)
class OneOfSeveral:
    """A picklable function of (number of a job, architecture)."""

    jobs: tuple[NetworkJob, ...]

    def __call__(self, asked: tuple[int, Architecture]) -> TrainedNetwork:
        number, architecture = asked
        return self.jobs[number](architecture)


def deployed_together(workers: int, *wanted: tuple[NetworkJob, Sequence[Architecture]]) -> list[list[TrainedNetwork]]:
    """The networks of several jobs, made by so many processes that none waits for the end of a job."""
    with Workers(OneOfSeveral(tuple(job for job, _ in wanted)), workers) as pool:
        made = pool.map([(number, one) for number, (_, chosen) in enumerate(wanted) for one in chosen])
        return [list(islice(made, len(chosen))) for _, chosen in wanted]


def job_of(config: SearchConfig, run: Path, name: str) -> NetworkJob:
    """What makes such networks, and knows their files in a folder of the run."""
    folder = run / name
    folder.mkdir(exist_ok=True)
    return NetworkJob.of(config, folder, supernet=str(run / SUPERNET))
