from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.errors import SpikesDifferError
from autosnn_hw.simulate.agreement import require_same_means, require_same_spikes, require_same_trace
from autosnn_hw.simulate.trace import LayerTrace, Trace


def activity(spikes, neuron_spikes):
    layers = (LayerActivity("a", np.zeros((3, 2, 4), int)), LayerActivity("b", spikes, neuron_spikes=neuron_spikes))
    return Activity(layers, samples=2, timesteps=4, outputs=np.zeros((2, 1)))


@pytest.fixture
def measured():
    return activity(np.arange(24).reshape(3, 2, 4), np.array([[1, 2], [3, 4]]))


def test_equal_counts_pass_whether_neurons_are_known_or_not(measured):
    require_same_spikes(measured, measured, "candidate x")
    unknown = replace(measured, layers=tuple(replace(layer, neuron_spikes=None) for layer in measured.layers))
    require_same_spikes(measured, unknown, "candidate x")


def test_the_first_count_that_differs_is_named(measured):
    spikes = np.arange(24).reshape(3, 2, 4)
    spikes[1, 1, 2] = spikes[2, 0, 0] = 99
    with pytest.raises(SpikesDifferError) as error:
        require_same_spikes(measured, activity(spikes, None), "candidate x")
    sentence = "candidate x: layer 'b', sample 1, step 2: Lava counted 99 spikes, the exact simulator 14."
    assert str(error.value) == sentence and error.value.exit_code == 4


def test_equal_sums_of_other_neurons_are_a_difference(measured):
    other = activity(np.arange(24).reshape(3, 2, 4), np.array([[2, 1], [3, 4]]))
    with pytest.raises(
        SpikesDifferError, match=r"layer 'b', neuron \(0, 0\): Lava counted 2 spikes, the exact simulator 1"
    ):
        require_same_spikes(measured, other, "candidate x")


def test_a_trace_that_differs_names_the_sample_by_its_number_in_the_run():
    spikes = np.zeros((2, 3, 5), np.uint8)
    changed = spikes.copy()
    changed[1, 2, 4] = 1
    traces = [Trace((LayerTrace("a", values),)) for values in (spikes, changed)]
    require_same_trace(traces[0], traces[0])
    with pytest.raises(
        SpikesDifferError, match=r"layer 'a', sample 11, step 2, neuron \(4,\): spikes is 0 and 1 \(1 values"
    ):
        require_same_trace(*traces, first=10)


def test_means_may_differ_by_rounding_and_only_where_both_are_known():
    means = {"spikes": 100.0, "synops": 3.0, "energy": 1.0}
    rounded = {"spikes": 100.0 * (1 + 1e-12), "energy": 2.0}
    require_same_means(means, rounded, ("spikes", "synops"), "candidate x: lava", 16)
    with pytest.raises(
        SpikesDifferError, match=r"candidate x: lava counted 101 spikes per inference .* 100 \(16 samples"
    ):
        require_same_means(means, {"spikes": 101.0}, ("spikes", "synops"), "candidate x: lava", 16)
