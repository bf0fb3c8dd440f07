"""The doctor for networks names what is wrong, and says nothing of a network that is well."""

import numpy as np
import pytest

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.health import findings

RNG = np.random.default_rng(1)
NEURON = CubaNeuron(60, 2048)
FRAMES = (RNG.random((4, 6, 2, 5, 5)) < 0.4).astype(np.uint8)
WEIGHT = RNG.integers(-100, 101, (3, 2, 3, 3))


def kinds(weight=WEIGHT, neuron=NEURON, bias=None, limit=4095):
    layer = ConvLayer("conv", (3, 5, 5), weight, neuron, bias, padding=(1, 1))
    network = ChipNetwork((InputLayer("in", (2, 5, 5)), layer))
    found = findings(network, exact.run(network, FRAMES), bias_limit=limit)
    assert all("'conv'" in finding.sentence and finding.count > 0 and 0 < finding.share <= 1 for finding in found)
    return [finding.kind for finding in found]


def test_a_network_that_is_well_gets_no_finding():
    assert kinds() == []


@pytest.mark.parametrize(
    "change, kind",
    [
        ({"neuron": CubaNeuron(131071, 2048)}, "never fires"),
        ({"neuron": CubaNeuron(0, 2048), "bias": np.full(3, 2000)}, "always fires"),
        ({"bias": np.array([0, -4095, 1])}, "bias at its limit"),
        ({"weight": np.clip(WEIGHT, -60, 60)}, "weights at their limit"),
        ({"neuron": CubaNeuron(60, 2048, 1)}, "u could wrap"),
    ],
)
def test_each_illness_is_named(change, kind):
    assert kind in kinds(**change)


def test_a_target_without_a_bias_limit_has_none_to_reach():
    assert kinds(bias=np.array([0, -4095, 1]), limit=None) == []
