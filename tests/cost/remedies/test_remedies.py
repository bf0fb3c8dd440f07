"""What is proposed really fits."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.small_nets import NEURON, dense, overlaid

from autosnn_hw.cost import check
from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.remedies.propose import propose
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout


@st.composite
def crowded(draw):
    """A small network and a profile whose limits it may break in one or several ways."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    c, side = draw(st.sampled_from([4, 6, 8])), draw(st.integers(3, 8))
    out, k = draw(st.sampled_from([4, 6, 9])), draw(st.sampled_from([1, 3, 5]))
    weight = rng.integers(-draw(st.sampled_from([20, 300])), 20, (out, c, k, k))
    neuron = CubaNeuron(draw(st.sampled_from([20, 200000])), draw(st.sampled_from([100, 4096])))
    bias = rng.integers(-9000, 9000, out) if draw(st.booleans()) else None
    conv = ConvLayer("conv", (out, side, side), weight, neuron, bias=bias, padding=(k // 2, k // 2))
    pool = ConvLayer(
        "pool", (out, side // 2, side // 2), np.full((out, 1, 2, 2), 22), NEURON, stride=(2, 2), groups=out
    )
    inputs = out * (side // 2) ** 2
    neurons = draw(st.integers(1, 9))
    last = DenseLayer("out", (neurons,), rng.integers(-9, 9, (neurons, inputs)), NEURON)
    network = ChipNetwork((InputLayer("in", (c, side, side), NEURON), conv, pool, last), timesteps=8)
    profile = overlaid(
        draw(st.sampled_from(["loihi1", "loihi2"])),
        limits={
            "cores_per_chip": {"value": draw(st.sampled_from([6, 120]))},
            "neurons_per_core": {"value": draw(st.sampled_from([40, 1000]))},
            "fan_in": {
                "value": draw(st.sampled_from([10, 60, 4096])),
                "unit": "synapses",
                "source": "made up",
                "verified": False,
            },
            "kernel_size": {
                "value": draw(st.sampled_from([3, 11])),
                "unit": "taps",
                "source": "made up",
                "verified": False,
            },
        },
        memory={"dense": {"words": {"value": draw(st.sampled_from([8, 100, 9000]))}}},
    )
    return network, profile


@settings(max_examples=25, deadline=None)
@given(crowded())
def test_every_remedy_does_what_it_says(case):
    network, profile = case
    report = assess(network, profile)
    before = {(v.layer, v.resource): v.needed for v in report.violations}
    for violation in report.violations:
        for remedy in propose(network, profile, violation, report):
            after = assess(remedy.network, remedy.profile)
            left = {(v.layer, v.resource): v.needed for v in after.violations}
            assert (violation.layer, violation.resource) not in left
            assert all(needed <= before[key] for key, needed in left.items())
            assert remedy.sentence.endswith("then everything fits.") == after.fits


def test_a_layer_that_fits_nowhere_gets_nearest_changes(loihi2):
    """13,000 inputs take 13,000 words even for one neuron; 12,000 is the limit."""
    network = ChipNetwork(
        (
            InputLayer("in", (13, 10, 100), NEURON),
            DenseLayer("out", (4,), np.ones((4, 13000), int), NEURON),
        )
    )
    report = check(network, loihi2)
    (violation,) = report.violations
    assert (violation.layer, violation.resource, violation.needed) == ("out", "synapse_memory", 13000)
    assert report.cores_used is None and report.layers[1].cores is None and report.layers[1].neurons_per_core is None
    assert "12 channels instead of 13 in 'in': then everything fits." in violation.remedies


def test_integers_out_of_range_are_rescaled_together(loihi2):
    network = dense(np.array([[-3, 301, 40]]), CubaNeuron(500, 1000), bias=np.array([100]))
    remedies = [r for v in check(network, loihi2).violations for r in v.remedies]
    assert remedies and all("rescale" in remedy and "everything fits" in remedy for remedy in remedies)


@pytest.mark.parametrize("least", [131072, 131090, 140000, 200000])
@pytest.mark.parametrize("reads_voltage", [True, False])
def test_a_threshold_a_little_too_large_is_lowered_and_said_as_a_number(loihi2, least, reads_voltage):
    network = dense(np.array([[-30, 40, 2], [4, 6, 8]]), CubaNeuron(least, 0))
    readout = Readout(2, 1, accumulates=True) if reads_voltage else None
    network = replace(network, readout=readout)
    (violation,) = assess(network, loihi2).violations
    first = propose(network, loihi2, violation, assess(network, loihi2))[0]
    assert assess(first.network, loihi2).fits
    before, after = network.layers[1], first.network.layers[1]
    if reads_voltage or least < 133000:
        assert first.sentence.startswith("lower the threshold of 'out' to 131,071:")
        assert after.neuron.vth_mant == 131071 and (after.weight == before.weight).all()
    else:
        assert "rescale weights" in first.sentence and (after.weight != before.weight).any()


@pytest.mark.parametrize("largest", [256, 260, 300, 1000])
def test_a_factor_that_is_offered_is_no_one(loihi2, largest):
    network = dense(np.array([[-2, largest, 40]]), CubaNeuron(500, 1000))
    (violation,) = assess(network, loihi2).violations
    for remedy in propose(network, loihi2, violation, assess(network, loihi2)):
        factor = re.search(r" by ([0-9.]+) ", remedy.sentence)
        assert factor is None or float(factor[1]) < 1
        assert not np.array_equal(remedy.network.layers[1].weight, network.layers[1].weight)
