import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autosnn_hw.cost.crossbar.axon_types import assign_types, clusterings, distinct_weights
from autosnn_hw.network.connectivity import components

shapes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
small_weights = shapes.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(-2, 2)))


@given(small_weights)
def test_types_give_back_every_weight(weight):
    types, table = assign_types(weight, 4)
    assert ((types != 0) == (weight != 0)).all()
    channel, *_ = np.nonzero(types)
    assert (table[channel, types[types != 0].astype(int) - 1] == weight[weight != 0]).all()


@given(small_weights)
def test_distinct_weights_counts_the_values_of_a_neuron(weight):
    expected = [len(set(row[row != 0].tolist())) for row in weight.reshape(len(weight), -1)]
    assert distinct_weights(weight).tolist() == expected


def test_a_ternary_layer_takes_two_types():
    weight = np.random.default_rng(0).integers(-1, 2, (6, 5, 3, 3))
    assert set(np.unique(assign_types(weight, 4)[0])) == {0, 1, 2}


def test_a_projection_takes_all_four_types_and_one_axon_a_sign_and_source():
    rng = np.random.default_rng(1)
    weight = np.zeros((6, 8, 3, 3), np.int64)
    weight[:, :5] = rng.integers(-1, 2, (6, 5, 3, 3)) * rng.integers(1, 256, (6, 1, 1, 1))
    weight[:, 5:, 1, 1] = rng.integers(-1, 2, (6, 3)) * rng.integers(1, 256, (6, 1))
    types, _ = assign_types(weight, 4)
    assert set(np.unique(types)) == {0, 1, 2, 3, 4}
    for channel in range(8):
        kinds = set(np.unique(types[:, channel])) - {0}
        assert kinds <= ({1, 2} if channel < 5 else {3, 4})


def test_four_free_values_a_neuron_are_held_and_five_refused():
    weight = np.array([[1, 2, -3, 4, 0], [-5, -6, 7, 8, 9]]).reshape(2, 5, 1, 1)
    with pytest.raises(ValueError, match="channel 1 has 5 different weights"):
        assign_types(weight, 4)
    types, table = assign_types(weight[:, :4], 4)
    rows = np.repeat(np.arange(2), 4)
    assert (table[rows, types.reshape(-1).astype(int) - 1] == weight[:, :4].reshape(-1)).all()


def _walk(connected):
    """Components by walking from channel to channel."""
    left, found = set(range(len(connected))), []
    while left:
        reached, edge = set(), {min(left)}
        while edge:
            reached |= edge
            inputs = connected[list(reached)].any(axis=0)
            edge = set(np.flatnonzero(connected[:, inputs].any(axis=1)).tolist()) - reached
        found.append(sorted(reached))
        left -= reached
    return found


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda s: arrays(bool, s)))
def test_components_are_the_channels_that_share_inputs(connected):
    assert [part.tolist() for part in components(connected)] == _walk(connected)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 20))
def test_every_clustering_is_a_partition_that_fits(sizes, most):
    bounds = np.cumsum([0, *sizes])
    groups = [np.arange(a, b) for a, b in zip(bounds, bounds[1:])]
    ways = clusterings(groups, most)
    assert ways
    for way in ways:
        assert sorted(np.concatenate(way).tolist()) == list(range(bounds[-1]))
        assert max(len(part) for part in way) <= most
