"""How a network behaves: every neuron is in one class, every spike of a shown neuron in the raster, the worst error first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.documents.behaviour import (
    MOST_ERRORS,
    PICTURE_FRAMES,
    PICTURE_SIDE,
    RASTER_CELLS,
    RASTER_NEURONS,
    RATE_EDGES,
    behaviour,
    picture_of,
    raster_of,
    rate_classes,
    unpacked,
)
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, Readout


@pytest.fixture
def network():
    layers = (
        InputLayer("stem", (1, 10, 10), CubaNeuron(1, 0)),
        DenseLayer("readout", (6,), np.ones((6, 100), int), CubaNeuron(1, 0)),
    )
    return ChipNetwork(layers, timesteps=4, readout=Readout(3, 2))


@given(arrays.arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1)))
def test_every_neuron_is_in_one_class(rates):
    never, *classes = rate_classes(rates)
    assert never + sum(classes) == len(rates) and never == (rates == 0).sum()
    assert sum(classes[:2]) == ((rates > 0) & (rates <= RATE_EDGES[1])).sum()


def test_the_worst_error_is_the_surest_and_no_right_one_is_among_them(network):
    samples = 30
    outputs = np.zeros((samples, 6), int)
    outputs[:, 0] = np.arange(samples)  # all votes for class 0, more and more
    labels = np.where(np.arange(samples) < 3, 0, 2)
    counts = [LayerActivity(name, np.zeros((3, samples, 1), int), neuron_spikes=np.full(shape, 60)) for name, shape in (("stem", (1, 10, 10)), ("readout", (6,)))]  # fmt: skip
    found = behaviour(
        network, Activity(tuple(counts), samples, 4, outputs), np.zeros((samples, 1, 4, 4), np.uint8), labels
    )
    assert found["wrong"] == 27 and [error["sample"] for error in found["errors"]] == list(
        range(29, 29 - MOST_ERRORS, -1)
    )
    assert found["errors"][0]["votes"] == {"prediction": 29, "label": 0}
    assert found["layers"][0]["rates"] == [0, 0, 0, 0, 100, 0]  # 60 of 120 steps


def test_a_raster_holds_the_spikes_of_the_neurons_that_it_shows(network):
    rng = np.random.default_rng(0)
    spikes = {"stem": rng.integers(0, 2, (4, 1, 10, 10)), "readout": rng.integers(0, 2, (4, 6))}
    found = raster_of(network, spikes, sample=3, label=1, prediction=1)
    stem, readout = found["layers"]
    assert (stem["neurons"], stem["shown"], readout["shown"], found["steps"]) == (100, 48, 6, 4)
    assert len(readout["spikes"]) == spikes["readout"].sum() and readout["role"] == "readout"
    assert {tuple(at) for at in readout["spikes"]} == {tuple(at) for at in np.argwhere(spikes["readout"]).tolist()}
    assert [0, 0] in stem["spikes"] or not spikes["stem"][0].ravel()[0]


def test_a_raster_of_many_steps_shows_fewer_neurons(network):
    rng = np.random.default_rng(0)
    found = raster_of(network, {"stem": rng.integers(0, 2, (200, 1, 10, 10))}, sample=0, label=0, prediction=0)
    assert found["layers"][0]["shown"] == RASTER_CELLS // 200 < RASTER_NEURONS


def test_small_pictures_are_kept_as_they_are_and_large_ones_reduced():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (3, 8, 9)).astype(np.uint8)
    assert (unpacked(picture_of(image)) == image).all()
    frames = np.zeros((20, 2, 130, 100), np.uint8)
    frames[19, 1, 129, 99] = 1  # one late event survives
    small = unpacked(picture_of(frames))
    assert small.shape[:2] == (PICTURE_FRAMES, 2) and max(small.shape[2:]) <= PICTURE_SIDE and small[-1, 1, -1, -1] == 1
    stretched = unpacked(picture_of(rng.normal(size=(1, 200, 200)).astype(np.float32)))
    assert stretched.min() == 0 and stretched.max() == 255
    assert picture_of(np.zeros(7)) is None is picture_of(np.zeros((5, 7)))
