"""The forecast of benchmarks/cluster.py: bounded by the work, by the longest task, and by the scheduler."""

import cluster
import pytest


@pytest.mark.parametrize("workers", [1, 2, 10, 25, 1000])
def test_a_stage_takes_no_less_than_its_work_its_task_and_its_scheduler(workers):
    seconds = cluster.forecast(25, 2.0, workers, 0.001, 3.0)
    assert seconds >= max(25 * 2.0 / workers, 2.0, 25 * 0.001) + 3.0
    assert seconds == 3.0 + {1: 50.0, 2: 26.0, 10: 6.0, 25: 2.0, 1000: 2.0}[workers]


def test_many_small_tasks_wait_for_the_scheduler():
    assert cluster.forecast(10_000, 0.001, 1000, 0.002, 0.0) == 20.0
