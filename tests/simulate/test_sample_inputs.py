"""Samples with other axes: taken where one reading fits the network, and then said; left alone where none does."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, Encoder, InputLayer
from autosnn_hw.run_and_price import Samples, measure
from autosnn_hw.simulate.sample_inputs import beyond_training, suited
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.parts import Parts
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from exporters import netx

NEURON = CubaNeuron(60, 1024)
rng = np.random.default_rng(0)


def flat(count, neuron=None, shape=None):
    dense = DenseLayer("fc", (3,), rng.integers(-9, 9, (3, count)), NEURON)
    return ChipNetwork((InputLayer("in", shape or (count,), neuron), dense), timesteps=4)


def conv(channels, height, width, neuron=None):
    layer = ConvLayer("c", (2, height, width), rng.integers(-9, 9, (2, channels, 1, 1)), NEURON)
    return ChipNetwork((InputLayer("in", (channels, height, width), neuron), layer), timesteps=4)


def encoded(channels, height, width):
    weight = rng.integers(-9, 9, (2, channels, 3, 3)).astype(np.int8)
    table = np.tile(np.arange(256) // 2, (channels, 1)).astype(np.int8)
    encoder = Encoder(weight, np.zeros(2, np.int32), np.ones(2, np.int32), 4, table=table)
    stem = InputLayer("stem", (2, height, width), NEURON)
    dense = DenseLayer("fc", (3,), rng.integers(-9, 9, (3, 2 * height * width)), NEURON)
    return ChipNetwork((stem, dense), timesteps=4, encoder=encoder)


def samples(*shape):
    return rng.integers(0, 200, shape).astype(np.uint8)


@pytest.mark.parametrize(
    "network, shape",
    [
        (flat(49, NEURON), (6, 49)),
        (flat(20), (6, 24, 20)),
        (conv(3, 9, 3, NEURON), (6, 3, 9, 3)),
        (conv(2, 8, 9), (6, 5, 2, 8, 9)),
        (encoded(3, 8, 9), (6, 3, 8, 9)),
        (encoded(1, 8, 9), (6, 8, 8, 1)),
        (flat(20), (6, 24, 21)),
        (flat(20), (6, 20)),
        (conv(2, 8, 9), (6, 2, 8, 9)),
        (conv(2, 8, 9), (6, 2, 8, 9, 2)),  # time or channels last: either would fit
    ],
)
def test_what_fits_or_does_not_fit_at_all_comes_back_as_it_is(network, shape):
    x = samples(*shape)
    given, notes = suited(network, x)
    assert given is x and notes == []


@pytest.mark.parametrize(
    "network, shape, wanted, said",
    [
        (encoded(1, 8, 9), (6, 8, 9), (6, 1, 8, 9), "images of shape 8 x 9 are taken as grey"),
        (conv(1, 8, 9, NEURON), (6, 8, 9), (6, 1, 8, 9), "images of shape 8 x 9 are taken as grey"),
        (conv(1, 8, 9), (6, 5, 8, 9), (6, 5, 1, 8, 9), "frames of shape 8 x 9 are taken as grey"),
        (encoded(3, 8, 9), (6, 8, 9, 3), (6, 3, 8, 9), "images of shape 8 x 9 x 3 are taken with their channels last"),
        (
            conv(2, 8, 9),
            (6, 5, 8, 9, 2),
            (6, 5, 2, 8, 9),
            "frames of shape 8 x 9 x 2 are taken with their channels last",
        ),
        (flat(72, NEURON), (6, 1, 8, 9), (6, 72), "images of shape 1 x 8 x 9 are flattened"),
        (flat(72), (6, 5, 2, 4, 9), (6, 5, 72), "frames of shape 2 x 4 x 9 are flattened"),
        (flat(72, NEURON, (72, 1, 1)), (6, 72), (6, 72, 1, 1), None),
        (flat(72, None, (72, 1, 1)), (6, 5, 72), (6, 5, 72, 1, 1), None),
    ],
)
def test_the_one_reading_that_fits_is_taken_and_said(network, shape, wanted, said):
    x = samples(*shape)
    given, notes = suited(network, x)
    assert given.shape == wanted
    assert notes == [] if said is None else said in notes[0]
    if said and "last" in said:
        x = np.moveaxis(x, -1, -3)
    assert np.array_equal(given.reshape(-1), x.reshape(-1))


@pytest.mark.parametrize("channels", [1, 2])
def test_frames_with_time_last_are_taken_and_said(channels):
    """As lava-dl has them, and `search` takes them."""
    x = samples(6, channels, 8, 9, 5)
    given, notes = suited(conv(channels, 8, 9), x)
    np.testing.assert_array_equal(given, np.moveaxis(x, -1, 1))
    assert "are taken with time last, 5 steps" in notes[0]


def test_pixels_beyond_the_training_range_are_said():
    """Digits are 0..16: the encoder's table ends there, and bytes of another scale all count as 16."""
    network = encoded(1, 4, 4)
    assert beyond_training(network, samples(3, 1, 4, 4)) == []
    table = np.minimum(np.arange(256), 16)[None].astype(np.int8) * 7
    small = replace(network, encoder=replace(network.encoder, table=table))
    images = np.zeros((2, 1, 4, 4), np.uint8)
    images[:, 0, 0] = 16
    assert beyond_training(small, images) == []
    images[1, 0, 2] = 200
    (sentence,) = beyond_training(small, images)
    assert "4 of 32 pixels are brighter than 16" in sentence


