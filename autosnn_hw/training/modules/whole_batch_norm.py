"""Batch norm over a batch of which each of several processes has a part: exact, on any device.

torch's SyncBatchNorm wants CUDA. Here statistics are those of the whole batch (count, sum and sum of squares, added as float64), and so
are the two sums that the gradient needs (Ioffe & Szegedy, ICML 2015): beside the order of sums it is F.batch_norm of all parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

Add = Callable[[torch.Tensor], None]  # makes a tensor the sum of those of all processes, in place
AXES = (0, 2, 3)


def whole_batch_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float, add: Add) -> torch.Tensor:
    """Normalised x (N, C, H, W), with the biased variance, as in training; gradients of `weight` and `bias` are of this process's part.

    Args:
        add: is called once forwards and once backwards, with a float64 tensor.
    """
    out: torch.Tensor = _WholeBatchNorm.apply(x, weight, bias, eps, add)
    return out


class _WholeBatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float, add: Add) -> Any:
        var, mean = (value.double() for value in torch.var_mean(x, dim=AXES, unbiased=False))
        own = x.numel() // x.shape[1]
        sums = torch.cat([own * mean, own * (var + mean**2), mean.new_tensor([own])])
        add(sums)
        of_x, of_squares, count = sums.split([len(mean), len(mean), 1])
        mean = of_x / count
        var = (of_squares / count - mean**2).clamp_(min=0)
        mean, var = mean.to(x.dtype), var.to(x.dtype)
        ctx.save_for_backward(x, weight, mean, var, count)
        ctx.eps, ctx.add = eps, add
        return F.batch_norm(x, mean, var, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        x, weight, mean, var, count = ctx.saved_tensors
        # With fixed statistics the gradients of scale and shift are right, and that of x lacks what the statistics depend on.
        grad_x, grad_weight, grad_bias = torch.ops.aten.native_batch_norm_backward(
            grad, x, weight, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        sums = torch.cat([grad_bias, grad_weight]).double()
        ctx.add(sums)
        mean_grad, mean_product = (sums / count).to(x.dtype).split(len(mean))
        scale = (var + ctx.eps).rsqrt()
        slope = -weight * scale * scale * mean_product
        shift = -weight * scale * mean_grad - slope * mean
        shape = (1, -1, 1, 1)
        grad_x.addcmul_(x, slope.view(shape)).add_(shift.view(shape))
        return grad_x, grad_weight, grad_bias, None, None
