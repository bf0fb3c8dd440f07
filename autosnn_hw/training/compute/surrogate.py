"""The surrogate gradient of a spike: ATan (Fang et al., ICCV 2021; AutoSNN uses alpha = 2)."""

from __future__ import annotations

import math

import torch

ALPHA = 2.0


def atan_constants(alpha: float = ALPHA) -> tuple[float, float]:
    """(a, c) of ds/dx = a / (1 + c x^2), x = v - 1: a = alpha / 2, c = (pi alpha / 2)^2."""
    return alpha / 2, (math.pi * alpha / 2) ** 2


class Spike(torch.autograd.Function):
    """Heaviside step (1 at x >= 0) whose gradient is the ATan surrogate's."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, alpha: float = ALPHA) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.alpha = alpha
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (x,) = ctx.saved_tensors
        a, c = atan_constants(ctx.alpha)
        return grad * a / (1 + c * x * x), None
