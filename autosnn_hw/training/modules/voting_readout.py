"""What is fully connected: hidden layers, and the readout, dense, or block-sparse and ternary where the target's cores hold no more."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import Stage
from autosnn_hw.deploy.readout_blocks import readout_mask, voters_needed
from autosnn_hw.folded import FoldedBlock, FoldedConv
from autosnn_hw.training.modules.blocks import Counter, float64
from autosnn_hw.training.modules.neurons import NEURON_LAYERS
from autosnn_hw.training.modules.ternary import ternary

VOTERS = 10  # readout neurons a class (AutoSNN)
# Neither has batch norm: with torch's U(+-1/sqrt(N)) a neuron's current has a standard deviation of sqrt(rate / 3) and
# at the rates of an untrained network (about .05) never reaches the threshold of 1. Eight times that is 1.
READOUT_GAIN = 8.0


class HiddenLayer(nn.Module):
    """Linear map without bias and without batch norm to a layer of neurons, as Fang et al. (ICCV 2021) have before their readout."""

    def __init__(self, stage: Stage, *, neuron: str = "plif") -> None:
        super().__init__()
        self.stage = stage
        self.linear = nn.Linear(math.prod(stage.in_shape), math.prod(stage.out_shape), bias=False)
        self.neuron = NEURON_LAYERS[neuron]()
        with torch.no_grad():
            self.linear.weight.mul_(READOUT_GAIN)

    def forward(self, x: torch.Tensor, timesteps: int, count: Counter | None = None) -> torch.Tensor:
        """Spikes (T * N, neurons, 1, 1)."""
        spikes = self.neuron(F.linear(x.flatten(1), self.linear.weight), timesteps)
        if count is not None:
            count(self.stage, spikes)
        return spikes[:, :, None, None]

    def folded(self) -> FoldedBlock:
        weight = float64(self.linear.weight)
        return FoldedBlock(self.stage, (FoldedConv(weight, np.zeros(len(weight))),), k=(self.neuron.k,))


def voters_of(inputs: int, block: int | None) -> int:
    """Voters a class of a readout of `inputs`: AutoSNN's ten, more where a voter reads `block` inputs and ten are too few."""
    return VOTERS if block is None else voters_needed(inputs, block)


class VotingReadout(nn.Module):
    """Linear map without bias to classes x voters neurons; a class's votes are the mean of its voters, step by step.

    Args:
        block: inputs that one voter may read (`deploy.readout_blocks`), or None for all; the other synapses do not exist: they are
            masked in every forward, drawn as those of so many inputs, and are no parameters.
    """

    def __init__(self, stage: Stage, classes: int, *, neuron: str = "plif", block: int | None = None) -> None:
        super().__init__()
        self.stage, self.classes = stage, classes
        inputs, outputs = math.prod(stage.in_shape), stage.out_shape[0]
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.neuron = NEURON_LAYERS[neuron]()
        self.ternary = False  # as in ConvNorm
        self.mask: torch.Tensor | None
        self.register_buffer("mask", None, persistent=False)
        with torch.no_grad():
            if block is None:
                self.linear.weight.mul_(READOUT_GAIN)
            else:
                # Small, as torch draws them for so many inputs: ternary weights change their signs where they pass 0.
                self.mask = torch.from_numpy(readout_mask(inputs, classes, outputs // classes, block))
                self.linear.weight *= math.sqrt(inputs / min(block, inputs)) * self.mask

    @property
    def weight(self) -> torch.Tensor:
        """The synapses as they are used: absent ones are 0."""
        weight = self.linear.weight if self.mask is None else self.linear.weight * self.mask
        return ternary(weight) if self.ternary else weight

    def forward(self, x: torch.Tensor, timesteps: int, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes), each in 0..T."""
        return self.by_step(x, timesteps, count).sum(0)

    def by_step(self, x: torch.Tensor, timesteps: int, count: Counter | None = None) -> torch.Tensor:
        """Votes (T, N, classes) of every step, each in 0..1."""
        spikes = self.neuron(F.linear(x.flatten(1), self.weight), timesteps)
        if count is not None:
            count(self.stage, spikes)
        return spikes.view(timesteps, -1, self.classes, spikes.shape[1] // self.classes).mean(-1)

    def folded(self) -> FoldedBlock:
        weight = float64(self.linear.weight if self.mask is None else self.linear.weight * self.mask)
        return FoldedBlock(self.stage, (FoldedConv(weight, np.zeros(len(weight))),), k=(self.neuron.k,))
