"""The core map is well-formed SVG with every core once, under its layer's number."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from autosnn_hw.cost import place
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.report.core_map import core_map, fullness

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("width", [8, 32])
def test_every_core_is_drawn_once_and_none_on_another(make_network, loihi2, width):
    network = make_network("all_SRB_k3", width)
    placement = place(network, loihi2)
    root = ElementTree.fromstring(core_map(network, loihi2))
    cores = root.findall(f"{SVG}g")
    assert len(cores) == placement.cores_used
    boxes = [(box.get("x"), box.get("y")) for box in (core.find(f"{SVG}rect") for core in cores)]
    assert len(set(boxes)) == len(boxes)
    labels = [int(core.find(f"{SVG}text").text) for core in cores]
    assert np.bincount(labels).tolist() == [layer.cores for layer in placement.layers]
    chips = [text.text for text in root.findall(f"{SVG}text") if "chip" in text.text]
    assert len(chips) == placement.chips


def test_names_are_escaped(loihi2):
    layers = (InputLayer("in", (3,)), DenseLayer('<a href="x">&', (2,), np.ones((2, 3), int), CubaNeuron(1, 0)))
    root = ElementTree.fromstring(core_map(ChipNetwork(layers), loihi2))
    assert any('<a href="x">&' in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_fullness_is_the_resource_nearest_to_its_limit(make_network, loihi2):
    network = make_network("all_SRB_k3", 16)
    full = fullness(network, place(network, loihi2), loihi2)
    assert full.min() > 0 and full.max() <= 1
    assert full[0] == pytest.approx(16 * 32 * 4 / 4095)


def test_a_crossbar_target_is_drawn_without_positions():
    from hw_profiles import load

    weight = np.where(np.arange(40).reshape(4, 10) % 3 == 0, 1, -1)
    neuron = CubaNeuron(0, 4096)
    layers = (InputLayer("in", (10,), CubaNeuron(9, 100), host=True), DenseLayer("out", (4,), weight, neuron))
    text = core_map(ChipNetwork(layers, timesteps=4), load("truenorth"))
    assert len(re.findall("<g>", text)) == 1


def test_without_a_place_there_is_no_map(loihi2):
    layers = (InputLayer("in", (13000,)), DenseLayer("out", (2,), np.ones((2, 13000), int), CubaNeuron(1, 0)))
    with pytest.raises(DoesNotFitError, match="no core map"):
        core_map(ChipNetwork(layers), loihi2)
