"""Ternary weights in the training forward, straight through backward: what a crossbar will hold is what is trained.

Signs and gain are those of `deploy.quantise.ternarise` (Li et al. 2016, TWN), so that the floats which training leaves
behind become, when they are lowered, the weights that they were trained as.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


class _Ternary(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: torch.Tensor) -> torch.Tensor:
        size = weight.detach().abs()
        flat = size.flatten(1)
        present = (flat > 0).sum(1, keepdim=True).clamp_(min=1)
        kept = flat > 0.7 * (flat.sum(1, keepdim=True) / present)
        gain = (flat * kept).sum(1, keepdim=True) / kept.sum(1, keepdim=True).clamp_(min=1)
        return weight.detach().sign() * (kept * gain).view_as(size)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        return grads[0]


def ternary(weight: torch.Tensor) -> torch.Tensor:
    """a_c t_c for every output channel c of a weight (C, ..), t in {-1, 0, 1}; its gradient is the weight's own."""
    return _Ternary.apply(weight)  # type: ignore[no-any-return]


def make_ternary(modules: Iterable[nn.Module]) -> None:
    """Let every layer in `modules` that knows how compute with ternary weights."""
    for module in modules:
        for layer in module.modules():
            if hasattr(layer, "ternary"):
                layer.ternary = True  # type: ignore[assignment]
