"""The surrogate gradient of a spike: ATan (Fang et al., ICCV 2021; AutoSNN uses alpha = 2)."""

from __future__ import annotations

import math

import torch

ALPHA = 2.0


def atan_constants() -> tuple[float, float]:
    """(a, c) of ds/dx = a / (1 + c x^2), x = v - 1: a = alpha / 2, c = (pi alpha / 2)^2."""
    return ALPHA / 2, (math.pi * ALPHA / 2) ** 2


class Spike(torch.autograd.Function):
    """Heaviside step (1 at x >= 0) whose gradient is the ATan surrogate's."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        a, c = atan_constants()
        return grad * a / (1 + c * x * x)
