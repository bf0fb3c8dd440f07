"""Weights that the alternatives of a slot have in common: each convolution is a part of one larger kernel.

A 3x3 kernel is the centre of the 5x5 one (Once-for-All: Cai et al., ICLR 2020), a convolution in groups the blocks on the
diagonal of one in fewer groups, and the first convolutions of all blocks of a slot are one, as are their second ones and their
shortcuts (weight entanglement, AutoFormer: Chen et al., ICCV 2021). Batch norms and neurons stay each block's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from autosnn_hw.architecture import SKIP
from autosnn_hw.training.modules.blocks import ConvNorm, SpikingBlock


class SharedKernel(nn.Module):
    """A kernel (O, I / groups, k, k) as large as its largest part.

    Args:
        outputs, inputs: channels O and I.
        groups: must divide those of every part.
        kernel: odd side k.
    """

    def __init__(self, outputs: int, inputs: int, groups: int, kernel: int) -> None:
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.empty(outputs, inputs // groups, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as nn.Conv2d draws

    def part(self, groups: int, kernel: int) -> torch.Tensor:
        """(O, I / `groups`, `kernel`, `kernel`): the centre of the kernel, of its channels the blocks on the diagonal."""
        weight: torch.Tensor = self.weight
        cut = (weight.shape[2] - kernel) // 2
        if cut:
            weight = weight[:, :, cut:-cut, cut:-cut]
        ratio = groups // self.groups
        if ratio == 1:
            return weight
        outputs, inputs = weight.shape[:2]
        split = weight.reshape(self.groups, ratio, outputs // groups, ratio, inputs // ratio, kernel, kernel)
        return split.diagonal(dim1=1, dim2=3).movedim(-1, 1).reshape(outputs, inputs // ratio, kernel, kernel)


def share(blocks: Mapping[str, SpikingBlock]) -> tuple[nn.ModuleDict, dict[str, set[str]]]:
    """Give the alternatives of one slot their convolutions in common.

    Factorized reductions keep their own; what stands at another place or has other channels shares with its like.

    Returns:
        Kernels by place, and for every block the places that it reads.
    """
    places: dict[str, list[ConvNorm]] = {}
    reads: dict[str, set[str]] = {}
    for key, block in blocks.items():
        alone = block.stage.kind == SKIP  # its 1x1 convolution is what a residual block has as its shortcut
        convs = {
            "shortcut" if alone else f"conv{i}": conv
            for i, conv in enumerate(block.convs)
            if isinstance(conv, ConvNorm)
        }
        if block.shortcut is not None:
            convs["shortcut"] = block.shortcut
        named = {f"{role}_{c.conv.in_channels}_{c.conv.out_channels}": c for role, c in convs.items()}
        reads[key] = set(named)
        for place, conv in named.items():
            places.setdefault(place, []).append(conv)
    return nn.ModuleDict({place: _common(convs) for place, convs in places.items()}), reads


def _common(convs: Sequence[ConvNorm]) -> SharedKernel:
    """The smallest kernel that holds those of all `convs`, which read from it from now on."""
    first = convs[0].conv
    groups = math.gcd(*(c.conv.groups for c in convs))
    kernel = SharedKernel(first.out_channels, first.in_channels, groups, max(c.conv.kernel_size[0] for c in convs))
    for conv in convs:
        conv.read_from(kernel.part)
    return kernel
