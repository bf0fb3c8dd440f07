"""Networks for event cameras that AutoSNN is compared with and that have layers the chip network has not: trained and counted as floats.

He et al., Neural Networks 2020 (Input-MP4-64C3-128C3-AP2-128C3-AP2-256FC-11), and Kaiser et al., Front. Neurosci. 2020 (DECOLLE, table 2),
with their layers as published; neurons (PLIF), batch norm, voters, loss and counter are those of all networks here. Theirs are LIF
neurons, and DECOLLE learns by local losses, with a classifier behind every layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import FIRST_SIDE, Stage
from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.errors import InputError
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.data.datasets import Dataset, require_steps
from autosnn_hw.training.evaluation import Evaluation, evaluate, samples_at_once
from autosnn_hw.training.loop import Progress, Schedule, Seeded, TrainingRun, identity_of
from autosnn_hw.training.modules.blocks import Counter, Norm
from autosnn_hw.training.modules.neurons import Plif
from autosnn_hw.training.modules.spiking_network import time_folded
from autosnn_hw.training.modules.voting_readout import VOTERS, HiddenLayer, VotingReadout
from autosnn_hw.training.regime import loss_of
from autosnn_hw.training.spike_regularisation import counter_for, regularised

REDUCED = 4  # side of the squares of pixels that are one before the first layer, where samples are large
MEANS, SUMS = "He2020_DVSGesture", "Kaiser2020_DVSGesture"
Plan = tuple[tuple[int, int, int, str | None], ...]
PLANS: dict[str, Plan] = {
    MEANS: ((1, 3, 1, None), (2, 3, 1, "mean"), (2, 3, 1, "mean")),
    SUMS: ((1, 7, 2, "max"), (2, 7, 2, None), (2, 7, 2, "max")),
}
"""Convolutions: outputs in units of C, kernel, padding, pool (`PooledConvolution`)."""


def reduces(image: tuple[int, int, int]) -> bool:
    """Whether squares of `REDUCED` pixels become one before the first layer: where the samples stay as large as TBD1 wants them."""
    return min(image[1:]) // REDUCED >= FIRST_SIDE


def reduction_sentence(name: str, image: tuple[int, int, int]) -> str:
    """What stands before the first layer on samples (Cin, H, W), in words: the papers have camera frames of 128 x 128 alone."""
    size, squares = " x ".join(map(str, image[1:])), f"{REDUCED} x {REDUCED}"
    what = f"sums of {squares} pixels" if name == SUMS else f"max pool of {squares}"
    if reduces(image):
        return f"samples of {size}: {what}, then conv1 at {' x '.join(str(n // REDUCED) for n in image[1:])}"
    least = REDUCED * FIRST_SIDE
    return f"samples of {size}: no {what}, which stands before conv1 from {least} x {least} on"


def why_unlowered(name: str, image: tuple[int, int, int]) -> str:
    """Why no chip network is made of a network of `macro_architectures.UNLOWERED` on samples (Cin, H, W), in words."""
    sums = f", and its inputs are sums of {REDUCED**2} pixels" if name == SUMS and reduces(image) else ""
    return f"{UNLOWERED[name]}{sums}"


def smallest_side(name: str) -> int:
    """Least side of samples of which every layer of a network gives a pixel."""
    return next(side for side in range(1, REDUCED * FIRST_SIDE) if min(_sides(PLANS[name], side)) >= 1)


def require_size(name: str, image: tuple[int, int, int]) -> None:
    """Refuse samples that are too small for a network of `macro_architectures.UNLOWERED`.

    Raises:
        InputError: with the size that would do.
    """
    least, (_, height, width) = smallest_side(name), image
    if min(height, width) < least:
        raise InputError(
            f"samples of {height} x {width} are too small for {name}; at least {least} x {least} is needed."
        )


def _sides(plan: Plan, side: int) -> list[int]:
    """Side of each layer's output."""
    found = []
    for _, kernel, padding, pool in plan:
        side += 2 * padding - kernel + 1
        side = side // 2 if pool else side
        found.append(side)
    return found


