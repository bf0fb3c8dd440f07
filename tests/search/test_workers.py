"""Processes that evaluate: the same results in the same order, begun at once, and gone when the work is."""

import os
import time

import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import RunError
from autosnn_hw.search.workers import Workers

ARCHITECTURES = [Architecture.parse(name, width=8, timesteps=4) for name in ("all_SCB_k3", "all_SRB_k3", "AutoSNN")]


def where(architecture):
    return str(architecture), os.getpid()


def touch(architecture):
    """Leaves a file beside the one that the environment names."""
    path = f"{os.environ['TOUCHED']}-{architecture}"
    open(path, "w").close()
    return path


def die(architecture):
    os._exit(9)


@pytest.mark.parametrize(("count", "apart"), [(1, False), (1, True), (2, False)])
def test_results_come_in_order_from_here_or_from_processes_of_their_own(count, apart):
    with Workers(where, count, apart=apart) as workers:
        results = list(workers.map(ARCHITECTURES))
    assert [name for name, _ in results] == [str(a) for a in ARCHITECTURES]
    here = {process == os.getpid() for _, process in results}
    assert here == {count == 1 and not apart}


def test_other_processes_begin_before_a_result_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("TOUCHED", str(tmp_path / "file"))
    with Workers(touch, 1, apart=True) as workers:
        results = workers.map(ARCHITECTURES)
        deadline = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(list(tmp_path.iterdir())) == 3
        assert len(list(results)) == 3


def test_leaving_with_an_error_ends_the_processes_in_the_middle():
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        with Workers(sleep, 1, apart=True) as workers:
            workers.map(ARCHITECTURES)
            raise KeyboardInterrupt
    assert time.monotonic() - started < 60  # three times 100 s were asked for


def sleep(architecture):
    time.sleep(100)


def test_a_worker_that_dies_is_said_in_a_sentence():
    with pytest.raises(RunError, match="--resume goes on"), Workers(die, 2) as workers:
        list(workers.map(ARCHITECTURES))
