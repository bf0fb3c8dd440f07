"""Networks of He 2020 and Kaiser 2020: their layers as published, and that they count and learn as the others do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.training import precision
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.spiking_network import SpikeCounter, parameter_count
from autosnn_hw.training.unlowered_networks import (
    UnloweredNetwork,
    reduction_sentence,
    smallest_side,
    train_unlowered,
    why_unlowered,
)

HE, KAISER = "He2020_DVSGesture", "Kaiser2020_DVSGesture"
GESTURE = (2, 128, 128)


def test_kaisers_layers_are_those_of_its_table():
    """DECOLLE, table 2: 32 x 32 sums, 64 x 30 x 30 pooled to 15, 128 x 13 x 13, 128 x 11 x 11 pooled to 5."""
    network = UnloweredNetwork(KAISER, 64, 2, GESTURE, 11)
    convs = list(network.layers)[:-1]
    assert [tuple(layer.conv.weight.shape) for layer in convs] == [(64, 2, 7, 7), (128, 64, 7, 7), (128, 128, 7, 7)]
    assert [layer.stage.out_shape for layer in convs] == [(64, 15, 15), (128, 13, 13), (128, 5, 5)]
    assert network.layers[-1].linear.weight.shape == (110, 128 * 5 * 5)


def test_hes_layers_are_mp4_64c3_128c3_ap2_128c3_ap2_256fc():
    network = UnloweredNetwork(HE, 64, 2, GESTURE, 11)
    first, second, third, hidden, readout = network.layers
    assert [layer.stage.out_shape for layer in (first, second, third)] == [(64, 32, 32), (128, 32, 32), (128, 16, 16)]
    assert [layer.out_shape for layer in (first, second, third)] == [(64, 32, 32), (128, 16, 16), (128, 8, 8)]
    assert hidden.linear.weight.shape == (256, 128 * 8 * 8) and readout.linear.weight.shape == (110, 256)
    weights = 9 * (2 * 64 + 64 * 128 + 128 * 128) + 8192 * 256 + 256 * 110
    assert parameter_count(network) == weights + 2 * (64 + 128 + 128) + 5


@pytest.mark.parametrize("name", [HE, KAISER])
def test_it_is_a_loop_over_steps(name):
    """Equality with a second implementation, step by step in float64."""
    network = UnloweredNetwork(name, 4, 3, GESTURE, 3).double().eval()
    for parameter_name, parameter in network.named_parameters():
        if parameter_name.endswith("norm.bias"):
            parameter.data += 1.5  # lively enough to reach the readout
        elif parameter.dim() > 1:
            parameter.data *= 3
    x = (torch.rand(2, 3, *GESTURE) < 0.1).double()
    counter = SpikeCounter()
    with torch.no_grad():
        found = network(x, counter)
        votes, spikes, voltages = 0.0, 0.0, {}
        for t in range(3):
            s = x[:, t].reshape(2, 2, 32, 4, 32, 4)
            s = s.sum((3, 5)) if name == KAISER else s.amax((3, 5))
            for index, layer in enumerate(network.layers):
                if hasattr(layer, "conv"):
                    current = torch.nn.functional.conv2d(s, layer.conv.weight, padding=layer.conv.padding)
                    current = current / (1 + 1e-5) ** 0.5 + 1.5  # batch norm that has seen nothing
                    if layer.pool == "max":
                        current = current.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
                else:
                    current = s.flatten(1) @ layer.linear.weight.T
                v = voltages.get(index, 0.0)
                v = v + (current - v) * 0.5
                s = (v >= 1).double()
                voltages[index] = v * (1 - s)
                spikes += s.sum()
                if getattr(layer, "pool", None) == "mean":
                    s = s.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
            votes = votes + s.view(2, 3, 10).mean(-1)
    assert counter.total == spikes and all(counter.by_stage.values())
    torch.testing.assert_close(found, votes, rtol=0, atol=1e-9)


def test_too_small_samples_and_unknown_names_are_refused():
    with pytest.raises(InputError, match="too small"):
        UnloweredNetwork(KAISER, 2, 2, (2, 8, 8), 3)
    with pytest.raises(InputError, match="He2020"):
        UnloweredNetwork("He", 2, 2, GESTURE, 3)


@pytest.mark.usefixtures("one_thread")
def test_it_learns_events_and_says_what_it_counted(few):
    frames = (np.random.default_rng(0).random((64, 2, 2, 16, 16)) < 0.05).astype(np.uint8)
    labels = np.arange(64) % 2
    frames[labels == 1, :, :, :8] |= 1
    data = replace(
        few, name="halves", image=(2, 16, 16), classes=2, x_train=frames[:40], y_train=labels[:40],
        x_val=frames[40:48], y_val=labels[40:48], x_test=frames[48:], y_test=labels[48:], sha256="halves",
        pixel_mean=np.zeros(2), pixel_std=np.ones(2), pixel_max=1.0,
    )  # fmt: skip
    _, found, losses = train_unlowered(HE, data, width=2, timesteps=2, schedule=Schedule(12, 2e-2, 8))
    assert losses[-1] < losses[0] and found.accuracy >= 0.875  # chance is .5
    assert 0 < found.firing_rate < 1 and found.spikes > 0


def test_they_are_no_architectures():
    for name in (HE, KAISER):
        with pytest.raises(InputError, match="does not become a chip network"):
            Architecture.parse(name)


@pytest.mark.parametrize("name", [HE, KAISER])
def test_samples_are_refused_up_to_the_size_that_is_named_and_taken_from_it_on(name):
    least = smallest_side(name)
    network = UnloweredNetwork(name, 1, 1, (2, least, least + 3), 2)
    assert network(torch.zeros(1, 1, 2, least, least + 3)).shape == (1, 2)
    with pytest.raises(InputError, match=f"{least - 1} x 20 .* {name}; at least {least} x {least} is needed"):
        UnloweredNetwork(name, 1, 1, (2, least - 1, 20), 2)


@pytest.mark.parametrize(("name", "what"), [(HE, "max pool of 4 x 4"), (KAISER, "sums of 4 x 4 pixels")])
@pytest.mark.parametrize("side", [127, 128])
def test_what_stands_before_the_first_layer_is_said_as_it_is_built(name, what, side):
    said, network = reduction_sentence(name, (2, side, side)), UnloweredNetwork(name, 1, 1, (2, side, side), 2)
    assert what in said and f"{side} x {side}" in said
    assert (f"no {what}" in said) == (network.layers[0].stage.in_shape[1] == side) == (side == 127)
    assert ("conv1 at 32 x 32" in said) == (side == 128)


@pytest.mark.parametrize("name", [HE, KAISER])
def test_its_convolutions_are_computed_in_bfloat16_where_that_is_asked_for(name, monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    network = UnloweredNetwork(name, 2, 1, (2, 16, 16), 2).eval()
    x, seen = torch.rand(2, 2, 16, 16), []
    plain = network.layers[0].norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network(x)
    with precision.convolving_in(network, "bfloat16", "cpu"):
        network(x)
    network(x)
    plain.remove()
    assert not torch.equal(seen[0], seen[1]) and torch.allclose(seen[0], seen[1], atol=0.05)
    assert torch.equal(seen[0], seen[2])


def test_sums_are_a_reason_only_where_they_are_there():
    small, large = (why_unlowered(KAISER, (2, side, side)) for side in (127, 128))
    assert small == "its max pools compare currents before the neurons, and not spikes"
    assert large == f"{small}, and its inputs are sums of 16 pixels"
    assert why_unlowered(HE, (2, 127, 127)) == why_unlowered(HE, (2, 128, 128))
