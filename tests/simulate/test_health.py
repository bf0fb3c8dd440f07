import numpy as np

from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import run
from autosnn_hw.simulate.health import examine


def network(weight, neuron, bias=None):
    return ChipNetwork(
        (InputLayer("in", (weight.shape[1],)), DenseLayer("out", (len(weight),), weight, neuron, bias=bias))
    )


def kinds(net, frames, **options):
    return [(f.kind, f.count, f.total) for f in examine(net, run(net, frames), frames, **options)]


FRAMES = np.ones((2, 3, 4), int)


def test_a_healthy_network_has_no_findings():
    net = network(np.array([[5, -3, 1, 0], [1, 2, 3, 1]]), CubaNeuron(6, 100), np.array([1, 0]))
    assert kinds(net, FRAMES, bias_limit=4095, weight_limits=(-256, 254)) == []


def test_silent_and_ever_firing_layers_are_named():
    assert kinds(network(np.ones((2, 4), int), CubaNeuron(1000, 4096)), FRAMES) == [("silent", 2, 2)]
    net = network(np.ones((2, 4), int), CubaNeuron(1, 4096))
    assert kinds(net, FRAMES) == [("always_fires", 2, 2)]
    assert "'out' fired everywhere" in examine(net, run(net, FRAMES))[0].sentence


def test_biases_and_weights_at_their_limits_are_counted():
    net = network(np.array([[254, 254, -256, 2]]), CubaNeuron(100, 300), np.array([0]))
    assert ("weights_at_limit", 3, 4) in kinds(net, FRAMES, weight_limits=(-256, 254))
    net = network(np.ones((3, 4), int), CubaNeuron(100, 300), np.array([4095, -4095, 7]))
    assert ("bias_at_limit", 2, 3) in kinds(net, FRAMES, bias_limit=4095)


def test_a_current_that_wraps_is_seen_only_where_it_happens():
    net = network(np.array([[100_000, 100_000, 0, 0]]), CubaNeuron(5, 4096))
    assert ("u_wraps", 6, 6) in kinds(net, FRAMES)
    assert "u_wraps" not in [kind for kind, *_ in kinds(net, FRAMES * np.array([1, 0, 1, 1]))]
