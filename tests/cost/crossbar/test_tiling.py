"""Sums over tiles, whatever the tile, and a layer of millions of neurons."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.small_nets import overlaid

from autosnn_hw.cost import check
from autosnn_hw.cost.crossbar.tiling import _tile_sums, _totals
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_tile_sum_is_the_sum_of_its_values(seed, clusters, height, width, data):
    values = np.random.default_rng(seed).integers(0, 1000, (clusters, height, width))
    p, q = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    wanted = [
        [[c[y : y + p, x : x + q].sum() for x in range(0, width, q)] for y in range(0, height, p)] for c in values
    ]
    assert _tile_sums(_totals(values), (p, q)).tolist() == wanted


@pytest.mark.timeout(120)
@pytest.mark.parametrize("side", [200, pytest.param(2048, marks=pytest.mark.slow)])
def test_a_layer_of_many_neurons_is_answered_soon(side):
    """Four million of them took minutes when each tile was summed up neuron by neuron."""
    cores = side * side // 300
    mesh = dict.fromkeys(("columns", "rows"), math.isqrt(cores) + 1)
    truenorth = overlaid("truenorth", limits={"cores_per_chip": {"value": cores}}, mesh=mesh)
    conv = ConvLayer("wide", (1, side, side), np.ones((1, 1, 3, 3)), CubaNeuron(0, 4096), padding=(1, 1))
    (violation,) = check(ChipNetwork((InputLayer("in", (1, side, side)), conv)), truenorth).violations
    assert violation.resource == "cores" and violation.needed > side * side / 256
