"""`price`: what every energy, time and total must obey."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost import price
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from hw_profiles import load, loader


def scaled_constant(table: dict, factor: float) -> dict:
    return {**table, **{key: table[key] * factor for key in ("value", "low", "high")}}


def test_totals_follow_their_definitions(make_network, make_activity, loihi2):
    network = make_network("AutoSNN", 8, (1, 16, 16))
    activity = dataclasses.replace(make_activity(network), host_macs=1000.0)
    report = price(network, activity, loihi2)
    steps = activity.timesteps
    assert math.isclose(report.energy_total.value, report.energy_dynamic.value + report.energy_static.value)
    assert math.isclose(report.energy_static.value, 0.232 * report.chips * steps * report.time_per_step.value)
    assert math.isclose(report.latency.value, (steps + len(network.neuron_layers)) * report.time_per_step.value)
    assert math.isclose(report.throughput.value, 1 / (steps * report.time_per_step.value))
    assert math.isclose(report.edp.value, report.energy_total.value * report.latency.value)
    assert math.isclose(report.energy_host.value, 1000 * 35e-12)
    alone = price(network, dataclasses.replace(activity, host_macs=0.0), loihi2)
    assert alone.energy_host.value == 0 and alone.energy_total == report.energy_total, "the host's work is in no total"
    assert report.neuron_updates == steps * sum(math.prod(layer.shape) for layer in network.layers)
    busiest = max(core.time.value for core in report.cores)
    assert math.isclose(report.time_per_step.value, 1.164e-6 + busiest)
    assert any("chip rails" in sentence for sentence in report.not_counted)
    assert any("biases are rewritten for each image" in sentence for sentence in report.not_counted)
    values = math.prod(network.layers[0].shape)
    streamed = price(network, dataclasses.replace(activity, values_written=steps * values), loihi2)
    (sentence,) = [text for text in streamed.not_counted if text.startswith("Frame I/O")]
    assert f"{values} biases are rewritten in each of {steps} steps" in sentence
    assert f"about {1.5e-6 * values * steps:.2g} s" in sentence


def test_energy_is_additive_over_layers_and_parts(make_network, make_activity, loihi1):
    network = make_network("SRB_k3,SCB_k3,skip,SRB_k5,skip", 8, (1, 16, 16))
    report = price(network, make_activity(network), loihi1)
    for bound in ("value", "low", "high"):
        layers = [getattr(layer.energy, bound) for layer in report.layers]
        parts = [getattr(part, bound) for layer in report.layers for part in layer.energy_parts.values()]
        assert math.isclose(sum(layers), getattr(report.energy_dynamic, bound), rel_tol=1e-12)
        assert math.isclose(sum(parts), getattr(report.energy_dynamic, bound), rel_tol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 0.6), st.sampled_from(["loihi1", "loihi2"]))
def test_more_spikes_never_cost_less_and_nothing_is_negative(make_network, make_activity, seed, rate, target):
    network, profile = make_network("SRB_k3,skip,SCB_k3,skip,skip", 4, (1, 8, 8)), load(target)
    few = make_activity(network, rate, seed=seed)
    rng = np.random.default_rng(seed)
    more_layers = []
    for layer in few.layers:
        extra = rng.integers(0, 3, layer.neuron_spikes.shape)
        table = layer.spikes.copy()
        table[0, 0, 0] += extra.sum()
        more_layers.append(dataclasses.replace(layer, spikes=table, neuron_spikes=layer.neuron_spikes + extra))
    more = dataclasses.replace(few, layers=tuple(more_layers))
    a, b = price(network, few, profile), price(network, more, profile)
    for name in (
        "energy_total",
        "energy_dynamic",
        "energy_static",
        "time_per_step",
        "latency",
        "edp",
        "fitness_energy",
    ):
        for bound in ("low", "value", "high"):
            assert 0 <= getattr(getattr(a, name), bound) <= getattr(getattr(b, name), bound) < math.inf
        interval = getattr(b, name)
        assert interval.low <= interval.value <= interval.high
    assert b.throughput.low <= b.throughput.value <= b.throughput.high
    assert 0 <= a.assumed_share <= 1


def test_scaling_all_energies_scales_the_dynamic_energy(overlaid, make_network, make_activity):
    network = make_network("AutoSNN", 8, (1, 16, 16))
    activity = make_activity(network)
    table = loader.read_table("loihi2")
    tripled = {key: scaled_constant(value, 3.0) for key, value in table["energy"].items()}
    a = price(network, activity, load("loihi2"))
    b = price(network, activity, overlaid("loihi2", energy=tripled))
    assert math.isclose(b.energy_dynamic.value, 3 * a.energy_dynamic.value, rel_tol=1e-12)
    assert math.isclose(b.energy_dynamic.high, 3 * a.energy_dynamic.high, rel_tol=1e-12)
    assert b.time_per_step == a.time_per_step


def test_what_has_no_place_has_no_price(loihi2):
    network = ChipNetwork(
        (InputLayer("in", (13000,)), DenseLayer("out", (3,), np.ones((3, 13000), int), CubaNeuron(5, 0)))
    )
    layer = LayerActivity("out", np.zeros((3, 1, 1), np.int64))
    with pytest.raises(DoesNotFitError, match="'out' fits on no core of loihi2 .synapse_memory."):
        price(network, Activity((layer,), 1, 4, np.zeros((1, 3))), loihi2)


def test_the_activity_of_another_network_is_refused(make_network, make_activity, loihi2):
    network = make_network("SRB_k3,skip,skip,skip,skip", 4, (1, 8, 8))
    other = make_activity(make_network("SCB_k3,skip,skip,skip,skip", 4, (1, 8, 8)))
    with pytest.raises(InputError):
        price(make_network("skip,skip,skip,skip,skip", 4, (1, 8, 8)), other, loihi2)
    with pytest.raises(InputError):
        price(network, dataclasses.replace(make_activity(network), samples=0), loihi2)


@pytest.mark.parametrize("target", ["loihi2", "loihi1"])
def test_every_constant_of_a_profile_moves_the_price(overlaid, make_network, make_activity, target):
    """Energies and powers twice as large, times twice as long: no constant is there for nothing."""
    network = make_network("AutoSNN", 8, (3, 16, 16))
    activity = dataclasses.replace(make_activity(network), host_macs=1000.0)
    small_chips = {"limits": {"cores_per_chip": {"value": 10}}}
    base = overlaid(target, **small_chips)
    before = price(network, activity, base)
    for name in base.constants:
        section, key, *index = name.split(".")
        table = loader.overlay(loader.read_table(target), small_chips)
        if index:
            points = list(table["time"]["barrier"])
            points[int(index[0])] = scaled_constant(points[int(index[0])], 2.0)
            table = loader.overlay(table, {"time": {"barrier": points}})
            spans = [p["cores"] for p in points]
            if (
                before.chips * 10 < (spans[max(0, int(index[0]) - 1)])
                or before.chips * 10 > spans[min(len(spans) - 1, int(index[0]) + 1)]
            ):
                continue  # a barrier point far from this network's size
        else:
            table = loader.overlay(table, {section: {key: scaled_constant(table[section][key], 2.0)}})
        after = price(network, activity, loader.from_table(table, "test"))
        moved = dataclasses.replace(after, profile_sha256=before.profile_sha256) != before
        attributed_only = name == "power.static_core" and base.power.fitness == "chips"
        assert moved != attributed_only, name


def test_a_cores_static_power_is_charged_where_fitness_is_of_used_cores(overlaid, make_network, make_activity):
    network = make_network("AutoSNN", 8, (3, 16, 16))
    activity = make_activity(network)
    core = load("loihi1").power.static_core.interval
    by_cores, doubled = (
        price(network, activity, overlaid("loihi1", power={"fitness": "used_cores", **more}))
        for more in ({}, {"static_core": scaled_constant(loader.read_table("loihi1")["power"]["static_core"], 2.0)})
    )
    share = core.value * by_cores.cores_used * activity.timesteps * by_cores.time_per_step.value
    assert math.isclose(by_cores.fitness_energy.value, by_cores.energy_dynamic.value + share)
    assert math.isclose(doubled.fitness_energy.value, by_cores.energy_dynamic.value + 2 * share)
    assert doubled.energy_total == by_cores.energy_total
