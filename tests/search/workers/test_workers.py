"""Processes that evaluate: the same results in the same order, begun at once, and gone when the work is."""

import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection

import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import RunError
from autosnn_hw.search.workers.processes import Workers

ARCHITECTURES = [Architecture.parse(name, width=8, timesteps=4) for name in ("all_SCB_k3", "all_SRB_k3", "AutoSNN")]


@pytest.mark.parametrize(("count", "apart"), [(1, False), (1, True), (2, False)])
def test_results_come_in_order_from_here_or_from_processes_of_their_own(synthetic, count, apart):
    with Workers(synthetic.where, count, apart=apart) as workers:
        results = list(workers.map(ARCHITECTURES))
    assert [name for name, _ in results] == [str(a) for a in ARCHITECTURES]
    here = {process == os.getpid() for _, process in results}
    assert here == {count == 1 and not apart}


@pytest.mark.timeout(300)
def test_other_processes_begin_before_a_result_is_asked_for(synthetic, tmp_path, monkeypatch):
    monkeypatch.setenv("TOUCHED", str(tmp_path / "file"))
    with Workers(synthetic.touch, 1, apart=True) as workers:
        results = workers.map(ARCHITECTURES)
        while len(list(tmp_path.iterdir())) < 3:  # nothing is asked for before all are there
            time.sleep(0.05)
        assert len(list(results)) == 3


@pytest.mark.timeout(300)  # three times 1,000 s are asked for
def test_leaving_with_an_error_ends_the_processes_in_the_middle(synthetic):
    before = set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt), Workers(synthetic.endless, 1, apart=True) as workers:
        workers.map(ARCHITECTURES)
        raise KeyboardInterrupt
    assert set(multiprocessing.active_children()) == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dies", [False, True])
def test_tasks_larger_than_a_pipe_hold_nobody_up_when_their_readers_are_gone(synthetic, dies):
    """A task of megabytes is still being written when its reader ends (CPython gh-94777: the search never ended)."""
    before = set(multiprocessing.active_children())
    work, error = (synthetic.dying, RunError) if dies else (synthetic.endless, KeyboardInterrupt)
    with pytest.raises(error), Workers(work, 2) as workers:
        results = workers.map([bytes(1_000_000)] * 8)
        if not dies:
            raise KeyboardInterrupt
        list(results)
    assert set(multiprocessing.active_children()) == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dies", [False, True])
def test_no_descriptor_is_closed_twice_when_the_pool_ends_by_itself(synthetic, monkeypatch, dies):
    """The pool's own thread closes its pipe when a worker dies; closed here at that moment, it was another's descriptor, or none."""
    close = Connection._close

    def slowly(connection):
        close(connection)
        time.sleep(0.3)  # the descriptor is gone, the object does not know it yet

    monkeypatch.setattr(Connection, "_close", slowly)
    complaints = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    work, error = (synthetic.dying, RunError) if dies else (synthetic.endless, KeyboardInterrupt)
    with pytest.raises(error), Workers(work, 2) as workers:
        results = workers.map(ARCHITECTURES)
        if not dies:
            raise KeyboardInterrupt
        list(results)
    assert complaints == []


def test_a_worker_that_dies_is_said_in_a_sentence(synthetic):
    with pytest.raises(RunError, match="--resume goes on"), Workers(synthetic.dying, 2) as workers:
        list(workers.map(ARCHITECTURES))
