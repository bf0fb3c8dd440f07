"""Samples that a chip could not be given are said, in the same words as a network that it could not hold."""

import numpy as np
import pytest

from autosnn_hw.cost.input_limits import input_violations
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, Encoder, InputLayer
from autosnn_hw.run_and_price import Samples, measure
from hw_profiles import loader

OUT = DenseLayer("out", (2,), np.ones((2, 6)), CubaNeuron(9, 99))


def driven(bias=None):
    return ChipNetwork((InputLayer("in", (6,), CubaNeuron(20, 1000), bias), OUT), timesteps=4)


@pytest.mark.parametrize("largest, bias, needed", [(4095, None, None), (4096, None, 4096), (-5000, None, 5000), (4000, 100, 4100)])  # fmt: skip
@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
def test_an_image_is_a_bias_and_has_its_limit(largest, bias, needed, target):
    network = driven(None if bias is None else np.full(6, bias))
    images = np.zeros((3, 6), np.int64)
    images[1, 2] = largest
    found = input_violations(network, images, False, loader.load(target))
    assert [(v.layer, v.resource, v.needed, v.limit) for v in found] == ([] if needed is None else [("in", "bias of an image", needed, 4095)])  # fmt: skip


@pytest.mark.parametrize("neuron, graded, said", [(CubaNeuron(20, 1000), False, True), (None, True, True), (None, False, False)])  # fmt: skip
def test_a_value_that_a_message_carries_has_its_limit(neuron, graded, said):
    network = ChipNetwork((InputLayer("in", (6,), neuron), OUT), timesteps=4)
    frames = np.full((2, 4, 6), 40_000_000)
    for target, limited in (("loihi2", True), ("loihi1", True)):
        found = input_violations(network, frames, graded, loader.load(target))
        assert [v.resource for v in found] == (["payload of a frame"] if said and limited else [])
    assert input_violations(network, np.ones((2, 4, 6)), graded, loader.load("loihi1")) == ()


def test_what_an_encoder_gives_is_within_every_limit():
    encoder = Encoder(np.ones((6, 1, 1, 1), np.int8), np.zeros(6, np.int32), np.ones(6, np.int32), 1, np.zeros((1, 256), np.int8), padding=(0, 0))  # fmt: skip
    network = ChipNetwork((InputLayer("in", (6, 1, 1), CubaNeuron(20, 1000)), OUT), timesteps=4, encoder=encoder)
    assert input_violations(network, np.full((2, 1, 1, 1), 255, np.uint8), False, loader.load("loihi2")) == ()


def test_a_run_with_such_images_does_not_fit_and_says_why():
    images = np.random.default_rng(0).integers(-5000, 5001, (4, 6))
    done = measure(driven(), Samples(images, None, "a", "test"), loader.load("loihi2"))
    assert done.document["fits"] is False
    assert [v["resource"] for v in done.document["violations"]] == ["bias of an image"]
    fine = measure(driven(), Samples(images // 2, None, "a", "test"), loader.load("loihi2"))
    assert fine.document["fits"] is True and fine.document["violations"] == []
