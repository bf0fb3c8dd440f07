"""Linear maps put one behind the other: equal to applying them one by one, for any kernel, stride, padding and grouping."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autosnn_hw.deploy.from_graph.composition import added, then_conv, then_dense
from autosnn_hw.deploy.from_graph.maps import ConvMap, Identity, apply, scaled
from autosnn_hw.errors import InputError


def conv_map(rng, shape, padded=True):
    groups = int(rng.choice([g for g in range(1, shape[0] + 1) if shape[0] % g == 0]))
    outputs = groups * int(rng.integers(1, 3))
    kernel = rng.integers(1, 4, 2)
    padding = rng.integers(0, 3, 2) if padded else (0, 0)
    weight = rng.integers(-3, 4, (outputs, shape[0] // groups, *kernel)).astype(float)
    stride = rng.integers(1, 3, 2)
    return ConvMap(weight, shape, tuple(map(int, stride)), tuple(map(int, padding)), groups)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_two_convolutions_are_one_or_refused_for_their_border(seed):
    rng = np.random.default_rng(seed)
    first = conv_map(rng, (int(rng.integers(1, 5)), *map(int, rng.integers(5, 10, 2))))
    assume(min(first.out_shape) > 2)
    second = conv_map(rng, first.out_shape)
    assume(min(second.out_shape) > 0)
    x = rng.integers(-2, 3, first.in_shape).astype(float)
    try:
        joint = then_conv(first, second, "here")
    except InputError as error:
        assert any(second.padding) and "at the border" in str(error)
        return
    assert joint.out_shape == second.out_shape
    assert np.array_equal(apply(joint, x), apply(second, apply(first, x)))


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_pool_and_a_convolution_behind_it_are_one(seed):
    rng = np.random.default_rng(seed)
    channels, side = int(rng.integers(1, 5)), int(rng.integers(2, 4))
    pool = ConvMap(np.ones((channels, 1, side, side)), (channels, 3 * side, 4 * side), (side, side), groups=channels)
    second = conv_map(rng, pool.out_shape)
    assume(min(second.out_shape) > 0)
    joint = then_conv(pool, second, "here")
    x = rng.integers(0, 2, pool.in_shape).astype(float)
    assert np.array_equal(apply(joint, x), apply(second, apply(pool, x))) and joint.groups == second.groups


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_matrix_behind_a_convolution_is_a_matrix(seed):
    rng = np.random.default_rng(seed)
    first = conv_map(rng, (int(rng.integers(1, 4)), *map(int, rng.integers(4, 8, 2))))
    assume(min(first.out_shape) > 0)
    weight = rng.integers(-3, 4, (5, int(np.prod(first.out_shape)))).astype(float)
    x = rng.integers(0, 2, first.in_shape).astype(float)
    joint = then_dense(first, weight, "here")
    assert np.array_equal(joint.weight @ x.reshape(-1), weight @ apply(first, x).reshape(-1))


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_maps_of_the_same_spikes_add_up(seed):
    rng = np.random.default_rng(seed)
    shape = (2, 7, 8)
    weights = [rng.integers(-3, 4, (3, 2, k, k)).astype(float) for k in (1, 3, 5)]
    convs = [ConvMap(w, shape, (1, 1), (w.shape[2] // 2,) * 2) for w in weights]
    x = rng.integers(0, 2, shape).astype(float)
    one, two = rng.choice(3, 2)
    assert np.array_equal(apply(added(convs[one], convs[two], "here"), x), apply(convs[one], x) + apply(convs[two], x))


def test_scales_go_into_weights_where_they_are_one_a_channel():
    channel = np.array([2.0, 3.0]).reshape(2, 1, 1)
    identity = scaled(Identity((2, 4, 4), np.ones(())), channel, "here")
    conv = ConvMap(np.ones((2, 1, 3, 3)), (2, 4, 4), (1, 1), (1, 1), groups=2)
    assert np.array_equal(then_conv(identity, conv, "here").weight[:, 0, 0, 0], [2, 3])
    assert np.array_equal(scaled(conv, channel, "here").weight[:, 0, 0, 0], [2, 3])
    positional = np.arange(32.0).reshape(2, 4, 4)
    with pytest.raises(InputError, match="differs from neuron to neuron within a channel"):
        scaled(conv, positional, "here")
    weight = np.ones((1, 32))
    assert np.array_equal(
        then_dense(scaled(Identity((2, 4, 4), np.ones(())), positional, "here"), weight, "here").weight[0],
        np.arange(32),
    )


def test_a_weight_that_would_be_huge_is_refused_before_it_is_made():
    conv = ConvMap(np.ones((64, 1, 2, 2)), (64, 512, 512), (2, 2), groups=64)
    with pytest.raises(InputError, match="would become"):
        then_dense(conv, np.ones((9, 64 * 256 * 256)), "here")
