"""`IntegerNetwork`: a module whose forward is the integer network of `lower`, with the floats it is made from as parameters.

Batch norm is folded once with its running statistics, a stem on the host is frozen. In every step the scales and integers are made
anew from the current floats by `deploy.quantise`; gradients go straight through the rounding (Bengio et al. 2013).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.integer_neuron import fire
from autosnn_hw.deploy.lowering import folded_conv, integers_of
from autosnn_hw.deploy.planned_layers import Unit, network_units, with_units
from autosnn_hw.deploy.quantise import IntegerMap, WeightFormat, averaging_neuron
from autosnn_hw.deploy.readout_blocks import check_voters, keep_blocks, readout_mask
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.folded import FoldedConv, FoldedNetwork
from autosnn_hw.network import Encoder, InputLayer
from autosnn_hw.network.chip_layers import cuba
from autosnn_hw.simulate.stem import encode
from autosnn_hw.training.finetuning.integer_layers import integer_neuron, rounded
from autosnn_hw.training.float_tensors import float32

LEAST_K, MOST_K = 1e-4, 1 - 1e-6


class IntegerLayer(nn.Module):
    """One unit with its floats as parameters and its integers made from them in every forward."""

    def __init__(self, unit: Unit, weights: WeightFormat, classes: int, voters: int) -> None:
        super().__init__()
        self.unit, self.weights, self.classes, self.voters = unit, weights, classes, voters
        self.memoryless = weights.kind == "ternary"
        self.logit = nn.Parameter(torch.tensor(_logit(unit.k), dtype=torch.float64))
        self.logit.requires_grad_(not self.memoryless and unit.kind != "or")
        self.weight = self.bias = self.side = None
        self.mask: torch.Tensor | None = None
        if unit.kind == "dense" and unit.conv is not None and weights.readout_block is not None:
            inputs = unit.conv.weight.shape[1]
            check_voters(inputs, voters, weights.readout_block)
            self.unit = unit = replace(unit, conv=keep_blocks(unit.conv, classes, voters, weights.readout_block))
            mask = readout_mask(inputs, classes, voters, weights.readout_block)
            self.mask = torch.from_numpy(mask)
        if unit.conv is not None:
            conv, shortcut = unit.conv, unit.shortcut
            bias = conv.bias + (shortcut.bias if isinstance(shortcut, FoldedConv) else 0)
            self.weight = nn.Parameter(float32(conv.weight))
            self.bias = nn.Parameter(float32(bias))
            # AutoSNN's readout has no biases; a memoryless neuron's is its threshold, which must be free.
            self.bias.requires_grad_(unit.kind != "dense" or self.memoryless or bool(bias.any()))
            if isinstance(shortcut, FoldedConv):
                self.side = nn.Parameter(float32(shortcut.weight))

    def current_unit(self) -> Unit:
        """The unit with the floats of this moment."""
        unit = replace(self.unit, k=float(torch.sigmoid(self.logit.detach())) if not self.memoryless else self.unit.k)
        if unit.conv is None or self.weight is None or self.bias is None:
            return unit
        weight = self.weight if self.mask is None else self.weight * self.mask
        conv = replace(unit.conv, weight=_float64(weight), bias=_float64(self.bias))
        shortcut = unit.shortcut
        if isinstance(shortcut, FoldedConv) and self.side is not None:
            shortcut = replace(shortcut, weight=_float64(self.side), bias=np.zeros(len(conv.bias)))
        return replace(unit, conv=conv, shortcut=shortcut)

    def forward(self, x: torch.Tensor, carried: torch.Tensor, steps: int) -> torch.Tensor:
        """Spikes float32 (T * N, *shape) of the own channels."""
        unit = self.current_unit()
        if unit.kind == "or":
            return F.max_pool2d(x, unit.window)
        k = torch.sigmoid(self.logit)
        if unit.kind == "mean":
            integers = _mean_integers(unit, self.weights)
            gain = float(integers.weight[0])
            current = gain * F.avg_pool2d(x, unit.window, unit.window, divisor_override=1)
            bias = torch.from_numpy(integers.bias.astype(np.float32))
            return integer_neuron(current, bias, k, integers, self.memoryless, steps)
        assert unit.conv is not None and self.weight is not None and self.bias is not None
        integers = integers_of(unit, self.weights, classes=self.classes, voters=self.voters)
        weight = rounded(self.weight, integers.weight, integers.scale)
        bias = rounded(self.bias, integers.bias, integers.scale)
        if unit.kind == "dense":
            return integer_neuron(F.linear(x.flatten(1), weight), bias, k, integers, self.memoryless, steps)
        conv = unit.conv
        current = conv2d(x, weight, conv.stride, conv.padding, groups=conv.groups)
        if integers.identity is not None:
            current = current + carried * torch.from_numpy(integers.identity.astype(np.float32)).view(-1, 1, 1)
        elif isinstance(unit.shortcut, FoldedConv) and integers.shortcut is not None and self.side is not None:
            side = rounded(self.side, integers.shortcut, integers.scale)
            current = current + conv2d(carried, side, unit.shortcut.stride, groups=unit.shortcut.groups)
        return integer_neuron(current, bias, k, integers, self.memoryless, steps)


class IntegerNetwork(nn.Module):
    """A folded network whose forward is the integer network that `lower` makes of it.

    Args:
        folded: batch norm inside the weights or with its statistics; it is folded here, once.
        target: as in `lower`.
    """

    def __init__(self, folded: FoldedNetwork, target: Target = None) -> None:
        super().__init__()
        self.folded, self.weights = _without_norm(folded), weight_format(target)
        self.encoder: Encoder | None = None
        self.stem: InputLayer | None = None
        if not folded.frames:
            stem = self.folded.blocks[0]
            self.encoder, self.stem = build_encoder(stem.convs[0], stem.k[0], self.folded, self.weights)
        self.layers = nn.ModuleList(
            IntegerLayer(unit, self.weights, folded.classes, folded.voters) for unit in network_units(self.folded)
        )

    def drive(self, samples: np.ndarray) -> torch.Tensor:
        """What is sent in: float32 (N, C, H, W) of integers for the stem's neurons, or what the network takes of event frames, uint8
        (N, T, C, H, W)."""
        if self.encoder is None:
            return torch.from_numpy(samples.clip(0, self.folded.payload).astype(np.uint8))
        return torch.from_numpy(encode(self.encoder, samples).astype(np.float32))

    def _entering(self, drive: torch.Tensor) -> torch.Tensor:
        """float32 spikes (T * N, C, H, W) that the first layer with weights receives."""
        if self.stem is None:
            frames = drive.transpose(0, 1).flatten(0, 1).float()
            return frames.contiguous(memory_format=torch.channels_last)
        neuron, nothing = cuba(self.stem), np.zeros(self.stem.shape[0])
        v_decay, vth, steps = int(neuron.v_decay), int(neuron.vth_mant), self.folded.timesteps
        return fire(drive, nothing, v_decay, vth, steps, constant=True, dtype=torch.float32)

    def forward(self, drive: torch.Tensor, kept: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """Votes (N, classes) in 0..T: mean over voters, summed over steps; `kept` collects the spikes of every layer."""
        return self.by_step(drive, kept).sum(0)

    def by_step(self, drive: torch.Tensor, kept: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """These votes step by step (T, N, classes), each in 0..1."""
        steps = self.folded.timesteps
        x = carried = self._entering(drive)
        if kept is not None and self.stem is not None:
            kept[self.stem.name] = x
        for layer in self.layers:
            carried = x if layer.unit.first else carried
            x = layer(x, carried, steps)
            if kept is not None:
                kept[layer.unit.name] = x
        return x.view(steps, -1, self.folded.classes, self.folded.voters).mean(-1)

    def to_folded(self) -> FoldedNetwork:
        """The floats of this moment; `lower` makes of them the integers of this moment's forward."""
        return with_units(self.folded, [layer.current_unit() for layer in self.layers])


def _without_norm(folded: FoldedNetwork) -> FoldedNetwork:
    blocks = []
    for block in folded.blocks:
        convs = tuple(folded_conv(conv, block.stage.name) for conv in block.convs)
        shortcut = None if block.shortcut is None else folded_conv(block.shortcut, block.stage.name)
        blocks.append(replace(block, convs=convs, shortcut=shortcut))
    return replace(folded, blocks=tuple(blocks))


def _mean_integers(unit: Unit, weights: WeightFormat) -> IntegerMap:
    inputs, channels = unit.window[0] * unit.window[1], unit.shape[0]
    weight, bias, neuron = averaging_neuron(inputs, unit.k, weights)
    scale = np.full(channels, float(inputs * weight))
    return IntegerMap(np.full(channels, weight), np.full(channels, bias), neuron, 0, None, None, scale, unit.k)


def _logit(k: float) -> float:
    k = min(max(k, LEAST_K), MOST_K)
    return float(np.log(k / (1 - k)))


def _float64(values: torch.Tensor) -> np.ndarray:
    return values.detach().double().numpy()
