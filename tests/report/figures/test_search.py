"""Figures of a search from plain data."""

from autosnn_hw.report.figures.search import search_scatter
from autosnn_hw.report.paper.drawing import draw


def test_a_finalist_stands_where_its_final_weights_put_it():
    candidates = [
        {"genotype": name, "generation": 0, "feasible": True, "accuracy": accuracy, "cost": cost}
        for name, accuracy, cost in (("a", 0.5, 1e-6), ("b", 0.9, 2e-6), ("c", 0.7, 3e-6))
    ]
    figure = search_scatter(candidates, "a", "energy", [{"architecture": "a", "accuracy": 0.95}, {"architecture": "c"}])
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["finalist, its final weights"].y) == [95.0] == list(traces["winner"].y)
    assert list(traces["winner"].x) == [1.0] and list(traces["searched"].y) == [50.0, 90.0, 70.0]
    drawn = draw(figure)  # for paper, too
    assert len(drawn.axes[0].collections) == 3
    without = {trace.name: trace for trace in search_scatter(candidates, "a", "energy").data}
    assert list(without["winner"].y) == [50.0] and "finalist, its final weights" not in without
