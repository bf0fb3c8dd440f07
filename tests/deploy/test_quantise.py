import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autosnn_hw.deploy.quantise import (
    EVEN,
    TERNARY,
    averaging_neuron,
    copying_neuron,
    neuron_for,
    quantise,
    ternarise,
    threshold,
)
from autosnn_hw.deploy.ternary_shortcuts import GUARD
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv

layers = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "gain": st.floats(1e-4, 1e3),
        "bias": st.floats(0, 1e3),
        "k": st.floats(0.01, 1.0),
        "relays": st.booleans(),
        "side": st.sampled_from([None, "identity", "projection"]),
    }
)


def conv(seed, gain, bias, shape=(5, 3, 3, 3)):
    rng = np.random.default_rng(seed)
    return FoldedConv(rng.normal(0, gain, shape), rng.normal(0, bias, shape[0]))


@settings(max_examples=300, deadline=None)
# 252 k is the even number 252 but for float64's last digit, and stays below it.
@example({"seed": 0, "gain": 1e-4, "bias": 0.0, "k": 0.9999999999999999, "relays": True, "side": "identity"})
@given(layers)
def test_even_layers_keep_every_bound(case):
    shortcut = case["side"]
    if shortcut == "projection":
        shortcut = conv(case["seed"] + 1, case["gain"], case["bias"], (5, 3, 1, 1))
    body = conv(case["seed"], case["gain"], case["bias"])
    if shortcut == "identity":
        assume(max(np.abs(body.weight).max() / 254, np.abs(body.bias).max() / 4095) * 2 < 1)
        assume(252 * case["k"] >= 2 or not case["relays"])
    got = quantise(body, case["k"], relays=case["relays"], shortcut=shortcut)
    scale, k = got.scale[0], case["k"]
    assert np.abs(got.weight).max() <= 254 and not (got.weight % 2).any()
    assert np.abs(got.bias).max() <= 4095
    assert 0 <= got.neuron.vth_mant <= 131071 and 0 < got.neuron.v_decay <= 4095
    assert got.relay % 2 == 0 and got.relay > got.neuron.vth_mant and got.relay - 2 <= got.neuron.vth_mant
    assert np.abs(got.weight - scale * body.weight).max() <= 1 + 1e-6
    bias = body.bias + (shortcut.bias if isinstance(shortcut, FoldedConv) else 0)
    assert np.abs(got.bias - scale * bias).max() <= 0.5 + 1e-6
    if case["relays"]:
        assert scale <= 252 * k and got.relay <= 254
    if shortcut == "identity":
        assert (got.identity == scale).all() and scale <= 254 and scale % 2 == 0
    if isinstance(shortcut, FoldedConv):
        assert np.abs(got.shortcut).max() <= 254 and not (got.shortcut % 2).any()


@given(st.integers(1, 254), st.floats(0.01, 1.0))
def test_the_scale_is_as_large_as_the_weights_allow(peak, k):
    weight = np.zeros((1, 1, 1, 2))
    weight[..., 0], weight[..., 1] = peak, -peak / 2
    got = quantise(FoldedConv(weight, np.zeros(1)), k)
    assert np.abs(got.weight).max() == 254 or got.neuron.vth_mant >= 131071 - int(1 / k) - 1


@given(st.integers(1, 400), st.floats(0.02, 1.0))
def test_the_threshold_fires_at_one_and_not_below(scale, k):
    """Right after a reset V = x / k: an input of S, which is 1 / k in these units times S, must fire if x k >= 1 does."""
    vth = threshold(scale, k)
    for current in range(max(0, vth - 2), vth + 4):
        plif = current / scale * k >= 1 - 1e-12
        assert (64 * current > 64 * vth) == plif