class PooledConvolution(nn.Module):
    """Convolution and batch norm, with a pool around the neurons that no layer of a chip network has.

    Args:
        kernel, padding: of the convolution.
        pool: None, "mean" of the spikes (no neurons behind it), or "max" of the currents before the neurons.
    """

    def __init__(
        self, name: str, in_shape: tuple[int, int, int], outputs: int, kernel: int, padding: int, pool: str | None
    ) -> None:
        super().__init__()
        side = [n + 2 * padding - kernel + 1 for n in in_shape[1:]]
        fires = [n // 2 for n in side] if pool == "max" else side
        out = [n // 2 for n in side] if pool else side
        self.stage = Stage(name, "conv", in_shape, (outputs, fires[0], fires[1]))
        self.out_shape = (outputs, out[0], out[1])
        self.conv = nn.Conv2d(in_shape[0], outputs, kernel, padding=padding, bias=False)
        self.norm, self.neuron, self.pool = Norm(outputs, tracked=True), Plif(), pool
        self.conv_dtype: torch.dtype | None = None  # as that of `ConvNorm`

    def forward(
        self, x: torch.Tensor, timesteps: int, count: Counter | None = None, constant: bool = False
    ) -> torch.Tensor:
        current = self.norm(self._convolve(x))
        if self.pool == "max":
            current = F.max_pool2d(current, 2)
        spikes = self.neuron(current, timesteps, constant)
        if count is not None:
            count(self.stage, spikes)
        return F.avg_pool2d(spikes, 2) if self.pool == "mean" else spikes

    def _convolve(self, x: torch.Tensor) -> torch.Tensor:
        conv, dtype = self.conv, self.conv_dtype
        if dtype is None:
            return cast(torch.Tensor, conv(x))
        return conv2d(x.to(dtype), conv.weight.to(dtype), conv.stride, int(conv.padding[0])).to(x.dtype)


class UnloweredNetwork(nn.Module):
    """One of `macro_architectures.UNLOWERED` by name.

    Args:
        name: "He2020_DVSGesture" or "Kaiser2020_DVSGesture".
        width: C, channels of the first layer (64 in both papers).
        timesteps: T.
        image: (Cin, H, W).
        classes: number of classes.

    Raises:
        InputError: another name, or samples that are too small.
    """

    def __init__(self, name: str, width: int, timesteps: int, image: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        if name not in UNLOWERED:
            raise InputError(f"unknown network {name!r}; known are {', '.join(UNLOWERED)}.")
        self.name, self.width, self.timesteps = name, width, timesteps
        self.image, self.classes, self.voters = image, classes, VOTERS
        require_size(name, image)
        self.sums, self.reduces = name == SUMS, reduces(image)
        side = [n // REDUCED if self.reduces else n for n in image[1:]]
        shape = (image[0], side[0], side[1])
        layers: list[nn.Module] = []
        for number, (factor, kernel, padding, pool) in enumerate(PLANS[name], 1):
            layer = PooledConvolution(f"conv{number}", shape, factor * width, kernel, padding, pool)
            layers.append(layer)
            shape = layer.out_shape
        if not self.sums:
            layers.append(HiddenLayer(Stage("fc1", "dense", shape, (4 * width, 1, 1))))
            shape = (4 * width, 1, 1)
        layers.append(VotingReadout(Stage("readout", "readout", shape, (classes * VOTERS, 1, 1)), classes))
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes) of frames (N, T, C, H, W) or images (N, C, H, W)."""
        return self.by_step(x, count).sum(0)

    def by_step(self, x: torch.Tensor, count: Counter | None = None) -> torch.Tensor:
        """These votes step by step (T, N, classes)."""
        x, constant = time_folded(x, self.timesteps)
        if self.reduces:
            x = REDUCED**2 * F.avg_pool2d(x, REDUCED) if self.sums else F.max_pool2d(x, REDUCED)
        first, *others, readout = self.layers
        x = first(x, self.timesteps, count, constant)
        for layer in others:
            x = layer(x, self.timesteps, count)
        assert isinstance(readout, VotingReadout)
        return readout.by_step(x, self.timesteps, count)


def train_unlowered(
    name: str,
    dataset: Dataset,
    *,
    width: int,
    timesteps: int,
    schedule: Schedule,
    device: str = "cpu",
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> tuple[UnloweredNetwork, Evaluation, list[float]]:
    """(network, what it does on the test samples, losses), from scratch on all training samples.

    Args: as in `training.trainer.train_network`.

    Raises:
        InputError: an unknown name, samples that are too small, frames of another T, a checkpoint of another run.
        RunError: the checkpoint cannot be written.
    """
    require_steps(dataset.name, dataset.timesteps, timesteps)
    with Seeded(schedule.seed, "network", name):
        network = UnloweredNetwork(name, width, timesteps, dataset.image, dataset.classes).to(device)

    def step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        count = counter_for(schedule.spike_regularisation)
        loss = loss_of(network.by_step(x, count), target, schedule.regime.loss)
        loss = regularised(loss, count, schedule.spike_regularisation)
        loss.backward()
        return loss.detach(), None

    identity = identity_of("network", dataset, schedule, name=name, width=width, timesteps=timesteps)
    adam = FlatAdam([network.parameters()], schedule.regime.weight_decay)
    run = TrainingRun(network, adam, schedule, identity, checkpoint, 5.0, progress, device)
    run.fit(dataset, *dataset.full_train(), step)
    batch = samples_at_once(width, timesteps, dataset.image)
    found = evaluate(
        network.eval(), dataset, dataset.x_test, dataset.y_test, voters=network.voters, batch=batch, device=device
    )
    return network, found, run.losses
