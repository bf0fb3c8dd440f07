"""Limits of a layer's integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.networks.small_nets import NEURON, dense, overlaid

from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.limits import memoryless_by_construction, neuron_kinds, weight_uses
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from hw_profiles import load


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


def test_counts_as_input_need_a_chip_with_graded_spikes():
    network = dense([[1, 2]])
    counts = replace(network, layers=(replace(network.input_layer, payload=9), *network.layers[1:]))
    assert broken(counts, load("loihi2")) == {} and broken(network, load("loihi1")) == {}
    assert broken(counts, load("loihi1")) == {"payload": (9, 1)}
    small = overlaid("loihi2", limits={"payload": {"value": 8, "unit": "value", "source": "x", "verified": False}})
    assert broken(counts, small) == {"payload": (9, 8)}


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
