"""Neurons of a crossbar that read a shortcut decide in whole numbers as their floats do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.deploy.ternary_shortcuts import GUARD, Crossing, whole_numbers


def decisions(channels, whole, channel, most):
    """(as floats, as integers), bool (counts, m), for every count of the layer and every m up to `most`, from 0 outwards; a count that is
    whole but for `GUARD` is whole, so that such a sum is at the threshold in both."""
    n = np.arange(-channels.fan_in[channel], channels.fan_in[channel] + 1)[:, None]
    m = np.array(sorted(range(-most, most + 1), key=abs) if channels.side_fan_in is not None else [0, 1])
    above = channels.gain[channel] * n + channels.side_gain[channel] * m + channels.bias[channel] - 1
    fires = whole.gain[channel] * n + whole.side[channel] * m >= whole.threshold[channel]
    return np.where(np.abs(above) <= 1.01 * GUARD * channels.safe_gain[channel], fires, above > 0), fires


def drawn(seed, spread, side_synapses=None, channels=6):
    rng = np.random.default_rng(seed)
    fan_in = rng.integers(0, 128, channels)
    gain = np.where(fan_in > 0, spread * rng.uniform(0.2, 1, channels), 0.0)
    bias = spread * rng.normal(0, 2, channels)
    if side_synapses is None:
        return Crossing(gain, bias, fan_in, np.ones(channels), None)
    side_fan_in = rng.integers(0, side_synapses + 1, channels)
    return Crossing(gain, bias, fan_in, np.where(side_fan_in > 0, rng.uniform(0.2, 1, channels), 0.0), side_fan_in)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 50))
def test_an_identity_is_lossless(seed, spread):
    channels = drawn(seed, spread)
    whole = whole_numbers(channels, 255, 255)
    assert (whole.gain == 1).all() and (whole.side >= 0).all() and (whole.side <= 255).all()
    assert (np.abs(whole.threshold) <= 255).all()
    for channel in range(len(channels.gain)):
        floats, integers = decisions(channels, whole, channel, 1)
        assert (floats == integers).all()


@pytest.mark.parametrize("bias, alone", [(0.0, True), (-1e-4, False), (-1e-3, False), (1e-4, True)])
def test_a_shortcut_that_just_fires_or_just_does_not(bias, alone):
    """A 255th is as fine as one scale for weights, shortcut and threshold goes: a bias of 1e-4 was rounded to none there."""
    channels = Crossing(np.array([0.25]), np.array([bias]), np.array([20]), np.ones(1), None)
    whole = whole_numbers(channels, 255, 255)
    assert (whole.side[0] >= whole.threshold[0]) == alone
    floats, integers = decisions(channels, whole, 0, 1)
    assert (floats == integers).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 10), st.integers(1, 16))
def test_a_projection_is_right_for_as_many_counts_as_at_any_scale(seed, spread, synapses):
    channels = drawn(seed, spread, synapses)
    whole = whole_numbers(channels, 255, 255)
    assert (np.abs(whole.threshold) <= 255).all() and max(whole.gain.max(), whole.side.max()) <= 255
    for channel in range(len(channels.gain)):
        most = int(channels.side_fan_in[channel])
        scale = 255 / max(channels.gain[channel], channels.side_gain[channel], abs(1 - channels.bias[channel]))
        one = np.rint(
            scale * np.array([channels.gain[channel], channels.side_gain[channel], 1 - channels.bias[channel]])
        )
        plain = type(whole)(*(np.full(len(channels.gain), value, int) for value in one), whole.scale)
        wrong = [
            int(np.argmin([*(floats == integers).all(axis=0), False]))
            for floats, integers in (decisions(channels, found, channel, most) for found in (whole, plain))
        ]
        assert wrong[0] >= wrong[1]


def test_a_projection_of_few_synapses_is_lossless():
    wrong = right = 0
    for seed in range(40):
        channels = drawn(seed, 1.0, 4)
        whole = whole_numbers(channels, 255, 255)
        for channel, most in enumerate(channels.side_fan_in):
            floats, integers = decisions(channels, whole, channel, int(most))
            wrong, right = wrong + int((floats != integers).sum()), right + int((floats == integers).sum())
    assert wrong < 1e-4 * right, (wrong, right)


def test_channels_that_always_or_never_fire():
    channels = Crossing(np.array([0.0, 0.1, 0.1]), np.array([2.0, -1e6, 1e6]), np.array([0, 30, 30]), np.ones(3), None)
    whole = whole_numbers(channels, 255, 255)
    for channel, fires in enumerate((True, False, True)):
        floats, integers = decisions(channels, whole, channel, 1)
        assert (integers == fires).all() and (floats == fires).all()
