"""The float view of a network that was trained as integers: the same weights before rounding, run as floats, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.deploy.lowering import folded_conv, folded_unit
from autosnn_hw.deploy.planned_layers import Unit, network_units
from autosnn_hw.deploy.quantise import WeightFormat
from autosnn_hw.deploy.readout_blocks import keep_blocks
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.folded import FoldedConv, FoldedNetwork
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Images, samples_at_once
from autosnn_hw.training.float_tensors import float32
from autosnn_hw.training.modules.neurons import memoryless, plif
from autosnn_hw.training.modules.spiking_network import time_folded
from autosnn_hw.training.modules.ternary import ternary

STEM = "stem"  # name of the host's stem as a layer of the chip
Map = Callable[[torch.Tensor], torch.Tensor]
Layer = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (input, what a shortcut carries) -> spikes


@dataclass(frozen=True, eq=False)
class FloatView:
    """What the floats do.

    Args:
        accuracy: share of samples whose most voted class (ties to the lowest) is the label.
        spikes: by layer of the chip, mean a sample over all T steps; own channels only, because floats need no relays.
    """

    accuracy: float
    spikes: dict[str, float]


@torch.no_grad()
def float_view(
    folded: FoldedNetwork, dataset: Dataset, x: np.ndarray, y: np.ndarray, target: Target = None
) -> FloatView:
    """Run a folded network as floats, on the CPU.

    Args:
        folded: batch norm inside the weights or with its statistics.
        dataset: gives the scale of pixels; x, y: its samples, images (N, C, H, W) or frames (N, T, C, H, W), and labels (N,).
        target: as in `lower`; ternary weights stay ternary and memoryless neurons memoryless, with their gains as floats.
    """
    weights, steps = weight_format(target), folded.timesteps
    layers = [(unit, _layer(unit, weights, folded)) for unit in network_units(folded)]
    stem = None if folded.frames else _stem(folded)
    size = samples_at_once(folded.blocks[0].stage.out_shape[0], steps, folded.image)
    images, right = Images(dataset, x), 0
    totals = dict.fromkeys([*(() if stem is None else (STEM,)), *(unit.name for unit, _ in layers)], 0.0)
    for start in range(0, len(x), size):
        batch = images.batch(slice(start, start + size))
        spikes, _ = time_folded(batch, steps)
        if stem is not None:
            spikes = stem(spikes)
            totals[STEM] += float(spikes.sum(dtype=torch.float64))
        carried = spikes
        for unit, layer in layers:
            carried = spikes if unit.first else carried
            spikes = layer(spikes, carried)
            totals[unit.name] += float(spikes.sum(dtype=torch.float64))
        votes = spikes.view(steps, len(batch), folded.classes, folded.voters).sum((0, 3)).numpy()
        right += int((votes.round().argmax(axis=1) == y[start : start + size]).sum())
    samples = max(1, len(x))
    return FloatView(right / samples, {name: total / samples for name, total in totals.items()})


def _stem(folded: FoldedNetwork) -> Map:
    """The host's stem, whose images are the same in every step."""
    block = folded.blocks[0]
    drive, k = _map(folded_conv(block.convs[0], STEM), exact=True), torch.tensor(block.k[0])
    return lambda x: plif(drive(x), k, folded.timesteps, constant=True)


def _layer(unit: Unit, weights: WeightFormat, folded: FoldedNetwork) -> Layer:
    """One layer of the chip as floats."""
    unit, exact = folded_unit(unit), weights.kind != "ternary"

    def fire(current: torch.Tensor) -> torch.Tensor:
        return plif(current, torch.tensor(unit.k), folded.timesteps) if exact else memoryless(current)

    if unit.kind == "or":
        return lambda x, _: F.max_pool2d(x, unit.window)
    if unit.kind == "mean":
        return lambda x, _: fire(F.avg_pool2d(x, unit.window))
    assert unit.conv is not None
    if unit.kind == "dense":
        conv = unit.conv
        if weights.readout_block is not None:
            conv = keep_blocks(conv, folded.classes, folded.voters, weights.readout_block)
        matrix, bias = _weight(conv, exact), float32(conv.bias)
        return lambda x, _: fire(F.linear(x.flatten(1), matrix, bias))[:, :, None, None]
    own = _map(unit.conv, exact)
    if unit.shortcut == "identity":
        return lambda x, carried: fire(own(x) + carried)
    if isinstance(unit.shortcut, FoldedConv):
        side = _map(unit.shortcut, exact)
        return lambda x, carried: fire(own(x) + side(carried))
    return lambda x, _: fire(own(x))


def _map(conv: FoldedConv, exact: bool) -> Map:
    """A convolution with its bias, channels last."""
    weight, bias = _weight(conv, exact), float32(conv.bias).view(-1, 1, 1)

    def convolved(x: torch.Tensor) -> torch.Tensor:
        current = conv2d(x, weight, conv.stride, conv.padding, groups=conv.groups) + bias
        return current.contiguous(memory_format=torch.channels_last)

    return convolved


def _weight(conv: FoldedConv, exact: bool) -> torch.Tensor:
    """As it is, or ternary with its gains."""
    weight = float32(conv.weight)
    return weight if exact else ternary(weight)
