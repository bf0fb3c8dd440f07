"""A search on a Dask cluster of other processes is the serial search, whatever becomes of its workers."""

import os
import signal
import subprocess
import sys

import pytest
from support.processes import carrying, dask_processes

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.workers.cluster import Cluster

distributed = pytest.importorskip("distributed", reason="Dask is not installed (the extra `cluster`)")


class On:
    """The crew of a cluster."""

    def __init__(self, cluster):
        self.cluster = cluster

    def open(self, evaluate, *, most=None, apart=False):
        return self.cluster.pool(evaluate)


def test_a_scheduler_that_does_not_answer_is_one_sentence():
    with pytest.raises(InputError, match="no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        Cluster("tcp://127.0.0.1:9", connect=0.5)


def test_what_is_no_address_is_one_sentence():
    with pytest.raises(InputError, match="as in tcp://host:8786"):
        Cluster("nonsense://host:1", connect=0.5)


@pytest.mark.parametrize("address", ["foo", "http://127.0.0.1:1", "tls://127.0.0.1:1"])
def test_a_bad_address_leaves_no_client_that_waits_for_itself(address):
    """What there is of a client is dropped when its process ends."""
    words = (
        "from autosnn_hw.search.workers.cluster import Cluster\n"
        f"try:\n    Cluster({address!r}, connect=0.5)\nexcept ValueError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith("no Dask scheduler answers") and "Traceback" not in done.stderr


@pytest.fixture
def processes():
    """A cluster of two worker processes that are started again when they die."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
    ) as local:
        cluster = Cluster(local.scheduler_address)
        try:
            yield cluster
        finally:
            cluster.close()


@pytest.mark.slow
def test_what_a_function_needs_is_brought_once_and_again_where_it_was_lost(processes):
    carrying.MADE.clear()
    with processes.pool(carrying.Carrying("large")) as pool:
        results = list(pool.map(range(8)))
    assert results[3] == -1 and carrying.MADE == ["large"]
    assert [result[0] - (1 << 20) for number, result in enumerate(results) if number != 3] == [0, 1, 2, 4, 5, 6, 7]
    with processes.pool(carrying.Carrying("large")) as pool:  # kept for the next pool
        coming = pool.map(range(40))
        first = next(coming)
        for pid in processes.client.run(os.getpid).values():
            os.kill(pid, signal.SIGKILL)
        rest = list(coming)
    numbers = [first[0], *(result if result == -1 else result[0] for result in rest)]
    assert numbers == [-1 if number == 3 else (1 << 20) + number for number in range(40)]
    assert carrying.MADE == ["large", "large"]


def serially(synthetic, folder, settings):
    """The same search without a cluster."""
    study = synthetic.study_in(folder / "serial", settings)
    return run_search(synthetic.SPACE, synthetic.evaluate, study, settings, measure=synthetic.measured)


@pytest.mark.slow
def test_a_search_whose_worker_is_killed_is_the_serial_search(synthetic, processes, tmp_path):
    settings = SearchSettings(population=8, generations=3, reference=6, measure=1)
    serial = serially(synthetic, tmp_path, settings)
    killed = []

    def kill(event):
        if event.evaluated == 10 and not killed:
            killed.append(next(iter(processes.client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    study = synthetic.study_in(tmp_path / "cluster", settings)
    result = run_search(
        synthetic.SPACE,
        synthetic.slowly,
        study,
        settings,
        measure=synthetic.measured,
        workers=On(processes),
        progress=kill,
    )
    assert killed and result == serial
    assert len(study.records) == settings.total == len(result.records)


@pytest.mark.slow
def test_a_task_that_ends_every_worker_is_one_sentence(synthetic, processes):
    with pytest.raises(RunError, match="workers with more memory"), processes.pool(synthetic.dying) as pool:
        list(pool.map([synthetic.SPACE.at(0)]))


@pytest.mark.slow
def test_a_search_whose_scheduler_is_killed_goes_on_with_another(synthetic, tmp_path):
    settings = SearchSettings(population=8, generations=3, reference=6, measure=1)
    serial = serially(synthetic, tmp_path, settings)

    def search(tell):
        study = synthetic.study_in(tmp_path / "cluster", settings)
        with dask_processes.running() as (address, scheduler):
            cluster = Cluster(address)
            try:
                return study, run_search(
                    synthetic.SPACE,
                    synthetic.slowly,
                    study,
                    settings,
                    measure=synthetic.measured,
                    workers=On(cluster),
                    progress=lambda event: tell(event, scheduler),
                )
            finally:
                cluster.close()

    def kill(event, scheduler):
        if event.evaluated == 16:
            scheduler.kill()

    with pytest.raises(RunError, match="scheduler at .* is gone; .* --resume goes on"):
        search(kill)
    study, result = search(lambda event, scheduler: None)
    assert result == serial and len(study.records) == settings.total
