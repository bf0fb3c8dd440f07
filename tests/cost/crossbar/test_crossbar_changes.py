import numpy as np
import pytest

from autosnn_hw.cost import check, place
from autosnn_hw.cost.crossbar import changes
from autosnn_hw.cost.crossbar.changes import core_changes, with_small_kernel
from autosnn_hw.cost.remedies.reshaping import groups_of, narrower, regrouped
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Role

BLOCKS = ("SRB_k5", "SRB_k5", "skip", "SRB_k3", "SRB_k5")


def _changes(network, profile, violation):
    return changes(
        network, profile, violation, lambda changed: place(changed, profile).cores_used, lambda changed: True
    )


def _names(report):
    return {(violation.layer, violation.resource) for violation in report.violations}


def test_every_change_for_fan_in_removes_that_violation(truenorth, snn1):
    network = snn1(("SRB_k5", "skip", "skip", "SRB_k3", "skip"), 16, 8, (1,), groups=(1,) * 5)
    report = check(network, truenorth, remedies=False)
    tried = 0
    for violation in report.violations:
        assert violation.resource == "input_axons" and violation.needed > violation.limit == 256
        found = list(_changes(network, truenorth, violation))
        assert found, violation.layer
        for _, changed in found:
            assert (violation.layer, "input_axons") not in _names(check(changed, truenorth, remedies=False))
            tried += 1
    assert tried > 3


def test_every_change_for_the_number_of_cores_takes_no_more_than_there_are(truenorth, snn1):
    network = snn1(BLOCKS, 8, 8, (1,))
    assert place(network, truenorth).cores_used > 80
    found = dict(core_changes(network, 80, 256, lambda changed: place(changed, truenorth).cores_used))
    assert len(found) == 3, "groups, kernels, width"
    for sentence, changed in found.items():
        needed = place(changed, truenorth).cores_used
        assert needed <= 80 and f"({needed} cores)" in sentence


def test_what_has_more_neurons_than_all_cores_is_not_placed_to_be_counted():
    """A layer of millions of neurons takes seconds to place, and no width or kernel makes it smaller."""
    conv = ConvLayer("c", (1, 64, 64), np.ones((1, 1, 5, 5)), CubaNeuron(0, 4096), padding=(2, 2))
    asked = []
    network = ChipNetwork((InputLayer("in", (1, 64, 64)), conv))
    assert list(core_changes(network, 15, 256, lambda changed: asked.append(changed) or 1)) == [] and asked == []
    assert list(core_changes(network, 16, 256, lambda changed: 16)) != []


@pytest.mark.slow
def test_check_proposes_what_fits_the_chip(truenorth, snn1):
    network = snn1(BLOCKS, 16, 32, (1, 3, 5))
    (violation,) = check(network, truenorth).violations
    assert violation.resource == "cores" and len(violation.remedies) == 3
    for _, changed in _changes(network, truenorth, violation):
        assert place(changed, truenorth).cores_used <= 4096


def test_more_groups_keep_shortcuts_and_relays(snn1):
    network = snn1(("SRB_k3",) * 5, 8, 8, (1,), groups=(1,) * 5)
    changed = regrouped(network, 1, 2)
    before, after = network.layers[1], changed.layers[1]
    relays = before.roles == Role.RELAY
    assert (after.weight[relays] == before.weight[relays]).all()
    assert groups_of(after) == 2 * groups_of(before)
    second = regrouped(network, 2, 2).layers[2]
    relay_weights = network.layers[2].weight[:, relays]
    assert (second.weight[:, relays] == relay_weights).all(), "an identity stays within its group"


def test_half_the_width_is_half_of_every_layer_but_the_readout(snn1):
    network = snn1(BLOCKS, 8, 8, (1,))
    narrow = narrower(network, 0.5)
    assert [layer.shape[0] for layer in narrow.layers[:-1]] == [layer.shape[0] // 2 for layer in network.layers[:-1]]
    assert narrow.layers[-1].shape == network.layers[-1].shape
    for layer in narrow.layers[1:-1]:
        relays = layer.weight[layer.roles == Role.RELAY]
        assert (np.count_nonzero(relays, axis=(1, 2, 3)) == 1).all()


def test_a_small_kernel_is_the_middle_of_the_large_one(convs):
    network = convs((2, 6), [(4, 5, 1, 1)])
    small = with_small_kernel(network, 1).layers[1]
    assert (small.weight == network.layers[1].weight[:, :, 1:-1, 1:-1]).all() and small.padding == (1, 1)
    assert with_small_kernel(convs((2, 6), [(4, 3, 1, 1)]), 1) is None


def test_a_full_readout_is_told_to_read_blocks(truenorth):
    rng = np.random.default_rng(0)
    dense = DenseLayer("fc", (20,), rng.choice([-1, 1], (20, 1024)), CubaNeuron(0, 4096))
    network = ChipNetwork((InputLayer("in", (16, 8, 8)), dense), timesteps=2)
    (violation,) = check(network, truenorth, remedies=False).violations
    sentences = dict(_changes(network, truenorth, violation))
    blocks = next(changed for sentence, changed in sentences.items() if "blocks of 128" in sentence)
    assert check(blocks, truenorth, remedies=False).fits
    assert place(blocks, truenorth).cores_used == 8


def _plain(neuron, weight, *, bias=None, host=True, delay=None):
    stem = InputLayer("stem", (4, 4, 4), neuron=CubaNeuron(64, 2048), host=host)
    if delay is not None:
        layer = DenseLayer("x", (weight.shape[0],), weight, neuron, bias, delay=delay)
    else:
        layer = ConvLayer("x", (weight.shape[0], 4, 4), weight, neuron, bias, padding=weight.shape[2] // 2)
    return ChipNetwork((stem, layer), timesteps=2)


ONE = np.array([1, -1, 1, 0]).reshape(1, 4, 1, 1)
MEMORYLESS = CubaNeuron(0, 4096)


@pytest.mark.parametrize(
    ("network", "layer", "resource", "needed", "limit"),
    [
        (_plain(MEMORYLESS, ONE, host=False), "stem", "biases rewritten per image", 64, 0),
        (_plain(CubaNeuron(0, 0), ONE), "x", "integrate", 16, 0),
        (_plain(CubaNeuron(0, 2048), ONE), "x", "leaky", 16, 0),
        (_plain(MEMORYLESS, ONE * 300), "x", "weight", 300, 255),
        (_plain(MEMORYLESS, ONE, bias=np.array([-300])), "x", "leak", 301, 255),
        (_plain(CubaNeuron(400, 4096), ONE), "x", "leak", 401, 255),
        (_plain(MEMORYLESS, np.ones((2, 64), int), delay=np.ones((2, 64), int)), "x", "synaptic_delay", 1, 0),
    ],
)
def test_every_rule_is_refused_with_number_limit_and_source(network, layer, resource, needed, limit, truenorth):
    found = [v for v in check(network, truenorth, remedies=False).violations if v.layer == layer]
    (violation,) = [v for v in found if resource in v.resource]
    assert (violation.needed, violation.limit) == (needed, limit) and violation.source


def test_four_weights_a_neuron_fit_and_five_do_not(truenorth):
    four = np.array([1, 2, -3, 4]).reshape(1, 4, 1, 1)
    assert check(_plain(MEMORYLESS, four), truenorth).fits
    five = np.resize(np.arange(1, 6), (1, 4, 3, 3))
    report = check(_plain(MEMORYLESS, five), truenorth, remedies=False)
    assert ("x", "axon_types") in _names(report) and report.cores_used is None
