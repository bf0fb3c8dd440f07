import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.random_layers import Geometry, convolutions, generators, ternary

from autosnn_hw.cost.crossbar.axons import (
    axon_spikes,
    axons,
    cluster_taps,
    received,
    source_fan_out,
    synapses_of_source,
    tile_axes,
)
from autosnn_hw.cost.crossbar.layer import crossbar_layer, full_weight, largest_fan_in
from autosnn_hw.network.connectivity import fan_out


@st.composite
def placed_convs(draw):
    """A convolution of any geometry with ternary weights, clusters of its channels and a tile."""
    source = (draw(st.integers(1, 6)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    layer = draw(convolutions(source, ternary, Geometry((1, 3), (1, 3), (0, 2), (1, 3), (1, 2), 6)))
    rng = draw(generators())
    parts = draw(st.integers(1, layer.shape[0]))
    clusters = np.array_split(rng.permutation(layer.shape[0]), parts)
    tile = (draw(st.integers(1, layer.shape[1])), draw(st.integers(1, layer.shape[2])))
    return layer, source, clusters, tile, rng


def _walk(layer, source_shape, clusters, tile):
    """(core, source, type) of every axon and (neuron, source) of every synapse, neuron by neuron."""
    weight = full_weight(layer)
    cluster = {int(c): k for k, members in enumerate(clusters) for c in members}
    used, synapses = set(), []
    for o, c, i, j in zip(*np.nonzero(weight)):
        for y in range(layer.shape[1]):
            for x in range(layer.shape[2]):
                at_y = y * layer.stride[0] + i * layer.dilation[0] - layer.padding[0]
                at_x = x * layer.stride[1] + j * layer.dilation[1] - layer.padding[1]
                if 0 <= at_y < source_shape[1] and 0 <= at_x < source_shape[2]:
                    core = (cluster[int(o)], y // tile[0], x // tile[1])
                    used.add((core, (c, at_y, at_x), weight[o, c, i, j] > 0))
                    synapses.append(((o, y, x), (c, at_y, at_x)))
    return used, synapses


@settings(max_examples=60, deadline=None)
@given(placed_convs())
def test_counts_equal_a_walk_over_all_synapses(case):
    layer, source_shape, clusters, tile, rng = case
    seen = crossbar_layer(layer, source_shape, 4)
    taps, (rows, columns) = cluster_taps(seen, clusters), tile_axes(seen, tile)
    used, synapses = _walk(layer, source_shape, clusters, tile)
    spikes = rng.integers(0, 5, source_shape)
    slots = rng.integers(1, 4, layer.shape)
    counts = axons(taps, rows, columns, len(clusters))
    expected, arriving = np.zeros_like(counts), np.zeros(counts.shape)
    destinations, events = np.zeros(source_shape, int), np.zeros(source_shape)
    meets, fan_in = np.zeros(layer.shape), np.zeros(layer.shape, int)
    for core, source, _ in used:
        expected[core] += 1
        arriving[core] += spikes[source]
        destinations[source] += 1
    for neuron, source in synapses:
        events[source] += slots[neuron]
        meets[neuron] += spikes[source]
        fan_in[neuron] += 1
    assert (counts == expected).all()
    assert (source_fan_out(seen, taps, rows, columns) == destinations).all()
    assert (synapses_of_source(seen, slots) == events).all()
    assert (received(seen, spikes) == meets).all()
    assert np.allclose(axon_spikes(taps, rows, columns, len(clusters), spikes), arriving)
    assert largest_fan_in(layer, source_shape) == fan_in.max()


@settings(max_examples=30, deadline=None)
@given(placed_convs())
def test_one_slot_a_neuron_is_the_fan_out_that_everybody_counts(case):
    layer, source_shape, *_ = case
    seen = crossbar_layer(layer, source_shape, 4)
    assert (synapses_of_source(seen, np.ones(layer.shape)) == fan_out(layer, source_shape)).all()