def on_floats(low, high):
    """A small network that was made of float images, and others on their scale."""
    x = np.random.default_rng(0).uniform(low, high, (60, 1, 8, 8)).astype(np.float32)
    y = np.arange(60) % 3
    data = datasets.of_parts("floats", Parts(x[:40], y[:40], x[40:], y[40:]))
    network = SpikingNetwork(Architecture.parse("all_SCB_k3", width=2, timesteps=2), data.image, data.classes)
    return lower(network.eval().to_folded(data)), data.x_test


def test_float_pixels_on_another_scale_are_said_by_the_file_of_a_network(tmp_path):
    network, x_test = on_floats(0, 1)
    netx.write(network, tmp_path / "a.net")
    read = netx.read(tmp_path / "a.net")
    assert read.encoder.pixel_range == pytest.approx((0, 1), abs=0.01)
    assert beyond_training(read, x_test) == [] and beyond_training(read, x_test * np.float32(1.1)) == []
    (sentence,) = beyond_training(read, x_test * 65535)
    assert "the range that this network was trained on, and reach from" in sentence
    (sentence,) = beyond_training(read, 2 * x_test - 1)
    assert f"{(2 * x_test - 1 < read.encoder.pixel_range[0]).sum()} of {x_test.size} pixels are outside" in sentence
    assert beyond_training(*on_floats(-3, 3)) == []


def test_a_file_without_the_range_of_floats_is_read_as_ever(tmp_path):
    network, x_test = on_floats(0, 1)
    netx.write(network, tmp_path / "a.net")
    with h5py.File(tmp_path / "a.net", "a") as file:
        del file["autosnn_hw/encoder/pixel_range"]
    read = netx.read(tmp_path / "a.net")
    assert read.encoder.pixel_range is None and beyond_training(read, x_test - 9) == []
    with h5py.File(tmp_path / "a.net", "a") as file:
        file["autosnn_hw/encoder/pixel_range"] = np.array([1, 0], np.float32)
    with pytest.raises(InputError, match="the lowest and the highest pixel"):
        netx.read(tmp_path / "a.net")


def test_the_encoder_of_digits_knows_their_range():
    digits = datasets.load("digits")
    network = SpikingNetwork(
        Architecture.parse("all_SCB_k3", width=2, timesteps=2), digits.image, digits.classes
    ).eval()
    chip = lower(network.to_folded(digits))
    assert beyond_training(chip, digits.x_test) == []
    bright = 15 * digits.x_test
    (sentence,) = beyond_training(chip, bright)
    assert f"{(bright > 16).sum()} of {bright.size} pixels are brighter than 16" in sentence
    assert (
        measure(chip, Samples(bright[:2], None, "bright", "test"), hw_profiles.load("loihi2"))
        .notes[0]
        .endswith("training images?")
    )
