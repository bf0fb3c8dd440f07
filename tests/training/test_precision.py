from dataclasses import replace

import pytest
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.training import precision
from autosnn_hw.training.loop import Schedule, identity_of
from autosnn_hw.training.modules.blocks import ConvNorm
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from autosnn_hw.training.precision import convolving_in, require
from autosnn_hw.training.trainer import train_network

TINY = Architecture.parse("SRB_k3,SCB_k3,skip,SRB_k3,skip", width=2, timesteps=2)
SHORT = Schedule(epochs=1, learning_rate=3e-3, batch=32, precision="bfloat16")


@pytest.fixture
def with_bfloat16(monkeypatch):
    """Emulated where the processor has none: slow, but the same numbers."""
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)


@pytest.fixture
def without_bfloat16(monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: False)


def few(digits):
    return replace(
        digits,
        x_train=digits.x_train[:32],
        y_train=digits.y_train[:32],
        x_val=digits.x_val[:8],
        y_val=digits.y_val[:8],
        sha256="few",
    )


def test_what_a_machine_cannot_do_is_refused_before_anything_is_begun(without_bfloat16, digits):
    require("float32", "cpu")
    with pytest.raises(InputError, match="no bfloat16 instructions.*use float32"):
        require("bfloat16", "cpu")
    with pytest.raises(InputError, match="no bfloat16 instructions"):
        prepare(SearchConfig(precision="bfloat16"))
    with pytest.raises(InputError, match="no bfloat16 instructions"):
        train_network(TINY, few(digits), schedule=SHORT)


def test_an_unknown_precision_is_named():
    with pytest.raises(InputError, match="'float8'; allowed are float32, bfloat16"):
        require("float8", "cpu")
    with pytest.raises(InputError, match="'float8'; allowed are float32, bfloat16"):
        SearchConfig(precision="float8")


def test_convolutions_alone_are_computed_in_it_and_only_inside(with_bfloat16):
    network = SpikingNetwork(TINY, (1, 8, 8), 10).train()
    seen = []
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
        for module in network.modules()
        if isinstance(module, ConvNorm)
    ]
    x = torch.rand(4, 1, 8, 8)
    plain = network(x)
    with convolving_in(network, "bfloat16", "cpu"):
        rounded = network(x)
    assert set(seen) == {torch.float32}
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())
    assert torch.equal(network.train()(x), plain)
    assert rounded.shape == plain.shape
    for hook in hooks:
        hook.remove()


def test_spikes_are_exact_in_bfloat16():
    """Sums of spikes and weights of at most 8 bits, small enough to be held: the convolution is the float32 one."""
    layer = ConvNorm(4, 6, 3)
    with torch.no_grad():
        layer.conv.weight.copy_(torch.randint(-3, 4, layer.conv.weight.shape).float())
    spikes = (torch.rand(2, 4, 6, 6) < 0.3).float().contiguous(memory_format=torch.channels_last)
    exact = layer._convolve(spikes)
    layer.conv_dtype = torch.bfloat16
    assert torch.equal(layer._convolve(spikes), exact)


def test_a_network_trained_in_it_is_a_float32_network(with_bfloat16, digits, tmp_path):
    training = train_network(TINY, few(digits), schedule=SHORT, checkpoint=tmp_path / "n.safetensors")
    assert all(module.conv_dtype is None for module in training.network.modules() if isinstance(module, ConvNorm))
    again = train_network(TINY, few(digits), schedule=SHORT)
    assert again.losses == training.losses
    other = train_network(TINY, few(digits), schedule=replace(SHORT, precision="float32"))
    assert other.losses != training.losses
    with pytest.raises(InputError, match="belongs to another training run"):
        train_network(
            TINY, few(digits), schedule=replace(SHORT, precision="float32"), checkpoint=tmp_path / "n.safetensors"
        )


def test_a_float32_run_is_known_as_before_there_was_a_choice(digits):
    identity = identity_of("network", digits, Schedule(epochs=1))
    assert "precision" not in identity["schedule"]
