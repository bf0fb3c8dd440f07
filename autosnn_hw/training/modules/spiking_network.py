"""`SpikingNetwork`: the torch module of one architecture, and what all networks share: input, pools, counting, folding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from autosnn_hw.architecture import Architecture, Stage, layout
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedBlock, FoldedNetwork
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.blocks import Counter, SpikePool, SpikingBlock, borrowed
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.ternary import make_ternary
from autosnn_hw.training.modules.voting_readout import HiddenLayer, VotingReadout, voters_of


class SpikeCounter:
    """AutoSNN's counter: spikes of the stem, all blocks, pools and the readout, summed over the run, by stage; and `possible`, as many
    as there would be if each had fired in every step: what its firing rates divide by."""

    def __init__(self) -> None:
        self.by_stage: dict[str, float] = {}
        self.possible = 0

    def __call__(self, stage: Stage, spikes: torch.Tensor) -> None:
        total = float(spikes.detach().sum(dtype=torch.float64))
        self.by_stage[stage.name] = self.by_stage.get(stage.name, 0.0) + total
        self.possible += spikes.numel()

    @property
    def total(self) -> float:
        return sum(self.by_stage.values())


def time_folded(x: torch.Tensor, timesteps: int) -> tuple[torch.Tensor, bool]:
    """(images (N, C, H, W), True), or event frames (N, T, C, H, W) as ((T * N, C, H, W), False); channels last."""
    if x.dim() == 4:
        return x.contiguous(memory_format=torch.channels_last), True
    if x.dim() != 5 or x.shape[1] != timesteps:
        raise ValueError(f"input {tuple(x.shape)} is neither (N, C, H, W) nor (N, {timesteps}, C, H, W)")
    return x.transpose(0, 1).flatten(0, 1).contiguous(memory_format=torch.channels_last), False


class SpikingNetwork(nn.Module):
    """One architecture with its weights; running batch-norm statistics.

    Args:
        architecture: what is built, by `layout`.
        image: (Cin, H, W).
        classes: number of classes.
        voters: readout neurons a class; None takes as many as the readout needs.
        fabric: kinds of neurons, weights and readout.
    """

    def __init__(
        self,
        architecture: Architecture,
        image: tuple[int, int, int],
        classes: int,
        *,
        voters: int | None = None,
        fabric: Fabric = FLOAT,
    ) -> None:
        super().__init__()
        require_buildable(architecture, fabric)
        self.architecture, self.image, self.classes = architecture, image, classes
        self.timesteps, self.fabric = architecture.timesteps, fabric
        self.stages = stages_of(architecture, image, classes, voters, fabric.readout_block)
        self.voters = self.stages[-1].out_shape[0] // classes
        self.layers = nn.ModuleList(_module(stage, classes, fabric) for stage in self.stages)
        if macro(architecture.space).shared_sum:
            _share_sums(self.layers)
        if fabric.ternary:
            make_ternary(self.layers if fabric.chip_stem else self.layers[1:])

    def forward(self, x: torch.Tensor, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes), each in 0..T, of normalised images (N, C, H, W) or event frames (N, T, C, H, W)."""
        return self.by_step(x, count).sum(0)

    def by_step(self, x: torch.Tensor, count: Counter | None = None) -> torch.Tensor:
        """These votes step by step (T, N, classes), each in 0..1."""
        x, constant = time_folded(x, self.timesteps)
        spikes = self.layers[0](x, self.timesteps, count, constant=constant)
        for layer in self.layers[1:-1]:
            spikes = layer(spikes, self.timesteps, count)
        votes: torch.Tensor = self.layers[-1].by_step(spikes, self.timesteps, count)
        return votes

    def to_folded(self, dataset: Dataset) -> FoldedNetwork:
        """Float weights with batch norm and its statistics beside them; the pixel scale of `dataset`."""
        return folded_network(
            [layer.folded() for layer in self.layers], dataset, self.timesteps, self.classes, self.voters
        )


def unbuildable(architecture: Architecture, fabric: Fabric) -> str | None:
    """Why there is no such network of this fabric, or None: hidden layers that are fully connected, where neurons read few inputs each."""
    if fabric.ternary and macro(architecture.space).hidden:
        return "has a fully connected layer before its readout, which fits no crossbar core"
    return None


def require_buildable(architecture: Architecture, fabric: Fabric) -> None:
    """Refuse what is `unbuildable`.

    Raises:
        InputError: with what would work.
    """
    if (why := unbuildable(architecture, fabric)) is not None:
        raise InputError(
            f"{architecture.space} {why}; --target loihi2, or a network of convolutions and a readout alone, would work."
        )


def stages_of(
    architecture: Architecture,
    image: tuple[int, int, int],
    classes: int,
    voters: int | None = None,
    readout_block: int | None = None,
) -> tuple[Stage, ...]:
    """`layout` with as many voters as asked for, or None: as the readout needs (`voters_of`)."""
    if voters is None:
        inputs = int(np.prod(layout(architecture, image, classes)[-1].in_shape))
        voters = voters_of(inputs, readout_block)
    return layout(architecture, image, classes, voters)


def _module(stage: Stage, classes: int, fabric: Fabric) -> nn.Module:
    if stage.kind == "stem":
        return SpikingBlock(stage, neuron=fabric.stem_neuron)
    if stage.kind == "readout":
        return VotingReadout(stage, classes, neuron=fabric.readout_neuron, block=fabric.readout_block)
    if stage.kind in ("max_pool", "avg_pool", "gap"):
        return SpikePool(stage, neuron=fabric.neuron)
    if stage.kind == "dense":
        return HiddenLayer(stage, neuron=fabric.neuron)
    return SpikingBlock(stage, neuron=fabric.neuron)


def _share_sums(layers: nn.ModuleList) -> None:
    """Each normalised branch of a residual sum begins with 1 / sqrt(2) of its gain (`Macro.shared_sum`)."""
    for block in layers:
        if isinstance(block, SpikingBlock) and block.residual:
            for branch in (block.convs[-1], block.shortcut):
                if branch is not None:
                    nn.init.constant_(branch.norm.weight, 0.5**0.5)


def folded_network(
    blocks: Sequence[FoldedBlock], dataset: Dataset, timesteps: int, classes: int, voters: int
) -> FoldedNetwork:
    """A `FoldedNetwork` out of its blocks and the pixel scale that training used."""
    return FoldedNetwork(
        blocks=tuple(blocks),
        image=dataset.image,
        timesteps=timesteps,
        classes=classes,
        voters=voters,
        pixel_mean=dataset.pixel_mean,
        pixel_std=dataset.pixel_std,
        pixel_max=dataset.pixel_max,
        float_images=dataset.x_test.dtype != np.uint8,
        frames=dataset.is_frames,
        payload=dataset.payload,
        pixel_range=dataset.pixel_range,
    )


def parameter_count(*modules: nn.Module) -> int:
    """Learnable numbers, one scalar a PLIF layer counted; synapses that a block-sparse readout has not are none.

    A layer that reads weights which belong to others (kernels that blocks of a super-network share, the first channels of a wider
    layer) counts what it reads: that is what the path has once it stands alone.
    """
    readouts = [layer for module in modules for layer in module.modules() if isinstance(layer, VotingReadout)]
    absent = sum(int((~layer.mask).sum()) for layer in readouts if layer.mask is not None)
    read = sum(weight.numel() for module in modules for weight in borrowed(module).values())
    return sum(parameter.numel() for module in modules for parameter in module.parameters()) + read - absent
