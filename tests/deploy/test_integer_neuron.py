"""The fused neurons against the equation in plain numpy, near the 24 bits at which u wraps and v clips, too."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.deploy.integer_neuron import fire, stays
from autosnn_hw.deploy.quantise import averaging_neuron


def plainly(current, bias, v_decay, vth_mant):
    """uint8 spikes of int64 (T, N, C)."""
    v, spikes = np.zeros_like(current[0]), []
    for arrived in current:
        u = 64 * arrived
        u = np.where(u > 2**23, u - 2**24, u)
        u = np.where(u <= -(2**23), u + 2**24, u)
        decayed = v * (4096 - v_decay)
        v = np.sign(decayed) * (np.abs(decayed) // 4096) + u + 64 * bias
        v = np.clip(v, 1 - 2**23, 2**23 - 1)
        spikes.append(v > 64 * vth_mant)
        v = np.where(spikes[-1], 0, v)
    return np.array(spikes).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([10, 3000, 131071, 131072, 200000]),
    st.integers(0, 4096),
    st.sampled_from([0, 7, 4000, 131071]),
    st.booleans(),
)
def test_spikes_are_those_of_the_equation(seed, largest, v_decay, vth_mant, doubled):
    random = np.random.default_rng(seed)
    current = random.integers(-(largest // 2), largest // 2 + 1, (6, 5, 3)) * 2
    current[random.random(current.shape) < 0.2] = largest // 2 * 2
    current[random.random(current.shape) < 0.2] = -(largest // 2 * 2)
    bias = random.integers(-4095, 4096, 3)
    sent = torch.as_tensor(current // 2 if doubled else current).float().flatten(0, 1)
    wanted = plainly(current, bias, v_decay, vth_mant)
    for wraps in {True, not stays(largest)}:
        spikes = fire(sent, bias, v_decay, vth_mant, 6, doubled=doubled, wraps=wraps)
        np.testing.assert_array_equal(spikes.view(6, 5, 3).numpy(), wanted)


def test_where_currents_leave_24_bits():
    assert stays(131071) and not stays(131072)


@pytest.mark.parametrize(("k", "steps"), [(0.5, 12), (0.9, 4)])
def test_the_mean_of_a_full_window_passes_a_whole_threshold_before_it_would_in_floats(k, steps):
    """An average pool of 2 x 2: vThMant = ceil(S / k) - 1 lies below S / k, which decaying voltages only approach."""
    weight, bias, neuron = averaging_neuron(4, k)
    current = np.full((40, 1, 1), 4 * weight)
    spikes = plainly(current, bias, int(neuron.v_decay), int(neuron.vth_mant)).ravel()
    assert spikes.tolist().index(1) + 1 == steps
    fused = fire(
        torch.full((1, 1), 4.0 * weight), np.zeros(1), int(neuron.v_decay), int(neuron.vth_mant), 40, constant=True
    )
    assert fused.flatten().tolist() == spikes.tolist()
