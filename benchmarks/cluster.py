"""Sizes of the tasks that a search gives to workers, what a Dask cluster adds to each, and what more workers would give.

    python benchmarks/cluster.py --json
    python benchmarks/cluster.py --scheduler tcp://host:8786

Without --scheduler two worker processes of this machine are started. Measured on digits with the default sizes (C = 8, T = 4; the
super-network is trained for one epoch, which changes no duration): a candidate, a subtree of the walk, a finalist that goes on from
inherited weights with the default epochs, and `overhead`, the seconds of the scheduler and of this process for each of many tasks that
do nothing. `first` is what a worker's first task takes longer: it imports the program and loads what it was sent.

The forecast for n workers and k tasks of t seconds is max(k overhead, ceil(k / n) t) + first: the scheduler hands out one task after
the other, the tasks of a stage are alike, and a stage waits for the last of them. Finalists are made in rounds that wait for one
another, because what the first have measured chooses the next; baselines are made in the first round. It leaves out what machines
differ in.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autosnn_hw.pipeline import config_for
from autosnn_hw.search.walking.walk import subtrees
from autosnn_hw.search.workers.cluster import Cluster
from autosnn_hw.stages.final_training.finalists import rounds
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.stages.time_and_cost.search_estimate import beside
from autosnn_hw.stages.workers.crew import ClusterCrew
from autosnn_hw.stages.workers.travelling import Inputs
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet
from hw_profiles.loader import read_table

EMPTY = 1000  # tasks that do nothing
FORECAST = (1, 2, 10, 100, 1000)


def nothing(task: int) -> int:
    """A task that does nothing."""
    return task


@contextmanager
def cluster_at(scheduler: str | None) -> Iterator[Cluster]:
    """The cluster of an address, or two processes here."""
    if scheduler is not None:
        cluster = Cluster(scheduler)
        try:
            yield cluster
        finally:
            cluster.close()
        return
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
    ) as local:
        cluster = Cluster(local.scheduler_address)
        try:
            yield cluster
        finally:
            cluster.close()


def seconds(pool: Any, tasks: Sequence[Any]) -> float:
    """Until all results are there."""
    began = time.perf_counter()
    for _ in pool.map(tasks):
        pass
    return time.perf_counter() - began


def measured(cluster: Cluster, folder: Path) -> dict[str, Any]:
    """Seconds by kind of task, as one worker takes them."""
    config = config_for({})
    prepared = prepare(config)
    supernet = folder / "supernet.safetensors"
    train_supernet(
        prepared.data,
        genes=prepared.space.genes,
        schedule=Schedule(1, 1e-2, 32),
        checkpoint=supernet,
        must_learn=False,
    )
    crew = ClusterCrew(cluster, Inputs(prepared.data, read_table(config.target)))
    workers, space = crew.count, prepared.space
    judge = CandidateEvaluator(str(supernet), config.dataset, None, config.target, float_view=False)
    with cluster.pool(nothing) as pool:
        seconds(pool, range(2 * workers))
        overhead = seconds(pool, range(EMPTY)) / EMPTY
    candidates = [space.at(17 * number) for number in range(18 * workers)]
    with crew.open(judge) as pool:
        first = seconds(pool, candidates[:workers])
        candidate = seconds(pool, candidates[workers:]) * workers / (len(candidates) - workers)
    with crew.open(SubtreeEvaluator(judge, space, str(folder))) as pool:
        chosen = subtrees(space)[: 3 * workers]
        seconds(pool, chosen[:workers])
        subtree = seconds(pool, chosen[workers:]) * workers / (len(chosen) - workers)
    with crew.open(NetworkJob.of(config, folder, supernet=str(supernet))) as pool:
        network = seconds(pool, [space.at(999 + number) for number in range(workers)])
    return {
        "workers": workers,
        "overhead": overhead,
        "first": max(0.0, first - candidate),
        "bytes": prepared.data.x_train.nbytes
        + prepared.data.x_val.nbytes
        + prepared.data.x_test.nbytes
        + supernet.stat().st_size,
        "candidate": candidate,
        "subtree": subtree,
        "subtrees": len(subtrees(space)),
        "network": network,
        "networks": sum(made_together := rounds_of_networks(config.finalists, beside(config, prepared).baselines)),
        "rounds": made_together,
        "candidates": config.pool,  # of a generation
    }


def forecast(tasks: int, each: float, workers: int, overhead: float, first: float) -> float:
    """Seconds of a stage of equal tasks."""
    return max(tasks * overhead, math.ceil(tasks / workers) * each) + first


def rounds_of_networks(finalists: int, baselines: int) -> list[int]:
    """How many networks are trained at once, round by round, as `train_networks` does it with inherited weights and one rung."""
    first, *later = rounds(finalists)
    return [first + baselines, *later]


def in_rounds(together: Sequence[int], each: float, workers: int, overhead: float, first: float) -> float:
    """Seconds of rounds of equal tasks, each of which waits for the one before."""
    return sum(forecast(tasks, each, workers, overhead, 0.0) for tasks in together) + first


def stages(found: dict[str, Any], workers: int) -> dict[str, float]:
    """Forecast seconds by stage."""
    kinds = {
        "generation": ([found["candidates"]], "candidate"),
        "walk": ([found["subtrees"]], "subtree"),
        "networks": (found["rounds"], "network"),
    }
    extra = found["overhead"], found["first"]
    return {name: in_rounds(together, found[each], workers, *extra) for name, (together, each) in kinds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler", default=None, metavar="tcp://HOST:PORT")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster_at(asked.scheduler) as cluster:
        found = measured(cluster, Path(folder))
    found["forecast"] = {str(workers): stages(found, workers) for workers in FORECAST}
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name in ("overhead", "first", "candidate", "subtree", "network"):
        print(f"{name:10} {found[name]:9.4f} s")
    print(f"\n{'workers':>8}" + "".join(f"{name:>12}" for name in stages(found, 1)))
    for workers, values in found["forecast"].items():
        print(f"{workers:>8}" + "".join(f"{value:>10.1f} s" for value in values.values()))


if __name__ == "__main__":
    main()
