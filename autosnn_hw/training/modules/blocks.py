"""Blocks of a spiking network as torch modules (AutoSNN, Na et al., ICML 2022, and its public code).

Time is folded into the batch, (T * N, C, H, W): convolutions and batch norm see T * N images, only neurons know T.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import SKIP, Stage, block_convolutions, block_groups
from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.folded import BatchNorm, FoldedBlock, FoldedConv
from autosnn_hw.training.compute.matrix_convolution import dense_convolution, grouped_convolution
from autosnn_hw.training.modules.neurons import NEURON_LAYERS
from autosnn_hw.training.modules.ternary import ternary
from autosnn_hw.training.modules.whole_batch_norm import Add, whole_batch_norm

Counter = Callable[[Stage, torch.Tensor], None]


class Norm(nn.Module):
    """Batch norm over (T * N, H, W) whose statistics can be lent from outside.

    With `tracked`, running statistics are kept and used in evaluation, as in nn.BatchNorm2d. Without, the layer holds none:
    the paths of a super-network share it, and each brings its own (`lent`), or batch statistics are used.
    """

    def __init__(self, channels: int, *, tracked: bool, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps, self.momentum, self.tracked = eps, momentum, tracked
        self.mean: torch.Tensor | None
        self.var: torch.Tensor | None
        self.register_buffer("mean", torch.zeros(channels) if tracked else None)
        self.register_buffer("var", torch.ones(channels) if tracked else None)
        self.lent: tuple[torch.Tensor, torch.Tensor] | None = None
        self.recorded: list[tuple[torch.Tensor, torch.Tensor]] | None = None
        self.add: Add | None = None  # sums over processes, each of which has a part of the batch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.recorded is not None:
            var, mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=True)
            self.recorded.append((mean.detach(), var.detach()))
        elif self.lent is not None:
            return F.batch_norm(x, *self.lent, self.weight, self.bias, False, 0.0, self.eps)
        elif self.tracked:
            return F.batch_norm(x, self.mean, self.var, self.weight, self.bias, self.training, self.momentum, self.eps)
        elif self.add is not None:
            return whole_batch_norm(x, self.weight, self.bias, self.eps, self.add)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)

    def folded(self) -> BatchNorm:
        mean, var = self.lent if self.lent is not None else (self.mean, self.var)
        return BatchNorm(
            gamma=float64(self.weight),
            beta=float64(self.bias),
            mean=None if mean is None else float64(mean),
            var=None if var is None else float64(var),
            eps=self.eps,
        )


DENSE_SIDE = 4  # up to this side a 5x5 kernel is cheaper as a matrix product over all pairs of pixels


class ConvNorm(nn.Module):
    """Convolution without bias, then batch norm.

    Half the taps of a 5x5 kernel on 4 x 4 pixels fall outside, and oneDNN's backward is slow there: such a layer is computed
    as one matrix product with the kernel written out over all pairs of pixels (2.0 to 2.6 times as fast, docs/lab/training.md);
    a grouped one, which oneDNN is slowest at, as one product a group.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, tracked: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = Norm(outputs, tracked=tracked)
        self.conv_dtype: torch.dtype | None = None  # bfloat16: the convolution alone is computed in it
        self.ternary = False  # True: computed with ternary weights
        self._part: Callable[[int, int], torch.Tensor] | None = None

    def read_from(self, part: Callable[[int, int], torch.Tensor]) -> None:
        """Have no weight of one's own: it is part(groups, kernel size) of one that belongs to someone else."""
        self.conv.register_parameter("weight", None)
        self._part = part

    @property
    def weight(self) -> torch.Tensor:
        """(O, I / groups, k, k), before it is made ternary."""
        conv = self.conv
        return conv.weight if self._part is None else self._part(conv.groups, conv.kernel_size[0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self._convolve(x))

    def _convolve(self, x: torch.Tensor) -> torch.Tensor:
        conv, dtype = self.conv, self.conv_dtype
        weight = ternary(self.weight) if self.ternary else self.weight
        if dtype is not None:
            y = conv2d(x.to(dtype), weight.to(dtype), conv.stride, conv.kernel_size[0] // 2, groups=conv.groups)
            return y.to(x.dtype)
        if conv.stride == (1, 1) and max(x.shape[2:]) <= DENSE_SIDE and conv.kernel_size != (1, 1):
            if conv.groups > 1:
                return grouped_convolution(x, weight, conv.groups)
            if conv.kernel_size == (5, 5):
                return dense_convolution(x, weight)
        # One input channel (a grey image) is channels-last and not at once: the output's format must be asked for.
        y = conv2d(x, weight, conv.stride, conv.kernel_size[0] // 2, groups=conv.groups)
        return y.contiguous(memory_format=torch.channels_last)

    def folded(self) -> FoldedConv:
        conv = self.conv
        return FoldedConv(
            weight=float64(self.weight),
            bias=np.zeros(conv.out_channels),
            stride=int(conv.stride[0]),
            padding=int(conv.padding[0]),
            groups=conv.groups,
            norm=self.norm.folded(),
        )


class FactorizedReduce(nn.Module):
    """The stride-2 skip: two 1x1 convolutions of stride 2, the second shifted by one pixel, concatenated; batch norm."""

    def __init__(self, inputs: int, outputs: int, *, tracked: bool = True) -> None:
        super().__init__()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs - outputs // 2, 1, 2, bias=False)
        self.norm = Norm(outputs, tracked=tracked)
        self.ternary = False  # as in ConvNorm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        even, odd = (ternary(c.weight) if self.ternary else c.weight for c in (self.even, self.odd))
        return self.norm(torch.cat([conv2d(x, even, 2), conv2d(shifted, odd, 2)], dim=1))

    def folded(self) -> FoldedConv:
        """The same map as one 3x3 convolution of stride 2 and padding 1 with taps (1, 1) and (2, 2)."""
        even, odd = float64(self.even.weight), float64(self.odd.weight)
        weight = np.zeros((len(even) + len(odd), even.shape[1], 3, 3))
        weight[: len(even), :, 1, 1] = even[:, :, 0, 0]
        weight[len(even) :, :, 2, 2] = odd[:, :, 0, 0]
        return FoldedConv(weight, np.zeros(len(weight)), stride=2, padding=1, norm=self.norm.folded())


class SpikingBlock(nn.Module):
    """A convolution in front or one slot's block: convolutions with a neuron layer behind each; a residual adds to the last membrane input.

    Args:
        stage: kind, sizes, stride and groups; where `groups` does not divide the widths their greatest common divisor is used.
        neuron: key of `neurons.NEURON_LAYERS`.
        tracked: keep running batch-norm statistics.
    """

    def __init__(self, stage: Stage, *, neuron: str = "plif", tracked: bool = True) -> None:
        super().__init__()
        self.stage = stage
        self.convs = nn.ModuleList(_convolutions(stage, tracked))
        self.neurons = nn.ModuleList(NEURON_LAYERS[neuron]() for _ in self.convs)
        self.residual = stage.block is not None and stage.block.residual
        self.shortcut: ConvNorm | None = None
        if self.residual and stage.widens:
            inputs, outputs = stage.in_shape[0], stage.out_shape[0]
            self.shortcut = ConvNorm(
                inputs, outputs, 1, stride=stage.stride, groups=block_groups(stage), tracked=tracked
            )

    def forward(
        self, x: torch.Tensor, timesteps: int, count: Counter | None = None, *, constant: bool = False
    ) -> torch.Tensor:
        """Spikes (T * N, C, H, W); `constant`: x is (N, ...) and the same at every step (the stem of images)."""
        spikes = x
        for index, (conv, neuron) in enumerate(zip(self.convs, self.neurons)):
            current = conv(spikes)
            if self.residual and index == len(self.convs) - 1:
                current = current.add_(x if self.shortcut is None else self.shortcut(x))  # the norm's output, its own
            spikes = neuron(current, timesteps, constant)
            if count is not None:
                count(self.stage, spikes)
        return spikes

    def folded(self) -> FoldedBlock:
        return FoldedBlock(
            stage=self.stage,
            convs=tuple(conv.folded() for conv in self.convs),
            shortcut=None if self.shortcut is None else self.shortcut.folded(),
            k=tuple(neuron.k for neuron in self.neurons),
        )


class SpikePool(nn.Module):
    """Max pool of spikes (no neuron, its output spikes are counted), or average pool or GAP with a neuron layer behind it."""

    def __init__(self, stage: Stage, *, neuron: str = "plif") -> None:
        super().__init__()
        self.stage = stage
        self.neurons = nn.ModuleList([] if stage.kind == "max_pool" else [NEURON_LAYERS[neuron]()])

    def forward(self, x: torch.Tensor, timesteps: int, count: Counter | None = None) -> torch.Tensor:
        if self.stage.kind == "max_pool":
            spikes = F.max_pool2d(x, 2)
        else:
            average = F.avg_pool2d(x, 2) if self.stage.kind == "avg_pool" else F.adaptive_avg_pool2d(x, 1)
            spikes = self.neurons[0](average, timesteps)
        if count is not None:
            count(self.stage, spikes)
        return spikes

    def folded(self) -> FoldedBlock:
        return FoldedBlock(stage=self.stage, k=tuple(neuron.k for neuron in self.neurons))


def _convolutions(stage: Stage, tracked: bool) -> list[nn.Module]:
    inputs, outputs = stage.in_shape[0], stage.out_shape[0]
    if stage.kind in ("stem", "stem_conv"):
        return [ConvNorm(inputs, outputs, 3, groups=stage.groups, tracked=tracked)]
    if stage.kind == SKIP and stage.widens and stage.stride == 2:
        return [FactorizedReduce(inputs, outputs, tracked=tracked)]
    groups = block_groups(stage)
    return [
        ConvNorm(size.inputs, size.outputs, size.kernel, stride=size.stride, groups=groups, tracked=tracked)
        for size in block_convolutions(stage)
    ]


def borrowed(layer: nn.Module) -> dict[str, torch.Tensor]:
    """Weights that a layer computes with and that belong to others, by the names that they would have as its own: parts of common
    kernels, first channels of a wider layer."""
    found = {}
    for name, module in layer.named_modules():
        prefix = f"{name}." if name else ""
        if isinstance(module, ConvNorm) and module.conv._parameters.get("weight") is None:
            found[f"{prefix}conv.weight"] = module.weight
        plain = ((key, vars(module).get(key)) for key in ("weight", "bias"))
        found |= {f"{prefix}{key}": value for key, value in plain if isinstance(value, torch.Tensor)}
    return found


def float64(tensor: torch.Tensor) -> np.ndarray:
    """A copy as numpy float64, on the CPU."""
    return tensor.detach().cpu().double().numpy().copy()
