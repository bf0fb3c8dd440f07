"""Active neurons follow from the spikes: judged by the exact simulator, which looks at every voltage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.cost import price
from autosnn_hw.cost.active_neurons import active_share, kinds_of
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate import exact

IMAGE = (3, 16, 16)


def biased(network: ChipNetwork, seed: int, missing: int = 0) -> ChipNetwork:
    """With a bias on every channel that is no pool or relay, but on `missing` of the last layer's."""
    rng = np.random.default_rng(seed)
    layers = [network.layers[0]]
    for layer in network.layers[1:]:
        own = np.asarray(layer.roles) == 0
        bias = np.where(own, rng.choice([-30, -5, 5, 30], len(own)), 0)
        layers.append(replace(layer, bias=bias))
    if missing:
        layers[-1].bias[:missing] = 0
    return ChipNetwork(tuple(layers), timesteps=network.timesteps, readout=network.readout)


def pictures(network: ChipNetwork, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.integers(-20, 40, (3, *network.layers[0].shape))
    return np.where(rng.random(values.shape) < 0.3, 0, values)  # some pixels drive nothing


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("architecture", ["all_SRB_k3", "all_SCB_k3"])
def test_they_are_those_that_the_simulator_counts(make_network, architecture, seed):
    network = biased(make_network(architecture, 4, IMAGE, voters=2, seed=seed), seed)
    images = pictures(network, seed)
    plain, counted = exact.run(network, images), exact.run(network, images, active=True)
    assert any(kinds_of(layer).firing is not None for layer in network.layers)
    for layer, ours, theirs in zip(network.neuron_layers, plain.layers, counted.layers):
        share, assumed = active_share(layer, ours, plain)
        assert assumed == 0
        assert share == pytest.approx(active_share(layer, theirs, counted)[0], abs=1e-12), layer.name


def test_roles_tell_pools_and_relays_where_spikes_are_not_known_by_neuron(make_network):
    network = biased(make_network("all_SRB_k3", 4, IMAGE, voters=2), 0)
    activity = exact.run(network, pictures(network, 0))
    for layer, known in zip(network.neuron_layers, activity.layers):
        assert active_share(layer, replace(known, neuron_spikes=None), activity) == active_share(layer, known, activity)


def test_neurons_that_may_hold_a_voltage_are_charged_and_that_is_said(make_network, loihi2):
    whole = make_network("all_SRB_k3", 4, IMAGE, voters=2)
    said = [
        price(network, exact.run(network, pictures(network, 1)), loihi2).not_counted
        for network in (biased(whole, 1), biased(whole, 1, missing=7))
    ]
    assert not any("may hold a voltage" in sentence for sentence in said[0])
    assert any(sentence.startswith("Assumed: 7 neurons without a bias") for sentence in said[1])


def test_idle_neurons_cost_less_than_active_ones(make_network, loihi1):
    network = biased(make_network("all_SRB_k3", 4, IMAGE, voters=2), 2)
    activity = exact.run(network, pictures(network, 2))
    report = price(network, activity, loihi1)
    active, idle = loihi1.energy.neuron_active.interval.value, loihi1.energy.neuron_update.interval.value
    assert 0 < report.neuron_active < report.neuron_updates
    expected = active * report.neuron_active + idle * report.neuron_updates
    assert report.energy_parts["neuron_updates"].value == pytest.approx(expected)
