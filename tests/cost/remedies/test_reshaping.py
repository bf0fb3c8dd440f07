"""Networks of a little less stay networks: they are placed, run, and keep what their roles say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cost.remedies.reshaping import groups_of, keep_channels, narrower, regrouped, smaller_kernel
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Role
from autosnn_hw.simulate.exact import run

NEURON = CubaNeuron(3, 4096)


@st.composite
def residual_nets(draw):
    """Input, a grouped convolution whose relays carry the input on, a depthwise pool, a readout."""
    groups, width = draw(st.sampled_from([1, 2, 4])), draw(st.integers(1, 3))
    channels = groups * width
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    own = rng.integers(1, 5, (channels, width, 3, 3))
    relays = np.zeros((channels, width, 3, 3), np.int64)
    relays[np.arange(channels), np.arange(channels) % width, 1, 1] = 8
    weight = np.concatenate([w for pair in zip(np.split(own, groups), np.split(relays, groups)) for w in pair])
    roles = np.tile(np.repeat([Role.OWN, Role.RELAY], width), groups).astype(np.uint8)
    pool = np.full((2 * channels, 1, 2, 2), 9)
    layers = (
        InputLayer("in", (channels, 6, 6)),
        ConvLayer("conv", (2 * channels, 6, 6), weight, NEURON, None, (1, 1), (1, 1), groups=groups, roles=roles),
        ConvLayer("pool", (2 * channels, 3, 3), pool, NEURON, None, (2, 2), groups=2 * channels, roles=roles // 2 * 2),
        DenseLayer("readout", (5,), rng.integers(-9, 9, (5, 18 * channels)), CubaNeuron(2, 0)),
    )
    return ChipNetwork(layers, timesteps=2)


def spikes(network, seed=0):
    rng = np.random.default_rng(seed)
    return run(network, rng.integers(0, 2, (1, 2, *network.layers[0].shape)), path="reference")


@settings(max_examples=40, deadline=None)
@given(residual_nets(), st.integers(1, 63))
def test_a_narrower_network_runs_and_every_relay_carries_what_is_left(network, part):
    narrow = narrower(network, part / 64)
    assert spikes(narrow).outputs.shape == (1, 5)
    before, conv = network.layers[1], narrow.layers[1]
    for layer, wide in zip(narrow.layers[:-1], network.layers[:-1]):
        assert 0 < layer.shape[0] <= wide.shape[0]
    relays = conv.weight[conv.roles == Role.RELAY]
    assert (np.count_nonzero(relays, axis=(1, 2, 3)) == 1).all() and len(relays) == narrow.layers[0].shape[0]
    assert groups_of(conv) <= groups_of(before)


@settings(max_examples=30, deadline=None)
@given(residual_nets(), st.data())
def test_the_layers_after_lose_the_channels_and_nothing_else(network, data):
    own = int((network.layers[1].roles == Role.OWN).sum())
    kept = data.draw(st.integers(1, own))
    changed = keep_channels(network, 1, kept)
    conv, pool, readout = changed.layers[1:]
    assert (conv.roles == Role.OWN).sum() == kept and (conv.roles == Role.RELAY).sum() == own
    assert pool.shape[0] == conv.shape[0] and readout.weight.shape[1] == int(np.prod(pool.shape))
    spikes(changed)
    if kept == own:
        whole = spikes(network)
        assert np.array_equal(spikes(changed).outputs, whole.outputs)


@settings(max_examples=20, deadline=None)
@given(residual_nets())
def test_all_of_the_width_is_the_network(network):
    same = narrower(network, 1.0)
    for layer, old in zip(same.layers[1:], network.layers[1:]):
        assert np.array_equal(layer.weight, old.weight) and layer.roles.tolist() == old.roles.tolist()
    assert [layer.groups for layer in same.layers[1:3]] == [layer.groups for layer in network.layers[1:3]]


def plain(kernel, padding, dilation=(1, 1)):
    size = tuple(9 + 2 * p - d * (k - 1) for k, p, d in zip(kernel, padding, dilation))
    weight = np.arange(8 * 4 * kernel[0] * kernel[1]).reshape(8, 4, *kernel) + 1
    layer = ConvLayer("conv", (8, *size), weight, NEURON, None, (1, 1), padding, dilation)
    return ChipNetwork((InputLayer("in", (4, 9, 9)), layer), timesteps=1)


@pytest.mark.parametrize(
    "kernel, padding, expected",
    [((5, 5), (2, 2), (3, 3)), ((3, 3), (1, 1), (1, 1)), ((5, 3), (2, 1), (3, 3)), ((4, 4), (1, 1), (2, 2))],
)
def test_a_ring_of_taps_less_has_the_same_output(kernel, padding, expected):
    network = plain(kernel, padding)
    small = smaller_kernel(network, 1)
    assert small.layers[1].weight.shape[2:] == expected and small.layers[1].shape == network.layers[1].shape
    spikes(small)


@pytest.mark.parametrize("kernel, padding", [((5, 5), (0, 0)), ((1, 1), (0, 0)), ((2, 2), (1, 1))])
def test_a_kernel_that_cannot_be_cut_stays(kernel, padding):
    assert smaller_kernel(plain(kernel, padding), 1) is None


def test_groups_multiply_until_there_are_too_few_channels():
    network = plain((3, 3), (1, 1))
    assert [groups_of(regrouped(network, 1, factor).layers[1]) for factor in (2, 4)] == [2, 4]
    assert regrouped(network, 1, 8) is None
    assert regrouped(network, 0, 2) is None


def test_nothing_is_left_of_a_layer_without_inputs():
    weight = np.zeros((2, 2, 1, 1), np.int64)
    weight[:, 0] = 1
    layers = (
        InputLayer("in", (2, 1, 1)),
        ConvLayer("first", (2, 1, 1), weight, NEURON),
        ConvLayer("last", (2, 1, 1), weight, NEURON),
    )
    network = ChipNetwork(layers, timesteps=1)
    other = ChipNetwork(
        (layers[0], ConvLayer("first", (2, 1, 1), weight[:, ::-1].copy(), NEURON), layers[2]), timesteps=1
    )
    assert keep_channels(network, 0, 1) is not None
    assert keep_channels(other, 0, 1) is None
