"""The rule of placement: Intel's compiler on PilotNet, counts derived from the rule, and limits never exceeded."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.random_layers import Geometry, convolutions

from autosnn_hw.cost import place
from autosnn_hw.cost.columns.column_blocks import row_words
from autosnn_hw.cost.limits import limit_of
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from exporters import netx
from hw_profiles import load

NEURON = CubaNeuron(20, 1000)


def pilotnet() -> ChipNetwork:
    try:
        files = metadata.files("lava-dl") or []
    except metadata.PackageNotFoundError:
        pytest.skip("lava-dl, whose wheel carries PilotNet, is not installed")
    path = next((f.locate() for f in files if str(f).endswith("pilotnet_lif/network.net")), None)
    if path is None or not Path(str(path)).is_file():
        pytest.skip("this lava-dl wheel carries no pilotnet_lif/network.net")
    return netx.read(Path(str(path)))


def test_pilotnet_takes_the_74_cores_of_intels_compiler(loihi2):
    placement = place(pilotnet(), loihi2)
    assert [layer.cores for layer in placement.layers] == [13, 25, 13, 3, 3, 2, 12, 1, 1, 1]
    assert (placement.cores_used, placement.chips) == (74, 1)


def test_a_dense_layer_is_cut_by_its_synaptic_memory(loihi2):
    dense = place(pilotnet(), loihi2).layers[6]
    assert sorted(set(dense.neurons.tolist())) == [8, 9]
    assert row_words(17, loihi2.memory.dense) * 2560 == 12800


@pytest.mark.parametrize(("width", "cores", "chips"), [(16, 69, 1), (32, 136, 2)])
def test_all_residual_networks_take_the_cores_that_the_rule_gives(make_network, loihi2, width, cores, chips):
    placement = place(make_network("all_SRB_k3", width), loihi2)
    assert (placement.cores_used, placement.chips) == (cores, chips)


def test_a_column_of_4096_neurons_is_cut_along_its_channels(make_network, loihi2):
    network = make_network("all_SRB_k3", 64)
    placement = place(network, loihi2)
    tall = [layer.name for layer in network.layers[:-1] if layer.shape[0] * layer.shape[1] >= 4096]
    cut = [p.name for p, layer in zip(placement.layers, network.layers) if p.block[0] < layer.shape[0]]
    assert len(tall) == 3 and set(tall) <= set(cut)


def test_frames_and_host_neurons_take_no_core(loihi2):
    frames = ChipNetwork((InputLayer("in", (2, 8, 8)), DenseLayer("out", (3,), np.ones((3, 128), int), NEURON)))
    host = ChipNetwork((InputLayer("in", (2, 8, 8), NEURON, host=True), *frames.layers[1:]))
    for network in (frames, host):
        assert [layer.cores for layer in place(network, loihi2).layers] == [0, 1]


def test_what_fits_on_no_core_has_no_cores(loihi2):
    network = ChipNetwork((InputLayer("in", (13000,)), DenseLayer("out", (3,), np.ones((3, 13000), int), NEURON)))
    placement = place(network, loihi2)
    assert placement.layers[1].broken == ("synapse_memory",)
    assert placement.layers[1].cores is None and placement.cores_used is None and placement.chips is None


def test_a_placement_is_kept_with_its_network(make_network, loihi1, loihi2):
    network = make_network("all_SCB_k3", 4, (1, 8, 8))
    assert place(network, loihi2) is place(network, loihi2)
    assert place(network, loihi1) is not place(network, loihi2)


@st.composite
def networks(draw) -> ChipNetwork:
    """Input, one or two convolutions and a dense layer, some of them too large for one core."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    c, h, w = draw(st.integers(1, 40)), draw(st.integers(2, 40)), draw(st.integers(2, 40))
    layers = [InputLayer("in", (c, h, w), NEURON if draw(st.booleans()) else None)]
    for index in range(draw(st.integers(0, 2))):
        source = layers[-1].shape
        geometry = Geometry((1, 3), (1, 2), (0, 1), (1, 1), (1, source[0]), 80)
        weights = lambda rng, shape: rng.integers(-3, 4, shape)  # noqa: E731
        layers.append(draw(convolutions(source, weights, geometry, lambda _: NEURON, f"c{index}")))
    inputs, out = int(np.prod(layers[-1].shape)), draw(st.integers(1, 150))
    layers.append(DenseLayer("out", (out,), rng.integers(-3, 4, (out, inputs)), NEURON))
    return ChipNetwork(tuple(layers), timesteps=4)


@settings(max_examples=60, deadline=None)
@given(networks(), st.sampled_from(["loihi2", "loihi1"]))
def test_no_core_ever_exceeds_a_limit(network, target):
    profile = load(target)
    placement = place(network, profile)
    for layer, placed in zip(network.layers, placement.layers):
        if placed.cores:
            assert int(placed.neurons.sum()) == int(np.prod(layer.shape))
            assert int(placed.neurons.max()) <= profile.limits.neurons_per_core.value
            assert int(placed.neurons.min()) > 0
        for resource, used in placed.use.items():
            limit = limit_of(resource, isinstance(layer, DenseLayer), profile)
            assert (limit is None or used <= limit.value) or resource in placed.broken


@settings(max_examples=30, deadline=None)
@given(networks())
def test_axons_are_counted_as_a_count_by_hand_does(network):
    """Input and output axons of Loihi 1's placement against loops over blocks, neurons and weights."""
    profile = load("loihi1")
    placement = place(network, profile)
    for index in range(1, len(network.layers)):
        placed, layer = placement.layers[index], network.layers[index]
        if not placed.cores or not isinstance(layer, DenseLayer):
            continue
        axons = [
            int((layer.weight[a:b] != 0).any(axis=0).sum()) for a, b in zip(placed.edges[0][:-1], placed.edges[0][1:])
        ]
        assert placed.use["input_axons"] == max(axons)


@settings(max_examples=20, deadline=None)
@given(networks())
def test_cores_stand_on_slots_of_the_mesh_that_no_other_core_has(network):
    profile = load("loihi2")
    placement = place(network, profile)
    if placement.cores_used:
        where = placement.positions
        _, counts = np.unique(np.stack([where.chip, where.x, where.y]), axis=1, return_counts=True)
        assert counts.max() <= profile.mesh.cores_per_tile
        assert where.y.max() < profile.mesh.rows and (where.x // profile.mesh.columns == where.chip).all()


def test_synaptic_delays_take_room(loihi1):
    """400 synapses an axon: six groups of 64 and one of 16, each synapse of 8 bits, or of 14 with its delay [nengo-loihi]."""
    weight = 2 * np.random.default_rng(0).integers(-20, 21, (400, 256))

    def placed(delay):
        dense = DenseLayer("d", (400,), weight, CubaNeuron(60, 1024), delay=delay)
        return place(ChipNetwork((InputLayer("in", (256,)), dense), timesteps=4), loihi1).layers[1]

    without, zeros, delayed = placed(None), placed(np.zeros((400, 256), np.int64)), placed(np.full((400, 256), 62))
    assert without.cores == zeros.cores == 1 and without.use["synapse_memory"] == 256 * 57
    assert delayed.cores == 2 and delayed.use["synapse_memory"] == 256 * (3 * 15 + 2)
    assert row_words(400, loihi1.memory.dense, delayed=True) == 94
