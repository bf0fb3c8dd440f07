"""The claims of docs/cost-model.md hold: published measurements, SANA-FE, nengo-loihi."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import cost_accuracy
import cost_loihi1
import cost_points
import cost_sanafe
import pytest

SANAFE = Path(cost_sanafe.__file__)


@pytest.fixture(scope="module")
def points():
    found = (*cost_loihi1.loihi1_points(), *cost_points.truenorth_points())
    return [point.to_json() for point in found]


def test_quartz_on_loihi_1_is_predicted_without_a_fit(points):
    energies = [p for p in points if p["name"].startswith("Quartz MNIST, t_max") and p["unit"] == "J"]
    assert len(energies) == 5
    for point in energies:
        assert point["inside"] and abs(point["relative_error"]) < 0.20 and not point["fitted"]
    (step,) = [p for p in points if p["name"].startswith("Quartz") and p["quantity"] == "time per step"]
    assert abs(step["relative_error"]) < 0.25


def test_dynamic_energies_lie_in_intervals_no_wider_than_a_factor_of_three(points):
    """The goal is nine of ten; the one outside is the same network on more cores, in a run bound by its input."""
    energies = [p for p in points if p["quantity"].startswith("dynamic energy")]
    assert len(energies) == 14
    assert [p["name"] for p in energies if not p["inside"]] == ["Quartz MNIST, 18 cores, t_max 8"]
    assert all(p["width"] <= 3 for p in energies if not p["activity"].startswith("unknown"))


def test_where_spikes_are_unknown_the_range_of_activities_holds_what_was_measured(points):
    unknown = [p for p in points if p["activity"].startswith("unknown")]
    assert len(unknown) == 6 and all(p["inside"] and not p["fitted"] for p in unknown)


def test_static_power_attributed_to_cores_holds_for_mappings_that_it_was_not_taken_from(points):
    left_out = [p for p in points if p["quantity"] == "static power" and not p["fitted"]]
    assert len(left_out) == 2 and all(abs(p["relative_error"]) < 0.20 for p in left_out)


def test_truenorth_rates_are_within_five_percent_even_when_left_out(points):
    sweep = [p for p in points if p["name"].startswith("rate sweep")]
    assert len(sweep) == 3
    assert all(abs(p["relative_error"]) < 0.05 and abs(p["left_out_error"]) < 0.05 for p in sweep)


def test_what_was_tried_for_the_missed_figures_is_as_the_document_says():
    tried = cost_loihi1.second_ways()
    static = [entry for entry in tried["static power attributed to used cores"].values() if isinstance(entry, dict)]
    left_out = [entry for entry in static if not entry["fitted"]]
    assert len(left_out) == 3 and all(abs(entry["cores to a power"]) < 0.20 for entry in left_out)
    assert any(abs(entry["constant a core"]) > 0.20 for entry in left_out)
    for way in tried["NCL MNIST time per step"].values():
        assert way["low"] < way["measured"] < way["high"]
    assert tried["NCL MNIST time per step"]["14 cores, NxTF's count for such a net"]["cores"] == 14


@pytest.mark.slow
def test_sanafe_counts_and_charges_the_same():
    """SANA-FE (GPL) runs in a process of its own, on edges listed one by one."""
    if importlib.util.find_spec("sanafe") is None:
        pytest.skip("sanafe, the independent simulator, is not installed")
    command = [sys.executable, str(SANAFE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=550, check=True)
    entries = json.loads(done.stdout)
    assert len(entries) >= 3
    for entry in entries:
        for count in ("spikes", "synops", "neuron_updates", "messages"):
            assert entry["ours"][count] == entry["sanafe"][count] > 1000
        assert entry["ratio"]["energy"] == pytest.approx(1.0, rel=1e-6)
        assert 0.75 < entry["ratio"]["time_per_step"] < 1.25


@pytest.mark.slow
def test_nengo_loihi_gives_the_same_verdicts():
    if "NENGO_LOIHI_PYTHON" not in os.environ and importlib.util.find_spec("nengo_loihi") is None:
        pytest.skip("nengo-loihi is not installed; NENGO_LOIHI_PYTHON may name a Python that has it")
    found = cost_accuracy.nengo_loihi()
    assert (
        found["ran"]
        and len(found["table"]) == 14
        and all((row["ours"] is None) == (row["nengo_loihi"] is None) for row in found["table"])
    )
