"""Arithmetic on what happened: votes, predictions, spikes by role."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity, spike_totals
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, Readout

STEM = LayerActivity("stem", np.array([[[4], [6]], [[0], [0]], [[0], [0]]]))
BLOCK = LayerActivity("a", np.array([[[10], [20]], [[2], [4]], [[6], [0]]]))
ACTIVITY = Activity((STEM, BLOCK), 2, 8, np.array([[1, 2, 2, 2], [5, 0, 2, 3]]))


def test_relays_are_no_spikes_of_the_paper_and_pools_are_not_the_networks_own():
    assert spike_totals(ACTIVITY) == {"paper": 23.0, "chip": 26.0, "own": 20.0, "relay": 3.0, "pool": 3.0}


def test_a_stem_on_the_host_is_counted_and_named():
    neuron = CubaNeuron(25, 1024)
    network = ChipNetwork(
        (InputLayer("stem", (2,), neuron, host=True), DenseLayer("a", (2,), np.ones((2, 2), int), neuron))
    )
    assert spike_totals(ACTIVITY, network) == {**spike_totals(ACTIVITY), "host": 5.0}


def test_the_most_voted_class_wins_and_a_tie_goes_to_the_lowest():
    assert ACTIVITY.votes(Readout(2, 2)).tolist() == [[3, 4], [5, 5]]
    assert ACTIVITY.predictions(Readout(2, 2)).tolist() == [1, 0]
    assert ACTIVITY.predictions(None).tolist() == [1, 0]


def test_an_accumulating_readout_is_read_off_its_voltage_and_nothing_else():
    readout = Readout(4, accumulates=True)
    with pytest.raises(ValueError, match="final v"):
        ACTIVITY.predictions(readout)
    assert replace(ACTIVITY, final_v=np.array([[0, 9, 1, 1], [0, 0, 0, 7]])).predictions(readout).tolist() == [1, 3]
