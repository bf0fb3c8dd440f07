"""AutoSNN-16 with SRB_k3 in every slot for 32 x 32 images, T = 8: random weights normalised to fire like a trained net.

Weights are He-normal from a fixed seed; each convolution is then normalised (as batch norm would) on a batch of smooth random
images so that its input to the neuron has mean BETA and deviation GAMMA per channel, which gives mean rates of 0.15 to 0.2.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from autosnn_hw.architecture import Architecture, layout
from autosnn_hw.folded import FoldedBlock, FoldedConv, FoldedNetwork
from autosnn_hw.network import ChipNetwork

IMAGE, CLASSES, VOTERS, TIMESTEPS, WIDTH, K = (3, 32, 32), 10, 10, 8, 16, 0.5
BETA, GAMMA = 0.25, 1.25


def images(count: int, seed: int = 0) -> np.ndarray:
    """Smooth random byte images (count, 3, 32, 32)."""
    rng = np.random.default_rng(seed)
    coarse = torch.as_tensor(rng.normal(size=(count, 3, 8, 8)))
    fine = functional.interpolate(coarse, size=(32, 32), mode="bicubic", align_corners=False).numpy()
    return np.clip(128 + 70 * (fine + 0.3 * rng.normal(size=fine.shape)), 0, 255).astype(np.uint8)


def normalised(pixels: np.ndarray) -> torch.Tensor:
    return (torch.as_tensor(pixels).float() / 255 - 0.5) / 0.27


def plif(current: torch.Tensor, steps: int, k: float) -> torch.Tensor:
    """PLIF with time folded into the batch, (T * N, C, H, W), V = (1 - k) V + x, fires at V >= 1 / k."""
    folded = current.unflatten(0, (steps, -1))
    v = torch.zeros_like(folded[0])
    spikes = torch.empty_like(folded)
    for step in range(steps):
        v = torch.add(folded[step], v, alpha=1 - k)
        fired = v >= 1 / k
        spikes[step] = fired
        v = v.masked_fill(fired, 0)
    return spikes.flatten(0, 1)


class FloatNetwork:
    """The un-lowered float network: eval, batch norm folded, time folded into the batch, channels-last."""

    def __init__(self, folded: FoldedNetwork, device: str = "cpu") -> None:
        def parameters(conv: FoldedConv) -> list[torch.Tensor]:
            weight = torch.as_tensor(conv.weight, device=device).float()
            if weight.ndim == 4:
                weight = weight.contiguous(memory_format=torch.channels_last)
            return [weight, torch.as_tensor(conv.bias, device=device).float()]

        self.blocks = [
            (
                block.stage.kind,
                [parameters(c) for c in block.convs],
                block.shortcut and parameters(block.shortcut),
                block.k,
            )
            for block in folded.blocks
        ]
        self.steps, self.voters = folded.timesteps, folded.voters

    def __call__(self, x: torch.Tensor, normalise=None) -> torch.Tensor:
        """Votes (N, classes); `normalise(parameters, output)` may rewrite a convolution's parameters on the way."""

        def conv(x: torch.Tensor, parameters: list[torch.Tensor]) -> torch.Tensor:
            y = functional.conv2d(x, *parameters, padding=parameters[0].shape[-1] // 2)
            if normalise is not None:
                normalise(parameters, y)
                y = functional.conv2d(x, *parameters, padding=parameters[0].shape[-1] // 2)
            return y

        rates = []
        x = x.contiguous(memory_format=torch.channels_last)
        for kind, convs, shortcut, k in self.blocks:
            if kind == "stem":
                x = conv(x, convs[0])
                x = plif(x.repeat(self.steps, 1, 1, 1).contiguous(memory_format=torch.channels_last), self.steps, k[0])
            elif kind == "max_pool":
                x = functional.max_pool2d(x, 2)
            elif kind == "readout":
                x = plif(functional.linear(x.flatten(1), *convs[0]), self.steps, k[0])
            else:
                skip = x if shortcut is None else conv(x, shortcut)
                inner = plif(conv(x, convs[0]), self.steps, k[0])
                rates.append(float(inner.mean()) if normalise is not None else 0.0)
                x = plif(conv(inner, convs[1]) + skip, self.steps, k[1])
            rates.append(float(x.mean()) if normalise is not None else 0.0)
        self.rates = rates
        votes = x.unflatten(0, (self.steps, -1)).sum(dim=0)
        return votes.unflatten(1, (-1, self.voters)).sum(dim=2)


def folded_network(seed: int = 0) -> FoldedNetwork:
    rng = np.random.default_rng(seed)
    stages = layout(Architecture.parse("all_SRB_k3", width=WIDTH, timesteps=TIMESTEPS), IMAGE, CLASSES, VOTERS)

    def conv(out: int, inputs: int, kernel: int) -> FoldedConv:
        weight = rng.normal(scale=np.sqrt(2 / (inputs * kernel**2)), size=(out, inputs, kernel, kernel))
        return FoldedConv(weight, np.zeros(out), padding=kernel // 2)

    blocks = []
    for stage in stages:
        (inputs, height, width), out = stage.in_shape, stage.out_shape[0]
        if stage.kind == "stem":
            blocks.append(FoldedBlock(stage, (conv(out, inputs, 3),), None, (K,)))
        elif stage.kind == "max_pool":
            blocks.append(FoldedBlock(stage))
        elif stage.kind == "readout":
            size = inputs * height * width
            weight = rng.normal(scale=2.5 * np.sqrt(2 / size), size=(out, size))
            blocks.append(FoldedBlock(stage, (FoldedConv(weight, np.zeros(out)),), None, (K,)))
        else:
            shortcut = conv(out, inputs, 1) if stage.widens else None
            blocks.append(FoldedBlock(stage, (conv(out, inputs, 3), conv(out, out, 3)), shortcut, (K, K)))
    folded = FoldedNetwork(tuple(blocks), IMAGE, TIMESTEPS, CLASSES, VOTERS, np.full(3, 0.5), np.full(3, 0.27))
    return _calibrated(folded)


def _calibrated(folded: FoldedNetwork) -> FoldedNetwork:
    """Give each convolution's output the mean BETA and the deviation GAMMA, block by block."""
    network = FloatNetwork(folded)

    def normalise(parameters: list[torch.Tensor], y: torch.Tensor) -> None:
        gain = GAMMA / y.std(dim=(0, 2, 3)).clamp(min=1e-3)
        parameters[1] = BETA - gain * y.mean(dim=(0, 2, 3))
        parameters[0] = (parameters[0] * gain[:, None, None, None]).contiguous(memory_format=torch.channels_last)

    with torch.inference_mode():
        network(normalised(images(16, seed=1)), normalise)

    def back(parameters: list[torch.Tensor], old: FoldedConv) -> FoldedConv:
        weight, bias = (p.double().numpy() for p in parameters)
        return FoldedConv(np.ascontiguousarray(weight), bias, old.stride, old.padding, old.groups)

    blocks = []
    for block, (_, convs, shortcut, _) in zip(folded.blocks, network.blocks):
        new = tuple(back(parameters, old) for parameters, old in zip(convs, block.convs))
        projection = None if block.shortcut is None else back(shortcut, block.shortcut)
        blocks.append(FoldedBlock(block.stage, new, projection, block.k))
    return FoldedNetwork(
        tuple(blocks),
        folded.image,
        folded.timesteps,
        folded.classes,
        folded.voters,
        folded.pixel_mean,
        folded.pixel_std,
    )


def chip_network(folded: FoldedNetwork) -> ChipNetwork:
    from autosnn_hw.deploy.lowering import lower

    return lower(folded)
