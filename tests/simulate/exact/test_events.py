"""The door of the event path: what it serves, and that its tables are made once."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import events, paths

NEURON = CubaNeuron(10, 100)


def conv(weight, **changes):
    return replace(ConvLayer("c", (1, 4, 4), np.full((1, 4, 3, 3), weight), NEURON, padding=(1, 1)), **changes)


def test_sums_must_fit_in_16_bits_with_the_bias():
    assert events.serves(conv(32767 // 36), 8) and not events.serves(conv(32767 // 36 + 1), 8)
    room = 32767 - 900 * 36
    assert events.serves(conv(900, bias=np.array([room])), 8)
    assert not events.serves(conv(900, bias=np.array([room + 1])), 8)


@pytest.mark.parametrize(
    "layer",
    [
        conv(1, neuron=CubaNeuron(10, 100, 4095)),
        conv(1, dilation=(2, 1), padding=(2, 1)),
        DenseLayer("d", (2,), np.ones((2, 3), int), NEURON, delay=np.array([[0, 1, 0], [0, 0, 0]])),
        InputLayer("in", (3,), NEURON),
    ],
    ids=["current memory", "dilation", "delay", "input"],
)
def test_what_is_not_exact_is_not_served(layer):
    assert not events.serves(layer, 8)


def test_a_run_of_more_steps_than_16_bits_count_is_not_served():
    assert events.serves(conv(1), 65535) and not events.serves(conv(1), 65536)


def test_held_values_must_fit_with_the_bias():
    layer = InputLayer("in", (2,), NEURON, bias=np.array([7, -7]))
    assert events.serves_values(layer, np.array([[32760, -32760]]))
    assert not events.serves_values(layer, np.array([[32761, 0]]))
    assert not events.serves_values(layer, np.array([[0, -32761]]))
    assert not events.serves_values(InputLayer("in", (2,)), np.zeros((1, 2), int))


def two_layers(roles):
    last = ConvLayer("last", (2, 4, 4), np.ones((2, 1, 3, 3), int), NEURON, padding=(1, 1), roles=roles)
    return ChipNetwork((InputLayer("in", (4, 4, 4)), conv(3), last))


def test_a_last_layer_of_two_roles_does_not_stay_in_one_array():
    """Its channels of each role are an array: the last alone would leave outputs, so another path computes it."""
    one, two = two_layers([0, 0]), two_layers([0, 1])
    assert events.prepare(one, 1, 2, 5).holds_last and not events.prepare(two, 1, 2, 5).holds_last
    assert list(paths(one).values()) == ["events", "events"]
    assert paths(two)["c"] == "events" and paths(two)["last"] != "events"


def test_tables_are_made_once_for_each_number_of_steps():
    network = two_layers([0, 0])
    assert events.prepare(network, 1, 2, 5) is events.prepare(network, 1, 2, 5)
    assert events.prepare(network, 1, 2, 5) is not events.prepare(network, 1, 2, 6)


def test_layers_come_in_order_with_counts_or_with_spikes():
    network = two_layers([0, 0])
    frames = np.random.default_rng(0).integers(0, 2, (3, 5, 4, 4, 4))
    tables = events.prepare(network, 1, 2, 5)
    counted, kept = (list(events.run(tables, frames, keep=keep, threads=1)) for keep in (False, True))
    assert [run.layer.name for run in counted] == [run.layer.name for run in kept] == ["c", "last"]
    for few, many in zip(counted, kept):
        assert few.spikes is None and many.counts is None
        np.testing.assert_array_equal(few.counts.neuron_spikes, many.spikes.sum(dim=(0, 1)))
    assert counted[0].outputs is None
    np.testing.assert_array_equal(counted[1].outputs, kept[1].spikes.sum(dim=1).flatten(1))


def test_nothing_behind_the_door_is_imported_from_outside():
    package = Path(events.__file__).parent
    outside = [path for path in package.parents[2].rglob("*.py") if package not in path.parents]
    assert len(outside) > 100
    assert [path for path in outside if re.search(r"exact\.events\.\w", path.read_text())] == []
