"""`check` finds every broken limit at once, and what it proposes really fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cost import check
from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.limits import memoryless_by_construction, neuron_kinds, weight_uses
from autosnn_hw.cost.remedies import propose
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from hw_profiles import load, loader

NEURON = CubaNeuron(20, 1000)


def overlaid(target: str, **tables):
    return loader.from_table(loader.overlay(loader.read_table(target), tables), "test")


def dense(weight, neuron=NEURON, **more) -> ChipNetwork:
    weight = np.asarray(weight)
    return ChipNetwork(
        (InputLayer("in", (weight.shape[1],)), DenseLayer("out", (weight.shape[0],), weight, neuron, **more)),
        timesteps=8,
    )


def broken(network: ChipNetwork, profile) -> dict[str, tuple[float, float]]:
    report = assess(network, profile)
    assert report.fits == (not report.violations)
    assert all(violation.needed > violation.limit for violation in report.violations)
    return {v.resource: (v.needed, v.limit) for v in report.violations}


@pytest.mark.parametrize(
    ("weight", "resources"),
    [
        ([[-128, 127]], []),
        ([[-256, 254]], []),
        ([[255, 0]], []),
        ([[-255, 0]], []),
        ([[256, 0]], ["weight"]),
        ([[-256, 256]], ["weight"]),
        ([[-258, 2]], ["weight"]),
        ([[-2, 129]], ["odd weights"]),
        ([[-129, 2]], ["odd weights"]),
        ([[-3, 300]], ["weight", "odd weights"]),
    ],
)
def test_eight_bit_weights_are_all_or_even(loihi2, weight, resources):
    found = broken(dense(weight), loihi2)
    assert len(found) == len(resources)
    assert all(any(name.startswith(start) for name in found) for start in resources)


def test_the_weight_limit_is_one_number_for_both_signs(loihi2):
    use = next(weight_uses(np.array([[-256, 254]]), loihi2.weights))
    assert (use.used, use.limit) == (254, 254)


def test_all_violations_are_listed_not_the_first(loihi2):
    network = dense(np.full((3, 13000), 300), CubaNeuron(200000, 4096), bias=np.full(3, 5000))
    found = broken(network, loihi2)
    assert set(found) == {"weight", "threshold", "bias", "v_decay", "synapse_memory"}
    assert found["threshold"] == (200000, 131071) and found["bias"] == (5000, 4095)
    assert found["synapse_memory"] == (13000, 12000)


def test_delays_kernels_and_timesteps_have_limits():
    network = dense([[1, 2]], delay=np.array([[63, 0]]))
    assert broken(network, load("loihi2")) == {"synaptic_delay": (63, 62)}
    short = overlaid("loihi2", limits={"timesteps": {"value": 4, "unit": "steps", "source": "x", "verified": False}})
    assert broken(dense([[1]]), short) == {"timesteps": (8, 4)}


def test_memoryless_neurons_need_no_decay_where_they_cannot_remember(loihi2):
    """Pools and relays fire at any input and nothing inhibits them: v_decay 4096, which the chip has not, is not needed."""
    pool = CubaNeuron(5, 4096)
    assert broken(dense([[6, 0], [0, 9]], pool), loihi2) == {}
    assert set(broken(dense([[5, 0], [0, 9]], pool), loihi2)) == {"v_decay"}
    assert set(broken(dense([[6, -1], [0, 9]], pool), loihi2)) == {"v_decay"}
    assert set(broken(dense([[6, 0], [0, 9]], pool, bias=np.array([1, 0])), loihi2)) == {"v_decay"}
    layer = dense([[6, 0], [5, 9]], CubaNeuron(5, 77)).layers[1]
    assert memoryless_by_construction(layer).tolist() == [True, False]
    assert neuron_kinds(layer).tolist() == ["memoryless", "leaky"]


def test_truenorth_refuses_leaky_neurons_and_biases_per_image():
    network = ChipNetwork(
        (
            InputLayer("stem", (8,), NEURON),
            DenseLayer("out", (2,), np.ones((2, 8), int), NEURON, bias=np.array([1, 1])),
        ),
        timesteps=4,
    )
    found = broken(network, load("truenorth"))
    assert found["biases rewritten per image"] == (8, 0)
    assert any(name.startswith("neuron kind leaky") for name in found)


def test_loihi_1_counts_configurations_of_a_core(loihi1):
    many = dense(np.full((40, 4), 2), CubaNeuron(np.arange(40), np.arange(40)))
    report = assess(many, loihi1)
    assert report.fits and report.layers[1].cores == 5  # 8 thresholds a core


def test_limits_are_reported_with_source_and_whether_verified(loihi2):
    uses = {use.resource: use for use in assess(dense([[1, -2]]), loihi2).layers[1].limits}
    assert uses["synapse_memory"].verified and "PilotNet" in uses["synapse_memory"].source
    assert not uses["threshold"].verified


def test_the_smallest_device_that_fits_is_named(make_network):
    notes = check(make_network("all_SRB_k3", 32), load("loihi2")).notes
    assert any("Kapoho Point" in note for note in notes)
    notes = check(make_network("all_SRB_k3", 16), load("loihi2")).notes
    assert any("Oheo Gulch" in note for note in notes)


def test_too_many_cores_are_answered_with_chips_and_width(make_network):
    profile = overlaid("loihi2", device="Oheo Gulch")
    report = check(make_network("all_SRB_k3", 32, classes=4, voters=2), profile)
    (violation,) = report.violations
    assert (violation.layer, violation.resource, violation.limit) == ("network", "cores", 120)
    assert report.cores_used == violation.needed
    assert any("2 chips instead of 1, such as Kapoho Point" in remedy for remedy in violation.remedies)
    assert any("width" in remedy for remedy in violation.remedies)


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
