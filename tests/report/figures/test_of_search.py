"""Figures of a search from plain data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.report.figures.of_search import apart, search_scatter
from autosnn_hw.report.paper.drawing import draw


def test_a_finalist_stands_where_its_final_weights_put_it():
    candidates = [
        {"genotype": name, "generation": 0, "feasible": True, "accuracy": accuracy, "cost": cost}
        for name, accuracy, cost in (("a", 0.5, 1e-6), ("b", 0.9, 2e-6), ("c", 0.7, 3e-6))
    ]
    figure = search_scatter(candidates, "a", "energy", [{"architecture": "a", "accuracy": 0.95}, {"architecture": "c"}])
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["measured (finalists)"].y) == [95.0] == list(traces["winner"].y)
    assert list(traces["winner"].x) == [1.0] and list(traces["inherited weights"].y) == [50.0, 90.0, 70.0]
    drawn = draw(figure)  # for paper, too
    assert len(drawn.axes[0].collections) == 3
    without = {trace.name: trace for trace in search_scatter(candidates, "a", "energy").data}
    assert list(without["winner"].y) == [50.0] and "measured (finalists)" not in without


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(0.1, 10))
def test_labels_stand_apart_in_their_order(heights, least):
    moved = apart(heights, least)
    by_height = sorted(range(len(heights)), key=lambda index: heights[index])
    gaps = [moved[b] - moved[a] for a, b in zip(by_height, by_height[1:])]
    assert all(gap >= least * (1 - 1e-6) for gap in gaps)
    assert sum(moved) == pytest.approx(sum(heights), abs=1e-6)
    free = all(b - a >= least for a, b in zip(sorted(heights), sorted(heights)[1:]))
    assert not free or moved == pytest.approx(heights)


def test_three_kinds_of_accuracy_stand_apart_and_the_front_takes_the_best_known():
    rows = (("a", 0.5, 1e-6, "measured", 0.9, 0.01), ("b", 0.6, 2e-6, "corrected", 0.85, 0.02), ("c", 0.7, 3e-6, "corrected", 0.95, 0.03))  # fmt: skip
    candidates = [
        {"genotype": name, "generation": 0, "feasible": True, "accuracy": accuracy, "cost": cost, "energy_low": cost / 2, "energy_high": 2 * cost, "accuracy_source": source, "final_accuracy": final, "final_accuracy_deviation": deviation}
        for name, accuracy, cost, source, final, deviation in rows
    ]  # fmt: skip
    traces = {trace.name: trace for trace in search_scatter(candidates, "a", "energy").data}
    assert list(traces["inherited weights"].y) == [50.0, 60.0, 70.0]
    assert list(traces["corrected (expected)"].y) == [85.0, 95.0]
    measured = traces["measured (finalists)"]
    assert list(measured.y) == [90.0] and measured.error_y.array[0] == pytest.approx(1.96, abs=0.001)
    assert list(traces["front"].y) == [90.0, 95.0]  # b costs more than a and is not better
    assert traces["winner"].error_x.array[0] == pytest.approx(1.0) and traces["winner"].error_x.arrayminus[0] == 0.5
    marked = {t.name: t for t in search_scatter(candidates, "a", "energy", (), [{"name": "AutoSNN", "architecture": "b"}, {"name": "other"}]).data}  # fmt: skip
    assert list(marked["baselines"].y) == [85.0] and marked["baselines"].text[0].startswith("AutoSNN: b")
    assert len(draw(search_scatter(candidates, "a", "energy")).axes[0].containers) == 3  # whiskers, on paper too
