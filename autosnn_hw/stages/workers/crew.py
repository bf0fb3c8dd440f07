"""Where the evaluations of a run take place: processes of this machine, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.search.workers.cluster import Cluster
from autosnn_hw.search.workers.processes import Pool
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.ranks import require_shares
from autosnn_hw.stages.workers.travelling import Inputs, Travelling
from autosnn_hw.training.ranks.meeting import Meeting
from hw_profiles.loader import read_table

LOCAL = "local"  # of --scheduler: none


class ClusterCrew:
    """The workers of a Dask cluster, as `autosnn_hw.search.workers.processes.Crew`."""

    elsewhere = True

    def __init__(self, cluster: Cluster, inputs: Inputs) -> None:
        self._cluster, self._inputs = cluster, inputs

    @property
    def count(self) -> int:
        """Workers at this moment, at least one: others may come."""
        return max(1, len(self._cluster.client.nthreads()))

    def open(
        self, evaluate: Callable[[Any], Any], *, most: int | None = None, apart: bool = False
    ) -> AbstractContextManager[Pool[Any, Any]]:
        """See `Crew.open`."""
        return self._cluster.pool(Travelling(evaluate, self._inputs))  # type: ignore[arg-type]


@contextmanager
def staffed(config: SearchConfig, prepared: Prepared, meeting: Meeting | None = None) -> Iterator[Prepared]:
    """What a run is made of, with the crew that --scheduler names and the other processes of torchrun.

    Raises:
        InputError: batches too small to be shared, no scheduler answers there, Dask is not installed, or a worker lacks this package.
        RunError: it has no worker.
    """
    if meeting is not None:
        require_shares(config, prepared, meeting.place.count)
        prepared = replace(prepared, meeting=meeting)
    if config.scheduler in (None, LOCAL):
        yield prepared
        return
    cluster = Cluster(str(config.scheduler))
    try:
        yield replace(prepared, crew=ClusterCrew(cluster, Inputs(prepared.data, read_table(config.target))))
    finally:
        cluster.close()
