"""A spike meets exactly the synapses that a brute-force walk over the convolution finds."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.random_layers import Geometry, convolutions, ternary

from autosnn_hw.network import CubaNeuron, DenseLayer
from autosnn_hw.network.connectivity import fan_out

NEURON = CubaNeuron(10, 4096)


ANY = Geometry((1, 4), (1, 3), (0, 2), (1, 2), (1, 2, 3), 9)


@st.composite
def placed(draw):
    source = (draw(st.integers(1, 6)), draw(st.integers(7, 9)), draw(st.integers(7, 9)))
    return draw(convolutions(source, ternary, ANY)), source


def walk(layer, source, zero_weights, columns):
    counts = np.zeros(source, np.int64)
    per_group_in, per_group_out = source[0] // layer.groups, layer.shape[0] // layer.groups
    # Columns beyond the output count, too: a board's counter includes the unused columns of a core's block.
    for o, y, x in itertools.product(range(layer.shape[0]), range(layer.shape[1]), columns):
        for i, a, b in np.ndindex(layer.weight.shape[1:]):
            c = o // per_group_out * per_group_in + i
            iy = y * layer.stride[0] - layer.padding[0] + a * layer.dilation[0]
            ix = x * layer.stride[1] - layer.padding[1] + b * layer.dilation[1]
            if 0 <= iy < source[1] and 0 <= ix < source[2]:
                counts[c, iy, ix] += zero_weights or layer.weight[o, i, a, b] != 0
    return counts


@settings(max_examples=30, deadline=None)
@given(placed(), st.booleans(), st.integers(0, 3), st.integers(0, 9))
def test_a_convolutions_fan_out_is_what_a_walk_over_it_finds(case, zero_weights, first, last):
    layer, source = case
    columns = range(first, last)
    expected = walk(layer, source, zero_weights, columns)
    assert np.array_equal(fan_out(layer, source, zero_weights=zero_weights, columns=columns), expected)


def test_a_dense_layers_fan_out_counts_its_column():
    weight = np.array([[0, 1], [2, 3], [0, 0]])
    layer = DenseLayer("dense", (3,), weight, NEURON)
    assert fan_out(layer, (2, 1, 1)).ravel().tolist() == [1, 2]
    assert fan_out(layer, (2,), zero_weights=True).tolist() == [3, 3]
    assert fan_out(layer, (2,), channels=slice(0, 1)).tolist() == [0, 1]
