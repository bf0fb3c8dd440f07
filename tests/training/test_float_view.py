"""The float view of folded weights is the module that they were folded from, spike for spike, and near the integers that they become."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.networks.learnable import events, module

from autosnn_hw.deploy.lowering import lower
from autosnn_hw.deploy.quantise import EVEN, TERNARY
from autosnn_hw.network import Role
from autosnn_hw.simulate import exact
from autosnn_hw.training.float_view import float_view
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikeCounter
from autosnn_hw.training.trainer import evaluate_network

CROSSBAR = Fabric("memoryless", True, 128)
CASES = {
    "residual, pools, identity": ("SRB_k3,SCB_k5,skip,SRB_k3,skip", {}, EVEN),
    "means": ("SRB_k3,SCB_k5,skip,skip,SRB_k3", {"space": "SNN_4"}, EVEN),
    "a global mean": ("SRB_k3,skip,skip,SRB_k3,skip", {"space": "SNN_2"}, EVEN),
    "projections": ("SRB_k3,skip,SCB_k3,SRB_k5,SRB_k3,skip,SCB_k3,SRB_k3", {"space": "SNN_3"}, EVEN),
    "groups": ("SRB_k3/2,SCB_k3/2,skip,SRB_k3/4,skip", {}, EVEN),
    "ternary": ("SRB_k3,SCB_k3,skip,SRB_k3,skip", {"fabric": CROSSBAR}, TERNARY),
    "ternary frames": (
        "SRB_k3,skip,SCB_k3,skip,skip",
        {"data": events(), "fabric": replace(CROSSBAR, chip_stem=True)},
        TERNARY,
    ),
    "frames": ("SRB_k3,SCB_k3,skip,skip,skip", {"data": events()}, EVEN),
}


@pytest.mark.parametrize("case", CASES)
def test_it_fires_as_the_module_does(case):
    names, choices, target = CASES[case]
    net, data = module(names, 3, **choices)
    x, y = data.x_test[:24], data.y_test[:24]
    counter = SpikeCounter()
    with torch.no_grad():
        net(torch.from_numpy(data.normalise(x)), counter)
    folded = net.to_folded(data)
    view = float_view(folded, data, x, y, target)
    by_stage = dict.fromkeys(counter.by_stage, 0.0)
    for name, spikes in view.spikes.items():
        by_stage[next(stage for stage in by_stage if name == stage or name.startswith(f"{stage}."))] += 24 * spikes
    assert sum(by_stage.values()) > 100
    assert by_stage == pytest.approx(
        counter.by_stage, rel=2e-3, abs=2
    )  # a current at the threshold may round otherwise
    assert view.accuracy == pytest.approx(evaluate_network(net, data, x, y).accuracy, abs=1 / 24)
    assert list(view.spikes) == [layer.name for layer in lower(folded, target).neuron_layers]


def test_it_is_near_the_integers_and_counts_no_relays():
    net, data = module("SRB_k3,SCB_k5,skip,SRB_k3,skip", 1)
    folded = net.to_folded(data)
    view = float_view(folded, data, data.x_test, data.y_test)
    activity = exact.run(lower(folded), data.x_test)
    own = {
        layer.name: sum(layer.spikes[role].sum() for role in (Role.OWN, Role.POOL)) / activity.samples
        for layer in activity.layers
    }
    relayed = {layer.name for layer in activity.layers if layer.spikes[Role.RELAY].any()}
    assert relayed and own["stem"] > 0
    for name in own:
        np.testing.assert_allclose(view.spikes[name], own[name], rtol=0.25, atol=3, err_msg=name)
