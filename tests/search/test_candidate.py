"""What a board measures stands in the place of what the model says of the same run."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost import price
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.search.candidate import CandidateRecord, measured_values, priced_record
from hw_profiles import load

STEPS, SAMPLES = 4, 5


@pytest.fixture(scope="module")
def run():
    neuron = CubaNeuron(3, 1024)
    dense = DenseLayer("out", (6,), np.ones((6, 12), int), neuron)
    network = ChipNetwork((InputLayer("in", (12,), neuron), dense), timesteps=STEPS)
    layers = []
    for layer in network.layers:
        counts = np.zeros((3, SAMPLES, 1), np.int64)
        counts[0] = 7
        layers.append(LayerActivity(layer.name, counts))
    activity = Activity(tuple(layers), SAMPLES, STEPS, np.zeros((SAMPLES, 6), np.int64))
    return activity, price(network, activity, load("loihi2"))


def test_a_board_says_power_and_time_and_only_its_dynamic_power_counts(run):
    activity, report = run
    seconds = 3 * report.time_per_step.value
    power = {"total_power": 2.5, "static_total_power": 2.1}  # of eight chips
    measured = replace(activity, details={"board": {"power_watts": power, "seconds_per_step": seconds}})
    values = measured_values(measured, report)
    dynamic = 0.4 * seconds * STEPS
    assert values["dynamic"] == pytest.approx(dynamic)
    assert values["energy"] == pytest.approx(dynamic + 3 * report.energy_static.value)
    assert values["latency"] == pytest.approx(3 * report.latency.value)
    assert values["edp"] == pytest.approx(values["energy"] * values["latency"])
    modelled = measured_values(activity, report)
    assert modelled["energy"] == report.energy_total.value
    assert {name: values[name] for name in ("spikes", "spikes_chip")} == {
        name: modelled[name] for name in ("spikes", "spikes_chip")
    }


def test_parts_add_up_and_their_bounds_are_those_of_the_constants(run):
    activity, report = run
    record = priced_record("a", 0.5, activity, report)
    assert sum(record.parts.values()) == pytest.approx(report.energy_total.value)
    assert record.part_bounds["spikes"] == pytest.approx((46.0 / 69.3, 104.0 / 69.3))
    again = CandidateRecord.from_json(record.to_json())
    assert {name: tuple(bounds) for name, bounds in again.part_bounds.items()} == dict(record.part_bounds)
