"""Integer layers with gradients: what the chip computes forward, straight through every rounding backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autosnn_hw.arithmetic.torch_cpu import use_torch_threads
from autosnn_hw.deploy.integer_neuron import fire, from_rows, rows, tiled
from autosnn_hw.deploy.quantise import IntegerMap
from autosnn_hw.network import CubaNeuron
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE
from autosnn_hw.training.compute.kernels.integer_gradient import fire_backward
from autosnn_hw.training.compute.surrogate import atan_constants


class _Rounded(torch.autograd.Function):
    """The integers that a float tensor became; d integer / d float = scale of its output channel."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, integers: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(scale)
        return integers

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (scale,) = ctx.saved_tensors
        return grads[0] * scale.view((-1,) + (1,) * (grads[0].dim() - 1)), None, None


def rounded(values: torch.Tensor, integers: np.ndarray, scale: np.ndarray) -> torch.Tensor:
    """float32 tensor of `integers` whose gradient goes to `values`, each output channel times its scale."""
    whole = torch.from_numpy(integers.astype(np.float32))
    if whole.dim() == 4:
        whole = whole.contiguous(memory_format=torch.channels_last)
    return _Rounded.apply(values, whole, torch.from_numpy(scale.astype(np.float32)))  # type: ignore[no-any-return]


class _Fire(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        current: torch.Tensor,
        bias: torch.Tensor,
        k: torch.Tensor,
        neuron: CubaNeuron,
        scale: np.ndarray,
        memoryless: bool,
        steps: int,
    ) -> torch.Tensor:
        mantissa = bias.detach().double().numpy()
        v_decay, vth = int(neuron.v_decay), int(neuron.vth_mant)
        ctx.save_for_backward(current, k)
        ctx.settings = mantissa, v_decay, vth, scale, memoryless, steps
        return fire(current, mantissa, v_decay, vth, steps, dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        current, k = ctx.saved_tensors
        mantissa, v_decay, vth, scale, memoryless, steps = ctx.settings
        channels = current.shape[1]
        arrays = rows(current, steps)
        offset = float(ALIGN) * tiled(mantissa, channels)
        shift = tiled(1 - 1 / scale if memoryless else np.zeros(1), channels)
        grad_current = torch.empty(arrays.shape)
        grad_k = np.zeros(-(-arrays.shape[1] // len(offset)))
        a, c = atan_constants()
        use_torch_threads()
        fire_backward(
            arrays,
            offset,
            tiled(1 / scale, channels),
            shift,
            float(DECAY_ONE) - v_decay,
            float(ALIGN * vth),
            1.0 if memoryless else float(k),
            a,
            c,
            rows(grads[0], steps),
            grad_current.numpy(),
            grad_k,
        )
        grad_bias = grad_current.view(-1, channels).sum(dim=0)
        # k is a 0-dimensional float64 tensor; a memoryless neuron has none to learn.
        slope = None if memoryless else torch.tensor(grad_k.sum(), dtype=k.dtype)
        return from_rows(grad_current, current.shape), grad_bias, slope, None, None, None, None


def integer_neuron(
    current: torch.Tensor, bias: torch.Tensor, k: torch.Tensor, integers: IntegerMap, memoryless: bool, steps: int
) -> torch.Tensor:
    """Spikes of a layer, exactly the chip's.

    Args:
        current: float32 (T * N, C, H, W) or (T * N, C) of integers, T outermost.
        bias: float32 (C,) of integers.
        k: 0-dimensional PLIF constant.
        integers: neuron and scale.
        memoryless: the neuron is the ternary format's.
        steps: T.

    Returns:
        float32 0 and 1, channels last; gradients reach current, bias and k as PLIF's would.
    """
    return _Fire.apply(current, bias, k, integers.neuron, integers.scale, memoryless, steps)  # type: ignore[no-any-return]
