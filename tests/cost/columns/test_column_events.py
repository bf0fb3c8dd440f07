"""Events of a placed network against loops over neurons and cores, and what is done where counts are not known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost import place, price
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.network.connectivity import fan_out
from hw_profiles import load


def core_synops(network, activity, placement):
    """Operations per core by `fan_out`, one core at a time; per inference, without padding."""
    result = []
    spikes = [layer.neuron_spikes for layer in activity.layers]
    if network.layers[0].neuron is None:
        spikes.insert(0, activity.input_spikes)
    for index, (layer, placed) in enumerate(zip(network.layers, placement.layers)):
        if not placed.cores:
            continue
        for c0, c1 in zip(placed.edges[0][:-1], placed.edges[0][1:]):
            for r0, r1 in zip(placed.edges[1][:-1], placed.edges[1][1:]):
                for x0, x1 in zip(placed.edges[2][:-1], placed.edges[2][1:]):
                    if index == 0:
                        result.append((0.0, 0.0))
                        continue
                    source = network.layers[index - 1].shape
                    where = {} if isinstance(layer, DenseLayer) else {"rows": range(r0, r1), "columns": range(x0, x1)}
                    met = fan_out(layer, source, channels=slice(c0, c1), **where)
                    fired = spikes[index - 1]
                    result.append(((met * fired).sum() / activity.samples, fired[met > 0].sum() / activity.samples))
    return np.array(result)


@pytest.mark.parametrize("target", ["loihi2", "loihi1"])
@pytest.mark.parametrize("architecture", ["all_SRB_k3", "AutoSNN", "SCB_k3,skip,SRB_k5,SCB_k5,skip"])
def test_load_of_every_core_is_that_of_a_loop_over_cores(overlaid, make_network, make_activity, target, architecture):
    network = make_network(architecture, 6, (3, 17, 13), voters=3)
    profile = overlaid(
        target,
        placement={"padded_blocks": False},
        limits={"neurons_per_core": {"value": 300}},
    )
    activity = make_activity(network)
    report = price(network, activity, profile)
    expected = core_synops(network, activity, place(network, profile))
    per_step = activity.timesteps
    np.testing.assert_allclose([core.synops * per_step for core in report.cores], expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose([core.messages_in * per_step for core in report.cores], expected[:, 1], rtol=1e-9)
    fired = sum(float(layer.neuron_spikes.sum()) for layer in activity.layers) / activity.samples
    assert math.isclose(sum(core.spikes_out for core in report.cores) * per_step, fired, rel_tol=1e-9)
    assert math.isclose(report.messages, expected[:, 1].sum(), rel_tol=1e-9)
    assert math.isclose(sum(layer.synops for layer in report.layers), expected[:, 0].sum(), rel_tol=1e-9)


def test_hops_are_the_messages_times_the_way_they_take(overlaid, make_network, make_activity):
    network = make_network("AutoSNN", 4, (3, 16, 16), voters=2)
    profile = overlaid("loihi1", limits={"neurons_per_core": {"value": 100}})
    placement, activity = place(network, profile), make_activity(network)
    where = placement.positions
    energy = 0.0
    for index in range(1, len(network.layers)):
        layer, own, there = network.layers[index], placement.layers[index - 1], placement.layers[index]
        fired = activity.layers[index - 1].neuron_spikes / activity.samples
        owner = np.zeros(network.layers[index - 1].shape if fired.ndim == 3 else (fired.size, 1, 1), int)
        core = own.first
        for c0, c1 in zip(own.edges[0][:-1], own.edges[0][1:]):
            for r0, r1 in zip(own.edges[1][:-1], own.edges[1][1:]):
                for x0, x1 in zip(own.edges[2][:-1], own.edges[2][1:]):
                    owner[c0:c1, r0:r1, x0:x1] = core
                    core += 1
        to = there.first
        for c0, c1 in zip(there.edges[0][:-1], there.edges[0][1:]):
            for r0, r1 in zip(there.edges[1][:-1], there.edges[1][1:]):
                for x0, x1 in zip(there.edges[2][:-1], there.edges[2][1:]):
                    box = {} if isinstance(layer, DenseLayer) else {"rows": range(r0, r1), "columns": range(x0, x1)}
                    heard = fan_out(layer, network.layers[index - 1].shape, channels=slice(c0, c1), **box) > 0
                    x = np.abs(where.x[owner] - where.x[to]).reshape(heard.shape)
                    y = np.abs(where.y[owner] - where.y[to]).reshape(heard.shape)
                    energy += (fired * heard * x).sum() * 3.0e-12 + (fired * heard * y).sum() * 4.0e-12
                    to += 1
    report = price(network, activity, profile)
    assert math.isclose(sum(layer.energy_parts["hops"].value for layer in report.layers), energy, rel_tol=1e-9)


def test_messages_between_chips_pay_for_the_border(overlaid, make_network, make_activity):
    network = make_network("all_SCB_k3", 8, (3, 16, 16), voters=2)
    activity = make_activity(network)
    one = price(network, activity, load("loihi2"))
    many = price(network, activity, overlaid("loihi2", limits={"cores_per_chip": {"value": 4}}))
    assert one.chips == 1 and many.chips > 1
    assert sum(layer.energy_parts["chip_links"].value for layer in one.layers) == 0.0
    assert sum(layer.energy_parts["chip_links"].value for layer in many.layers) > 0.0
    assert math.isclose(
        many.energy_static.value / many.time_per_step.value / many.chips,
        one.energy_static.value / one.time_per_step.value,
        rel_tol=1e-9,
    )


def test_counts_measured_elsewhere_are_taken_as_they_are(make_network, make_activity, loihi2):
    """Lava and a board count operations themselves: those are charged, not the ones that follow from the spikes."""
    network = make_network("SCB_k3,skip,skip,skip,skip", 4, (1, 8, 8))
    activity = make_activity(network)
    doubled = tuple(
        dataclasses.replace(
            layer, synops=np.full((activity.samples, 1), 1000 * i), active_neurons=np.zeros((4, 8), int)
        )
        for i, layer in enumerate(activity.layers)
    )
    report = price(network, dataclasses.replace(activity, layers=doubled), loihi2)
    assert [layer.synops for layer in report.layers] == [1000.0 * i for i in range(len(doubled))]
    first = report.layers[0]
    assert math.isclose(first.energy_parts["neuron_updates"].value, first.neuron_updates * 51.2e-12)


def test_spikes_not_known_by_neuron_are_spread_evenly_and_that_is_said(make_network, make_activity, loihi2):
    network = make_network("SRB_k3,skip,skip,skip,skip", 4, (1, 8, 8))
    activity = make_activity(network)
    blind = tuple(LayerActivity(layer.name, layer.spikes) for layer in activity.layers)
    known, guessed = (
        price(network, activity, loihi2),
        price(network, dataclasses.replace(activity, layers=blind), loihi2),
    )
    assert any("spread evenly" in sentence for sentence in guessed.not_counted)
    assert not any("spread evenly" in sentence for sentence in known.not_counted)
    assert 0.8 < guessed.energy_dynamic.value / known.energy_dynamic.value < 1.25


def test_frames_sent_by_the_host_are_messages(loihi2):
    weight = np.array([[1, 0, 2], [1, 1, 0]])
    network = ChipNetwork((InputLayer("in", (3,)), DenseLayer("out", (2,), weight, CubaNeuron(5, 0))))
    layer = LayerActivity("out", np.zeros((3, 1, 1), np.int64), neuron_spikes=np.zeros(2, np.int64))
    activity = Activity((layer,), 1, 4, np.zeros((1, 2)), input_spikes=np.array([1, 2, 3]))
    report = price(network, activity, loihi2)
    assert [entry.synops for entry in report.layers] == [0.0, 1 * 2 + 2 * 1 + 3 * 1]
    assert [entry.messages for entry in report.layers] == [6.0, 0.0]
    assert [entry.neuron_updates for entry in report.layers] == [0.0, 8.0]
    assert report.latency.value == pytest.approx(5 * report.time_per_step.value)