def test_ties_that_float64_misses_are_integers_still():
    assert threshold(0.1 + 0.2, 0.1) == 2  # 3.0000000000000004
    assert threshold(126.0, 0.5) == 251
    assert threshold(252 * 0.3, 0.3) == 251
    assert neuron_for(100.0, 1.0).v_decay == 4095


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 50), st.sampled_from([None, "identity", "projection"]))
def test_ternary_layers_fire_where_the_floats_do(seed, gain, side):
    rng = np.random.default_rng(seed)
    signs = rng.integers(-1, 2, (4, 3, 3, 3))
    scale = rng.uniform(0.2, 1, 4) * gain
    bias = rng.normal(0, 2 * gain, 4)
    shortcut = side
    if side == "projection":
        shortcut = FoldedConv(
            rng.integers(-1, 2, (4, 3, 1, 1)) * rng.uniform(0.2, 1, 4)[:, None, None, None], np.zeros(4)
        )
    got = quantise(FoldedConv(signs * scale[:, None, None, None], bias), 1.0, TERNARY, shortcut=shortcut)
    assert got.neuron.vth_mant == 0 and got.neuron.v_decay == 4096 and got.relay == 1
    assert (np.abs(got.bias - 1) <= 255).all() and np.abs(got.weight).max() <= 255  # the leak is bias - 1
    if side is None:
        spikes = rng.integers(0, 2, (200, 27))
        count = spikes @ signs.reshape(4, -1).T
        assert ((count + got.bias > 0) == (scale * count + bias >= 1 - 1e-7)).all()
    if side != "projection":
        assert set(np.unique(got.weight)) <= {-1, 0, 1}
    whole, fan_in = np.abs(got.weight).reshape(4, -1).max(1), np.abs(signs).reshape(4, -1).sum(1)
    for channel in range(4):
        assert set(np.unique(got.weight[channel])) <= {-whole[channel], 0, whole[channel]}  # one weight an axon type
        gain, brought, added = carried(got, shortcut, channel)
        count = np.arange(-fan_in[channel], fan_in[channel] + 1)[:, None]
        floats = scale[channel] * count + gain * brought + bias[channel]
        fires = whole[channel] * count + added * brought + got.bias[channel] > 0
        near = np.full(floats.shape[1], 1.01 * GUARD * scale[channel])  # a count that is whole but for it is whole
        # Three whole numbers up to 255 cannot say everything; the bound is what 27,000 draws kept.
        if side == "projection":
            near[brought != 0] = max(gain, scale[channel], abs(1 - bias[channel])) / 128
        clear = np.abs(floats - 1) > near
        assert (fires == (floats >= 1))[clear].all()


def carried(got, shortcut, channel):
    """What a shortcut's count is multiplied by as a float, the counts that it can bring, and its weight in integers."""
    if shortcut is None:
        return 0.0, np.zeros(1), 0
    if shortcut == "identity":
        return 1.0, np.arange(2), got.identity[channel]
    gain, most = np.abs(shortcut.weight[channel]).max(), int((shortcut.weight[channel] != 0).sum())
    return gain, np.arange(-most, most + 1), np.abs(got.shortcut[channel]).max()


@given(st.integers(0, 10**6))
def test_ternarise_gives_back_what_is_ternary(seed):
    rng = np.random.default_rng(seed)
    signs = rng.integers(-1, 2, (6, 4, 3, 3))
    gain = rng.uniform(1e-3, 10, 6)
    got, a = ternarise(signs * gain[:, None, None, None])
    alive = np.abs(signs).reshape(6, -1).any(axis=1)
    assert (got == signs).all()
    np.testing.assert_allclose(a[alive], gain[alive], rtol=1e-12)


@given(st.integers(1, 64), st.floats(0.05, 1.0))
def test_an_average_fires_at_the_mean_that_the_floats_fire_at(inputs, k):
    weight, bias, neuron = averaging_neuron(inputs, k)
    assert weight % 2 == 0 and weight <= 254 and bias == 0 and neuron.vth_mant <= 131071
    for spikes in range(inputs + 1):
        assert (weight * spikes > neuron.vth_mant) == (spikes / inputs * k >= 1 - 1e-12)


def test_pools_copy():
    for weights in (EVEN, TERNARY):
        weight, neuron = copying_neuron(weights)
        assert weight > neuron.vth_mant >= 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_floats_that_are_not_finite_are_refused_by_name(bad):
    body = conv(0, 1, 1)
    body.weight[0, 0, 0, 0] = bad
    with pytest.raises(InputError, match=r"TBD1\.SRB_k3\.a.*weight.*NaN"):
        quantise(body, 0.5, name="TBD1.SRB_k3.a")
    with pytest.raises(InputError, match="TBD2.*bias"):
        quantise(FoldedConv(np.ones((1, 1, 1, 1)), np.array([bad])), 0.5, name="TBD2")
    with pytest.raises(InputError, match=r"\(0, 1\]"):
        quantise(conv(0, 1, 1), bad)


def test_an_identity_skip_that_cannot_be_held_is_refused():
    with pytest.raises(InputError, match="identity skip"):
        quantise(FoldedConv(np.full((1, 1, 1, 1), 200.0), np.zeros(1)), 0.5, shortcut="identity", name="TBD1.b")
