"""Sigma-delta networks on the targets: cores, limits, and what their messages and updates are charged."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.cost import check, place, price
from autosnn_hw.errors import InputError
from autosnn_hw.network import (
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    InputLayer,
    SigmaDeltaNeuron,
    SigmaDeltaPart,
)
from autosnn_hw.simulate import exact
from hw_profiles import load

HIDDEN = SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, 6)
DELTA, SIGMA = SigmaDeltaNeuron(SigmaDeltaPart.DELTA), SigmaDeltaNeuron(SigmaDeltaPart.SIGMA)


def dense(name, inputs, neurons, neuron=HIDDEN):
    weight = np.full((neurons, inputs), 2)
    weight[:, ::2] = -2
    return DenseLayer(name, (neurons,), weight, neuron)


def small(hidden=HIDDEN, last=SIGMA, first=DELTA):
    return ChipNetwork(
        (
            InputLayer("in", (2, 6, 6), first, host=True),
            ConvLayer("conv", (4, 4, 4), np.arange(72).reshape(4, 2, 3, 3) % 7 - 3, hidden),
            dense("out", 64, 3, last),
        )
    )


def test_full_pilotnet_takes_the_cores_that_intels_compiler_gave_it():
    """lava-dl d825ac5, pilotnet_sdnn on Oheo Gulch: 61 cores, its encoder on the host."""
    shapes = [(24, 32, 99), (36, 15, 49), (48, 7, 24), (64, 4, 22), (64, 2, 20)]
    geometry = [((2, 2), (0, 0)), ((2, 2), (0, 0)), ((2, 2), (0, 0)), ((2, 1), (1, 0)), ((1, 1), (0, 0))]
    layers = [InputLayer("input", (3, 66, 200), DELTA, host=True)]
    for i, (shape, (stride, padding)) in enumerate(zip(shapes, geometry)):
        weight = np.full((shape[0], layers[-1].shape[0], 3, 3), 2)
        layers.append(ConvLayer(f"conv {i}", shape, weight, HIDDEN, stride=stride, padding=padding))
    for i, (inputs, neurons) in enumerate([(2560, 100), (100, 50), (50, 10), (10, 1)]):
        layers.append(dense(f"dense {i}", inputs, neurons, SIGMA if neurons == 1 else HIDDEN))
    placement = place(ChipNetwork(tuple(layers)), load("loihi2"))
    assert placement.cores_used == 61
    assert [layer.cores for layer in placement.layers] == [0, 25, 13, 3, 3, 2, 12, 1, 1, 1]


def test_loihi_2_fits_and_loihi_1_names_what_it_lacks():
    assert check(small(), load("loihi2")).fits
    report = check(small(), load("loihi1"))
    assert not report.fits
    found = {violation.resource for violation in report.violations if violation.layer == "conv"}
    assert "payload" in found and any(resource.startswith("neuron kind sigma_delta") for resource in found)


def test_truenorth_refuses_by_name():
    with pytest.raises(InputError, match="truenorth cannot run sigma-delta networks: their messages carry values"):
        check(small(), load("truenorth"))


def test_bias_and_threshold_are_held_to_their_limits():
    network = small(hidden=replace(HIDDEN, vth_mant=200_000))
    assert [v.resource for v in check(network, load("loihi2")).violations] == ["threshold"]


def test_messages_are_charged_as_spikes_are():
    profile = load("loihi2")
    frames = np.random.default_rng(0).integers(-60, 60, (2, 3, 2, 6, 6))
    network = small()
    activity = exact.run(network, frames)
    cost = price(network, activity, profile)
    conv = next(layer for layer in cost.layers if layer.name == "conv")
    sent = sum(int(layer.spikes.sum()) for layer in activity.layers[1:]) / 2
    assert cost.energy_parts["spikes"].value == pytest.approx(sent * profile.energy.spike.interval.value)
    assert conv.neuron_updates == conv.neuron_active == 3 * 64
    assert any("graded spike is charged as a spike" in sentence for sentence in cost.not_counted)


def test_an_update_takes_two_passes():
    profile = load("loihi2")
    silent = exact.run(small(), np.zeros((1, 3, 2, 6, 6), np.int64))
    cuba = CubaNeuron(6, 4096)
    took = [price(network, silent, profile).time_per_step.value for network in (small(), small(cuba, cuba, cuba))]
    assert took[0] - took[1] == pytest.approx(64 * profile.time.neuron_update.interval.value)
