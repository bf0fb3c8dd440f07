"""The bound of a crossbar network: for no network above what its placement takes, and not far below it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cost import least_price, place, price
from autosnn_hw.cost.crossbar.bound import least_placement, least_ways
from autosnn_hw.cost.crossbar.limits import crossbar_limits
from autosnn_hw.simulate.exact import run

PRICES = ("energy_total", "energy_dynamic", "energy_static", "fitness_energy", "latency", "edp")


@st.composite
def chains(draw):
    """(stem, convolutions, classes, seed), see the fixture `convs`."""
    inputs, side = draw(st.sampled_from([(2, 4), (4, 6), (8, 5), (16, 4)]))
    spec, channels = [], inputs
    for _ in range(draw(st.integers(1, 3))):
        outputs = draw(st.sampled_from([4, 8, 16, 32]))
        kernel = draw(st.sampled_from([1, 3, 5]))
        groups = draw(st.sampled_from([n for n in (1, 2, 4) if channels % n == 0 and outputs % n == 0]))
        spec.append((outputs, kernel, groups, 1))
        channels = outputs
    return (inputs, side), spec, draw(st.sampled_from([None, 3])), draw(st.integers(0, 99))


@settings(max_examples=12, deadline=None)
@given(chains())
def test_no_placement_has_fewer_cores_than_the_bound(convs, truenorth, chain):
    stem, spec, classes, seed = chain
    network = convs(stem, spec, classes, seed=seed)
    least, placed = least_placement(network, truenorth), place(network, truenorth)
    if least is None:
        assert placed.cores_used is None
    elif placed.cores_used is not None:
        assert least.cores_used <= placed.cores_used and least.chips <= placed.chips


@pytest.mark.parametrize("blocks", [("SRB_k3", "SCB_k3", "skip", "SRB_k3", "SCB_k3"), ("SCB_k5", *["skip"] * 4)])
def test_nothing_is_cheaper_than_the_bound(snn1, truenorth, blocks):
    network = snn1(blocks, 4, 8, (1,), classes=3)
    activity = run(network, np.random.default_rng(3).integers(-100, 500, (2, 4, 8, 8)))
    least, whole = least_price(network, activity, truenorth), price(network, activity, truenorth, per_core=False)
    for name in PRICES:
        for side in ("low", "value", "high"):
            assert getattr(getattr(least, name), side) <= getattr(getattr(whole, name), side) * (1 + 1e-12), name
    assert 0.6 * whole.cores_used <= least.cores_used <= whole.cores_used
    assert sum(x.spikes for x in least.layers[1:]) == pytest.approx(sum(x.spikes for x in whole.layers[1:]))


def test_a_layer_that_fits_on_no_core_has_no_bound(convs, truenorth):
    network = convs((16, 8), [(16, 5, 1, 1)])  # 400 inputs of a neuron
    assert least_placement(network, truenorth) is None and place(network, truenorth).cores_used is None


def test_the_tilings_of_equal_layers_are_weighed_once(convs, truenorth):
    one, same, other = (convs((4, 6), [(8, 3, 1, 1)], seed=seed) for seed in (0, 0, 1))
    limits = crossbar_limits(truenorth)
    ways, again, others = (least_ways(n.layers[1], n.layers[0].shape, limits) for n in (one, same, other))
    assert again is ways and others is not ways
    assert sorted(ways) == list(ways) and sorted((axons for _, axons in ways), reverse=True) == [a for _, a in ways]
