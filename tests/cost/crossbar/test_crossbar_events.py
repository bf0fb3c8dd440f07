"""Energy and time of crossbar cores: events as the interpreter counts them, and the three published rates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost import place, price
from autosnn_hw.cost.cores import core_network
from autosnn_hw.cost.crossbar import tiled_network
from autosnn_hw.cost.crossbar.events import events_apart
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.simulate.exact import run, trace
from exporters import cores

MIX = ("SRB_k3", "SCB_k3", "skip", "SRB_k3", "SCB_k3")


@pytest.fixture(scope="module")
def digits(snn1):
    """A net of digits size, and what it did with random spikes as stem biases."""
    network = snn1(MIX, 8, 8, (1,))
    images = np.random.default_rng(3).integers(-100, 500, (4, 8, 8, 8))
    return network, images, run(network, images)


def test_events_are_those_that_the_interpreter_counts(digits, truenorth, interpreter, tmp_path):
    network, images, activity = digits
    cores.write(core_network(network, truenorth), tmp_path / "winner.cores.json")
    chip = interpreter(tmp_path / "winner.cores.json")
    stem = trace(network, images, layers=[network.layers[0].name]).layers[0].spikes
    chip.run(stem.reshape(*stem.shape[:2], -1))
    mapping = tiled_network(place(network, truenorth))
    parts = events_apart(network, activity, mapping)
    counted = parts["synops"] + parts["copy_events"] + parts["splitter_events"]
    report = price(network, activity, truenorth)
    assert counted * len(images) == pytest.approx(chip.events)
    assert sum(layer.synops for layer in report.layers) == pytest.approx(counted)
    assert parts["synops"] == pytest.approx(sum(layer.synops.sum() for layer in activity.layers) / activity.samples)
    assert parts["copy_events"] > 0 and parts["splitter_events"] > 0


def test_report_is_static_power_of_the_chip_events_and_ticks(digits, truenorth):
    network, _, activity = digits
    report = price(network, activity, truenorth)
    mapping = tiled_network(place(network, truenorth))
    tick = truenorth.time.tick.interval.value
    assert report.time_per_step.value == pytest.approx(tick)
    assert report.latency.value == pytest.approx((network.timesteps + mapping.depth) * tick)
    static = truenorth.power.static_chip.interval.value * network.timesteps * tick
    assert report.energy_static.value == pytest.approx(static) and static == pytest.approx(258e-6, rel=0.01)
    dynamic = sum(layer.synops for layer in report.layers) * truenorth.energy.synop.interval.value
    assert report.energy_dynamic.value == pytest.approx(dynamic)
    share = report.fitness_energy.value - dynamic
    assert share == pytest.approx(static * report.cores_used / truenorth.cores, rel=0.01), "static power of used cores"
    assert report.layers[0].cores == 0 and report.layers[0].energy.value == 0, "the host's stem costs the chip nothing"


def test_loads_of_cores_add_up_to_the_layers(digits, truenorth):
    network, _, activity = digits
    report = price(network, activity, truenorth)
    assert len(report.cores) == report.cores_used
    steps = activity.timesteps
    assert sum(core.synops for core in report.cores) * steps == pytest.approx(sum(x.synops for x in report.layers))
    assert sum(core.messages_in for core in report.cores) * steps == pytest.approx(
        sum(layer.messages for layer in report.layers) - report.layers[-1].messages
    )
    assert max(core.neurons for core in report.cores) <= 256


def _scaled(activity, factor):
    layers = tuple(
        LayerActivity(x.name, x.spikes * factor, neuron_spikes=x.neuron_spikes * factor) for x in activity.layers
    )
    return replace(activity, layers=layers)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20))
def test_energy_is_monotone_and_linear_in_spikes(digits, truenorth, a, b):
    network, _, activity = digits
    one, other, both = (
        price(network, _scaled(activity, n), truenorth, per_core=False).energy_dynamic for n in (a, b, a + b)
    )
    assert both.value == pytest.approx(one.value + other.value)
    assert max(one.value, other.value) <= both.value
    for energy in (one, other, both):
        assert 0 <= energy.low <= energy.value <= energy.high


def test_spikes_known_by_layer_only_are_spread_evenly(digits, truenorth):
    network, _, activity = digits
    layers = tuple(replace(layer, neuron_spikes=None) for layer in activity.layers)
    known, spread = (price(network, a, truenorth) for a in (activity, replace(activity, layers=layers)))
    assert spread.energy_dynamic.value == pytest.approx(known.energy_dynamic.value, rel=0.3)
    assert any("spread evenly" in sentence for sentence in spread.not_counted)


@pytest.mark.parametrize(("rate", "watts"), [(11.58, 0.068), (20.07, 0.071), (95.93, 0.094)])
def test_the_three_published_rates_within_five_percent(rate, watts, truenorth, convs):
    """Akopyan et al. 2015, figure 17: 4,096 cores, 1 M neurons that fire at `rate`, 128 synapses each, 1 ms tick, 0.8 V."""
    network = convs((128, 8), [(128, 1, 1, 1)], timesteps=1)
    events = 4096 * 256 * 128 * rate * truenorth.time.tick.interval.value
    mapping = tiled_network(place(network, truenorth))
    spikes = np.full(network.layers[0].shape, events / mapping.events[0].sum())
    layers = tuple(
        LayerActivity(layer.name, np.zeros((3, 1, 1)), neuron_spikes=map_)
        for layer, map_ in zip(network.layers, (spikes, np.zeros(network.layers[1].shape)))
    )
    activity = Activity(layers, 1, 1, np.zeros((1, 128 * 64), int))
    report = price(network, activity, truenorth, per_core=False)
    power = report.energy_total.value / report.time_per_step.value
    assert power == pytest.approx(watts, rel=0.05)


def test_what_has_no_place_has_no_price(truenorth, convs, digits):
    network = convs((16, 8), [(16, 5, 1, 1)])
    with pytest.raises(DoesNotFitError, match="c0"):
        price(network, digits[2], truenorth)
