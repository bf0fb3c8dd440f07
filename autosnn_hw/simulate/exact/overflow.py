"""Where a value leaves its register, and nothing else tells: currents that wrap around, messages and sums of sigma-delta neurons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from autosnn_hw.arithmetic.bounds import largest_sum
from autosnn_hw.network import ChipNetwork, ConvLayer, InputLayer, Layer, SigmaDeltaNeuron, SigmaDeltaPart
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE, WRAP, cuba, per_neuron
from autosnn_hw.network.sigma_delta import MESSAGE_BITS, SIGMA_BITS
from autosnn_hw.simulate.exact import reference, trace
from autosnn_hw.simulate.exact.synapse_paths import deliver, possible
from autosnn_hw.simulate.stimulus import stimulus


def wrapped_currents(
    network: ChipNetwork, inputs: np.ndarray, *, timesteps: int | None = None, graded: bool = False
) -> Iterator[tuple[str, int, int]]:
    """(layer, neuron-steps whose current wrapped around, neuron-steps in all) of the layers in which any did.

    Args:
        inputs: images or frames, as `exact.run` takes them; all of them are followed step by step.
        timesteps, graded: as in `exact.run`.
    """
    if not any(_may_wrap(layer) for layer in network.neuron_layers) and not graded:
        return
    sent = stimulus(network, inputs, timesteps=timesteps, graded=graded)
    recorded = trace(network, inputs, timesteps=timesteps, graded=graded, states=True)
    frames = reference.first_frames(sent, torch.device("cpu"))
    for layer, own in zip(network.neuron_layers, recorded.layers):
        currents = frames if isinstance(layer, InputLayer) else reference.synapses(layer, frames)
        frames = torch.as_tensor(own.spikes)
        assert own.u is not None
        keep = DECAY_ONE - per_neuron(cuba(layer).i_decay, layer.shape)
        u = torch.as_tensor(own.u).to(torch.int64)
        before = torch.cat([torch.zeros_like(u[:, :1]), u[:, :-1]], dim=1)
        unwrapped = reference.decay(before, torch.as_tensor(keep)) + ALIGN * currents
        count = int((unwrapped != u).sum())
        if count:
            yield layer.name, count, u.numel()


def wide_values(
    network: ChipNetwork, inputs: np.ndarray, *, timesteps: int | None = None, graded: bool = False
) -> Iterator[tuple[str, int, int, int, int]]:
    """(layer, messages beyond `MESSAGE_BITS`, sums beyond `SIGMA_BITS`, wrapped sums of a convolution, neuron-steps in all) of
    sigma-delta layers with any.

    What a sigma decoder sends is its sum: the message that leaves the chip is not held to the bits of one inside.
    """
    sent = stimulus(network, inputs, timesteps=timesteps, graded=graded)
    frames = reference.first_frames(sent, torch.device("cpu"))
    recorded = trace(network, inputs, timesteps=timesteps, graded=graded, states=True)
    for layer, own in zip(network.neuron_layers, recorded.layers):
        assert own.u is not None and isinstance(layer.neuron, SigmaDeltaNeuron)
        wrapped = _wrapped_sums(layer, frames) if isinstance(layer, ConvLayer) else 0
        messages = 0 if layer.neuron.part is SigmaDeltaPart.SIGMA else _beyond(own.spikes, MESSAGE_BITS)
        sums = _beyond(own.u, SIGMA_BITS)
        if messages or sums or wrapped:
            yield layer.name, messages, sums, wrapped, own.u.size
        frames = torch.as_tensor(own.spikes)


def _wrapped_sums(layer: ConvLayer, messages: torch.Tensor) -> int:
    """How many sums of a convolution left their 24 bits; none is looked at where even 53 would not do."""
    largest = max(1, int(messages.abs().max()))
    path = next(name for name in possible(layer, largest, graded=True) if name != "int8")
    return 0 if path == "int64" else _beyond(deliver(layer, messages.to(torch.int64), path, wraps=False).numpy(), 24)


def _beyond(values: np.ndarray, bits: int) -> int:
    """How many values a signed register of so many bits cannot hold."""
    half = 1 << (bits - 1)
    return int(((values < -half) | (values >= half)).sum())


def _may_wrap(layer: Layer) -> bool:
    """Whether any input of spikes could make a layer's current leave its 24 bits."""
    if isinstance(layer, InputLayer) or not cuba(layer).memoryless_current:
        return True
    return ALIGN * largest_sum(layer.weight) >= WRAP
