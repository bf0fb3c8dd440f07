"""The forecast of benchmarks/cluster.py: bounded by the work, by the longest task, and by the scheduler."""

import re
from pathlib import Path

import cluster
import pytest

from autosnn_hw.stages.final_training.finalists import rounds


@pytest.mark.parametrize("workers", [1, 2, 10, 25, 1000])
def test_a_stage_takes_no_less_than_its_work_its_task_and_its_scheduler(workers):
    seconds = cluster.forecast(25, 2.0, workers, 0.001, 3.0)
    assert seconds >= max(25 * 2.0 / workers, 2.0, 25 * 0.001) + 3.0
    assert seconds == 3.0 + {1: 50.0, 2: 26.0, 10: 6.0, 25: 2.0, 1000: 2.0}[workers]


def test_many_small_tasks_wait_for_the_scheduler():
    assert cluster.forecast(10_000, 0.001, 1000, 0.002, 0.0) == 20.0


def test_finalists_are_made_in_the_rounds_of_the_search():
    assert cluster.rounds_of_networks(8, 4) == [8, 2, 2]
    assert len(cluster.rounds_of_networks(40, 4)) == 19
    for finalists in range(1, 30):
        together = cluster.rounds_of_networks(finalists, 4)
        assert sum(together) == finalists + 4 and together[1:] == rounds(finalists)[1:]


@pytest.mark.parametrize("workers", [1, 2, 8, 1000])
def test_a_round_waits_for_the_one_before(workers):
    """However many workers there are, rounds take their number of trainings."""
    seconds = cluster.in_rounds([8, 2, 2], 10.0, workers, 0.001, 3.0)
    assert seconds == 3.0 + {1: 120.0, 2: 60.0, 8: 30.0, 1000: 30.0}[workers]


def numbers_in(line):
    """Of a table's row the numbers, whatever unit stands behind them."""
    return [float(value.replace(",", "")) for value in re.findall(r"(?<![\w.])[\d,]*\d(?:\.\d+)?", line)]


def test_the_documented_forecast_is_computed_from_the_documented_task_sizes():
    text = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
    text = text[text.index("## What 10 and 1,000 workers give") :]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    sizes = {
        name.split("(")[0].split(",")[0].strip(): float(value)
        for name, value in (r for r in rows if len(r) == 2)
        if "." in value or value.strip().isdigit()
    }
    found = {
        "overhead": sizes["overhead a task"], "first": sizes["first task of a worker"], "candidate": sizes["candidate"],
        "subtree": sizes["subtree of the walk"], "network": sizes["finalist or baseline"],
        "candidates": 20, "subtrees": 25, "rounds": cluster.rounds_of_networks(8, 4),
    }  # fmt: skip
    table = [numbers_in("|".join(row)) for row in rows if len(row) == 4 and row[0].strip().replace(",", "").isdigit()]
    assert [row[0] for row in table] == [1, 2, 10, 1000]
    for workers, *said in table:
        computed = cluster.stages(found, int(workers)).values()
        assert said == pytest.approx(list(computed), rel=0.01, abs=0.051)
    more = cluster.in_rounds(
        cluster.rounds_of_networks(40, 4), found["network"], 1000, found["overhead"], found["first"]
    )
    assert f"{more / 60:.0f} minutes" in text  # of forty finalists
