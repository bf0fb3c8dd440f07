"""Figures of behaviour: shares of all neurons, and a mark for each spike that the document has."""

import pytest

from autosnn_hw.report.figures.behaviour import firing_rates, raster
from autosnn_hw.report.paper.drawing import draw


def test_shares_of_a_layer_add_up_to_all_its_neurons(behaviour):
    figure = firing_rates(behaviour)
    for index in range(len(behaviour["layers"])):
        assert sum(trace.x[index] for trace in figure.data) == pytest.approx(100)
    assert [trace.name for trace in figure.data][:2] == ["never", "up to 1 %"]


def test_every_spike_has_its_mark_in_its_layers_panel(behaviour):
    figure, found = raster(behaviour), behaviour["raster"]
    assert sum(len(trace.x) for trace in figure.data) == sum(len(layer["spikes"]) for layer in found["layers"])
    middles, ends = figure.layout.xaxis.tickvals, figure.layout.xaxis.range
    assert all(ends[0] < x < ends[1] for trace in figure.data for x in trace.x)
    assert all(min(abs(x - m) for m in middles) <= (found["steps"] - 1) / 2 for trace in figure.data for x in trace.x)
    assert len(draw(figure).axes[0].get_xticks()) == len(found["layers"])
    assert raster({}) is None is firing_rates({})
