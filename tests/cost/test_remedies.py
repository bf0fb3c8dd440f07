"""What is proposed really fits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_nets import NEURON, dense, overlaid

from autosnn_hw.cost import check
from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.remedies import propose
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer


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
