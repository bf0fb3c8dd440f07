from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.run_and_price import Samples, measure
from autosnn_hw.simulate.exact import run
from autosnn_hw.simulate.health import examine
from hw_profiles import load


def network(weight, neuron, bias=None):
    return ChipNetwork(
        (InputLayer("in", (weight.shape[1],)), DenseLayer("out", (len(weight),), weight, neuron, bias=bias))
    )


def kinds(net, frames, **options):
    return [(f.kind, f.count, f.total) for f in examine(net, run(net, frames), frames, **options)]


FRAMES = np.ones((2, 3, 4), int)


def test_a_healthy_network_has_no_findings():
    net = network(np.array([[5, -3, 1, 0], [1, 2, 3, 1]]), CubaNeuron(6, 100), np.array([1, 0]))
    assert kinds(net, FRAMES, bias_limit=4095, weight_range=lambda _: (-256, 254)) == []


def test_silent_and_ever_firing_layers_are_named():
    assert kinds(network(np.ones((2, 4), int), CubaNeuron(1000, 4096)), FRAMES) == [("silent", 2, 2)]
    net = network(np.ones((2, 4), int), CubaNeuron(1, 4096))
    assert kinds(net, FRAMES) == [("always_fires", 2, 2)]
    assert "'out' fired everywhere" in examine(net, run(net, FRAMES))[0].sentence


@pytest.mark.parametrize("threshold", [131071, 5000])
def test_a_readout_that_is_read_by_its_voltage_may_be_silent(threshold):
    """What comes before it may not."""
    net = network(np.ones((2, 4), int), CubaNeuron(threshold, 0))
    assert kinds(replace(net, readout=Readout(2, 1, accumulates=True)), FRAMES) == []
    assert kinds(replace(net, readout=Readout(2, 1)), FRAMES) == [("silent", 2, 2)]
    before = DenseLayer("hidden", (4,), np.ones((4, 4)), CubaNeuron(1000, 4096))
    two = ChipNetwork((net.layers[0], before, net.layers[1]), readout=Readout(2, 1, accumulates=True))
    assert [f.layer for f in examine(two, run(two, FRAMES), FRAMES)] == ["hidden"]


def test_biases_and_weights_at_their_limits_are_counted():
    net = network(np.array([[254, 254, -256, 2]]), CubaNeuron(100, 300), np.array([0]))
    assert ("weights_at_limit", 3, 4) in kinds(net, FRAMES, weight_range=lambda _: (-256, 254))
    # One in each channel is what an identity shortcut has.
    net = network(np.array([[254, 3, 0, 0], [-6, 254, 0, 0]]), CubaNeuron(7, 300))
    assert "weights_at_limit" not in [kind for kind, *_ in kinds(net, FRAMES, weight_range=lambda _: (-256, 254))]
    net = network(np.ones((3, 4), int), CubaNeuron(100, 300), np.array([4095, -4095, 7]))
    assert ("bias_at_limit", 2, 3) in kinds(net, FRAMES, bias_limit=4095)


def test_a_current_that_wraps_is_seen_only_where_it_happens():
    net = network(np.array([[100_000, 100_000, 0, 0]]), CubaNeuron(5, 4096))
    assert ("u_wraps", 6, 6) in kinds(net, FRAMES)
    assert "u_wraps" not in [kind for kind, *_ in kinds(net, FRAMES * np.array([1, 0, 1, 1]))]


@pytest.mark.parametrize(
    "weight, target, limits",
    [
        ([[254, 254, 254, -256]], "loihi2", "-256 and 254"),
        ([[127, 127, -128, 1]], "loihi2", "-128 and 127"),
        ([[255, 255, 255, 1]], "loihi2", "-255 and 255"),
        ([[255, -255, 255, 1]], "truenorth", "-255 and 255"),
    ],
)
def test_a_measurement_looks_at_the_weights_that_the_target_can_hold(weight, target, limits):
    net = network(np.array(weight), CubaNeuron(60, 300))
    samples = Samples(FRAMES, None, "made up", "test")
    found = [f for f in measure(net, samples, load(target)).document["health"] if f["kind"] == "weights_at_limit"]
    assert [(f["layer"], f["count"], f["total"]) for f in found] == [("out", 4 if 1 not in weight[0] else 3, 4)]
    assert limits in found[0]["sentence"]
