"""Core counts: by hand for small shapes, against the figures of the measured prototype for whole networks."""

import numpy as np
import pytest

from autosnn_hw.cost import check, place
from autosnn_hw.cost.crossbar import tiled_network
from autosnn_hw.cost.crossbar.limits import crossbar_limits
from autosnn_hw.cost.crossbar.placement import Unplaced, place_layers
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Role

MEMORYLESS = CubaNeuron(0, 4096, 4096)
MIX = ("SRB_k3", "SCB_k3", "skip", "SRB_k3", "SCB_k3")
AUTOSNN = ("SRB_k5", "SRB_k5", "skip", "SRB_k3", "SRB_k5")
CIFAR_POOLS, DIGITS_POOLS = (1, 3, 5), (1,)


def _both_signs(*shape):
    """Weights of +1 and -1 that alternate from tap to tap and from channel to channel: whatever outputs and positions
    share a core, they read every source through both signs, but for corners that one tap reads."""
    return 1 - 2 * (np.indices(shape).sum(axis=0) % 2)


def _dense(name, outputs, inputs):
    signs = np.random.default_rng(0).choice([-1, 1], (outputs, inputs))
    return DenseLayer(name, (outputs,), signs, MEMORYLESS)


def _conv(name, outputs, inputs, kernel, side):
    weight = _both_signs(outputs, inputs, kernel, kernel)
    return ConvLayer(name, (outputs, side, side), weight, MEMORYLESS, padding=kernel // 2)


def _or_pool(name, channels, side):
    weight, roles = np.ones((channels, 1, 2, 2), int), np.full(channels, Role.POOL)
    return ConvLayer(name, (channels, side, side), weight, MEMORYLESS, stride=2, groups=channels, roles=roles)


def _one_conv():
    # 2 signs x 4 channels = 8 axons a position, so 32 positions. Rows of 8 are never cut off by padding: a tile of 2 rows
    # reads 4 x 8. Four tiles of 2 x 8; 2 x 8 x 4 channels = 64 neurons each.
    return [InputLayer("in", (4, 8, 8)), _conv("c", 4, 4, 3, 8)], [(4, 0)]


def _one_pool():
    # Four axons a neuron, one sign: 64 of the 8 x 8 x 8 neurons on a core.
    return [InputLayer("in", (8, 16, 16)), _or_pool("p", 8, 8)], [(8, 0)]


def _two_dense():
    # "b": 400 neurons that read 100 sources through both signs = 200 axons: two cores. "a": 100 neurons of fan-out 4. All
    # copied: 400 slots, two cores. One core: 156 slots are left, 52 neurons of fan-out 4 are copied (3 more each), 48 go
    # through 192 splitter neurons, one core. Two cores either way, and the second has fewer events.
    return [InputLayer("in", (2,)), _dense("a", 100, 2), _dense("b", 400, 100)], [(1, 1), (2, 0)]


def _copies_only():
    # "b": 200 neurons of 100 sources: one core, fan-out 2. "a": 200 slots of 256: copies fit, no splitter.
    return [InputLayer("in", (2,)), _dense("a", 100, 2), _dense("b", 200, 100)], [(1, 0), (1, 0)]


def _wide_kernel():
    # "c": 16 x 16 neurons of 2 channels, kernel 5, 3 channels read: 6 axons a position, so 42 positions. A tile of 2 x 2
    # reads 6 x 6 (64 cores), of 2 x 3 6 x 7 = 42 (8 x 6 = 48 cores), of 1 x 4 5 x 8 (64 cores), of 3 x 3 49: too many.
    # Rows: 8 tiles read 4 + 6 x 6 + 4 = 44; columns: 6 tiles read 5 + 7 + 7 + 7 + 6 + 3 = 35. "b" must reach
    # 3 channels x 2 signs x 44 x 35 = 9,240 axons.
    b = ConvLayer("b", (3, 16, 16), _both_signs(3, 1, 1, 1), MEMORYLESS)
    return [InputLayer("in", (1, 16, 16)), b, _conv("c", 2, 3, 5, 16)], [None, (48, 0)]


def _identity_block():
    # B: 2 signs x 2 own x 16 positions + 2 relays x 16 = 96 axons, 32 neurons: one core. A: own neurons reach 2 axons,
    # relays 1: 2 x 16 x 2 + 2 x 16 = 96 slots; 2 signs x 2 x 16 = 64 axons (a relay shares the + axon): one core.
    a = np.zeros((4, 2, 3, 3), np.int64)
    a[:2] = _both_signs(2, 2, 3, 3)
    a[[2, 3], [0, 1], 1, 1] = 1
    b = np.zeros((2, 4, 3, 3), np.int64)
    b[:, :2] = 7 * _both_signs(2, 2, 3, 3)
    b[[0, 1], [2, 3], 1, 1] = 200
    roles = np.array([Role.OWN, Role.OWN, Role.RELAY, Role.RELAY])
    layers = [
        InputLayer("in", (2, 4, 4)),
        ConvLayer("a", (4, 4, 4), a, MEMORYLESS, padding=1, roles=roles),
        ConvLayer("b", (2, 4, 4), b, MEMORYLESS, padding=1),
    ]
    return layers, [(1, 0), (1, 0)]


@pytest.mark.parametrize(
    "shape", [_one_conv, _one_pool, _two_dense, _copies_only, _wide_kernel, _identity_block], ids=lambda f: f.__name__
)
def test_core_counts_equal_a_hand_count(shape, limits):
    layers, expected = shape()
    placed = place_layers(ChipNetwork(tuple(layers), timesteps=1), limits)
    for found, counts in zip(placed, expected):
        assert counts is None or (found.cores, found.reach.splitters.cores) == counts
    if shape is _wide_kernel:
        assert placed[1].tile in ((2, 3), (3, 2))
        assert placed[1].source_fan_out.sum() == 3 * 2 * 44 * 35 == placed[0].fan_out.sum()


def test_layers_as_the_chip_reports_them(truenorth, snn1):
    network = snn1(MIX, 8, 8, DIGITS_POOLS)
    placement = place(network, truenorth)
    mapping = tiled_network(placement)
    assert placement.layers[0].cores == 0 and placement.chips == 1
    assert placement.cores_used == mapping.cores_used == sum(layer.cores for layer in placement.layers)
    assert [layer.first for layer in placement.layers[1:]] == np.cumsum([0, *mapping.cores[:-1]]).tolist()
    report = check(network, truenorth)
    assert report.fits and report.cores_used == placement.cores_used
    assert all(use.used <= use.limit for layer in report.layers for use in layer.limits)


def test_digits_take_the_cores_of_the_measured_prototype(limits, snn1):
    """91 with both, 110 with copies alone, 123 with splitters alone."""
    network = snn1(MIX, 8, 8, DIGITS_POOLS)

    def count(**ways):
        return sum(p.cores + p.reach.splitters.cores for p in place_layers(network, limits, **ways))

    assert count() <= 91
    assert 105 <= count(splitters=False) <= 110
    assert 118 <= count(copies=False) <= 123


@pytest.mark.parametrize(
    ("blocks", "groups", "measured"),
    [
        (MIX, None, 3228),
        (("SRB_k3",) * 5, None, 4720),
        (AUTOSNN, None, 7437),
        (AUTOSNN, (8, 16, 8, 8, 32), 2747),
    ],
    ids=["mix", "all_SRB_k3", "AutoSNN", "AutoSNN, 2 channels a group at k5"],
)
def test_cifar_nets_take_the_cores_of_the_measured_prototype(blocks, groups, measured, limits, snn1):
    """Within 5 %, and never more: tiles of other lengths are tried, and the host feeds the first layer for nothing."""
    network = snn1(blocks, 16, 32, CIFAR_POOLS, groups)
    placed = place_layers(network, limits)
    count = sum(p.cores + p.reach.splitters.cores for p in placed)
    assert 0.95 * measured <= count <= measured


def test_more_cores_than_the_chip_has_are_refused_with_the_count(truenorth, snn1):
    report = check(snn1(("SRB_k3",) * 5, 16, 32, CIFAR_POOLS), truenorth, remedies=False)
    assert not report.fits
    (violation,) = report.violations
    assert violation.resource == "cores" and violation.limit == 4096 and 4484 <= violation.needed <= 4720


def test_a_net_of_the_eedn_cifar_kind_fits_one_chip(truenorth, convs):
    """Like Esser et al. 2016: 12 channels of 32 x 32 from the host, then ternary convolutions k4 stride 2 to 96 channels of
    16 x 16, k3 and k1, k4 stride 2 to 8 x 8, k3 and k1, k4 stride 2 to 192 channels of 4 x 4, k1, and ten classes that
    read 24 blocks of 128."""
    spec = [(96, 4, 2, 2), (96, 3, 12, 1), (96, 1, 3, 1)]
    spec += [(96, 4, 12, 2), (96, 3, 12, 1), (96, 1, 3, 1), (192, 4, 12, 2), (192, 1, 6, 1)]
    network = convs((12, 32), spec, classes=10, timesteps=1)
    report = check(network, truenorth)
    assert report.fits and 3000 < report.cores_used <= 4096


def test_a_layer_without_any_place_keeps_the_others(truenorth, convs):
    network = convs((16, 8), [(16, 3, 4, 1), (16, 5, 1, 1), (16, 3, 4, 1)])
    placement = place(network, truenorth)
    assert [layer.cores is None for layer in placement.layers] == [False, False, True, False]
    assert placement.cores_used is None and placement.layers[2].broken == ("input_axons",)
    assert isinstance(place_layers(network, crossbar_limits(truenorth))[1], Unplaced)


def test_a_kernel_larger_than_the_image_counts_only_taps_inside(truenorth):
    weight = _both_signs(4, 16, 5, 5)
    layer = ConvLayer("c", (4, 4, 4), weight, MEMORYLESS, padding=2)
    network = ChipNetwork((InputLayer("in", (16, 4, 4)), layer), timesteps=1)
    assert place(network, truenorth).cores_used is not None, "16 channels x 4 x 4 = 256 axons, not 16 x 25 = 400"
