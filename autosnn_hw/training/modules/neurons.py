"""Spiking neurons for training: PLIF (Fang et al., ICCV 2021, as AutoSNN uses it) and the memoryless binary neuron.

Time is folded into the batch: tensors are (T * N, ...), T outermost. An input of N rows with T > 1 and `constant=True` is the
same at every step and is never copied. Which kernel runs follows from the device; `KERNELS` lists them.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from autosnn_hw.arithmetic.torch_cpu import use_torch_threads
from autosnn_hw.training.compute.kernels import cpu, torch_reference
from autosnn_hw.training.compute.surrogate import atan_constants

KERNELS = ("auto", "numba", "triton", "torch")


def kernel_for(x: torch.Tensor, kernel: str = "auto") -> str:
    """The kernel that runs `x`: numba for CPU, triton for CUDA float32, else plain torch."""
    if kernel not in KERNELS:
        raise ValueError(f"unknown kernel {kernel!r}; known are {', '.join(KERNELS)}")
    if kernel != "auto":
        return kernel
    if x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64):
        return "numba"
    if x.device.type == "cuda" and x.dtype == torch.float32 and _has_triton():
        return "triton"
    return "torch"


def _has_triton() -> bool:
    try:
        from autosnn_hw.training.compute.kernels import cuda  # noqa: F401
    except ImportError:
        return False
    return True


def _rows(x: torch.Tensor, rows: int) -> torch.Tensor:
    """x as (rows, M) in the order it has in memory: channels-last tensors are not rearranged, neurons are all alike."""
    if x.dim() == 4 and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(rows, -1)


def _like(rows: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The inverse of `_rows` for a result of one or T times x's rows."""
    if x.dim() == 4 and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last):
        return rows.view(-1, x.shape[2], x.shape[3], x.shape[1]).permute(0, 3, 1, 2)
    return rows.view(-1, *x.shape[1:])


def _grad_rows(grad: torch.Tensor, x: torch.Tensor, rows: int) -> torch.Tensor:
    if x.dim() == 4 and not x.is_contiguous():
        grad = grad.contiguous(memory_format=torch.channels_last)
    return _rows(grad, rows).contiguous()


class _Plif(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k, timesteps, constant, kernel):
        rows = _rows(x.detach(), 1 if constant else timesteps).contiguous()
        reached = None
        if kernel == "numba":
            use_torch_threads()
            spikes = rows.new_empty(timesteps, rows.shape[1])
            array = rows.numpy()
            cpu.plif_forward(array, array.dtype.type(k.item()), spikes.numpy())
        else:
            from autosnn_hw.training.compute.kernels import cuda

            spikes, reached = cuda.plif_forward(rows, k.detach(), timesteps)
        ctx.save_for_backward(x, k, reached)
        ctx.settings = timesteps, constant, kernel
        return _like(spikes, x)

    @staticmethod
    def backward(ctx, grad):
        x, k, reached = ctx.saved_tensors
        timesteps, constant, kernel = ctx.settings
        rows = _rows(x, 1 if constant else timesteps).contiguous()
        grad = _grad_rows(grad, x, timesteps)
        a, c = atan_constants()
        if kernel == "numba":
            use_torch_threads()
            grad_x = torch.empty_like(rows)
            partial = torch.empty(cpu.blocks(rows.shape[1]), dtype=torch.float64)
            number = rows.numpy().dtype.type
            cpu.plif_backward(
                rows.numpy(), number(k.item()), number(a), number(c), grad.numpy(), grad_x.numpy(), partial.numpy()
            )
            grad_k = partial.sum().to(k.dtype)
        else:
            from autosnn_hw.training.compute.kernels import cuda

            grad_x, grad_k = cuda.plif_backward(rows, k, reached, grad, a, c)
        return _like(grad_x, x), grad_k, None, None, None


class _Memoryless(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernel):
        rows = _rows(x.detach(), 1).contiguous()
        if kernel == "numba":
            use_torch_threads()
            spikes = torch.empty_like(rows)
            cpu.memoryless_forward(rows.numpy()[0], spikes.numpy()[0])
        else:
            from autosnn_hw.training.compute.kernels import cuda

            spikes = cuda.memoryless_forward(rows)
        ctx.save_for_backward(x)
        ctx.kernel = kernel
        return _like(spikes, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        rows, grad = _rows(x, 1).contiguous(), _grad_rows(grad, x, 1)
        a, c = atan_constants()
        if ctx.kernel == "numba":
            use_torch_threads()
            grad_x = torch.empty_like(rows)
            number = rows.numpy().dtype.type
            cpu.memoryless_backward(rows.numpy()[0], number(a), number(c), grad.numpy()[0], grad_x.numpy()[0])
        else:
            from autosnn_hw.training.compute.kernels import cuda

            grad_x = cuda.memoryless_backward(rows, grad, a, c)
        return _like(grad_x, x), None


def plif(
    x: torch.Tensor,
    k: torch.Tensor,
    timesteps: int,
    *,
    constant: bool = False,
    kernel: str = "auto",
) -> torch.Tensor:
    """Spikes of PLIF neurons: v += (x - v) k, fires at v >= 1, hard reset to 0 (decay-input form, gradient detached).

    Args:
        x: float32 or float64 (T * N, ...), T outermost, or (N, ...) with `constant`.
        k: 0-dimensional, in (0, 1].
        timesteps: T.
        constant: the input is the same at every step.
        kernel: one of `KERNELS`.

    Returns:
        0 and 1 of x's dtype, (T * N, ...), in x's memory format.
    """
    kernel = kernel_for(x, kernel)
    if kernel != "torch":
        return _Plif.apply(x, k, timesteps, constant, kernel)
    return _like(torch_reference.plif(_rows(x, 1 if constant else timesteps), k, timesteps), x)


def memoryless(x: torch.Tensor, *, kernel: str = "auto") -> torch.Tensor:
    """Spikes of memoryless binary neurons (TrueNorth): 1 where x >= 1; shape and format of x."""
    kernel = kernel_for(x, kernel)
    if kernel != "torch":
        return _Memoryless.apply(x, kernel)
    return _like(torch_reference.memoryless(_rows(x, 1), 1), x)


class Plif(nn.Module):
    """A layer of PLIF neurons with one learnable scalar w, k = sigmoid(w) = 1 / tau.

    Args:
        tau: initial time constant in steps, above 1 (AutoSNN: 2, so w = 0).
    """

    def __init__(self, tau: float = 2.0) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(-math.log(tau - 1)))
        self.kernel = "auto"

    @property
    def k(self) -> float:
        return float(torch.sigmoid(self.w.detach().double()))

    def forward(self, x: torch.Tensor, timesteps: int, constant: bool = False) -> torch.Tensor:
        return plif(x, torch.sigmoid(self.w), timesteps, constant=constant, kernel=self.kernel)


class Memoryless(nn.Module):
    """A layer of memoryless binary neurons: a PLIF layer with k = 1 and nothing to learn."""

    k = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kernel = "auto"

    def forward(self, x: torch.Tensor, timesteps: int, constant: bool = False) -> torch.Tensor:
        if constant:
            raise ValueError("a constant input makes every step of a memoryless neuron the same; the stem is PLIF")
        return memoryless(x, kernel=self.kernel)


class Relu(nn.Module):
    """No spiking neuron: max(x, 0) in every step, for a network that teaches and is never deployed."""

    def forward(self, x: torch.Tensor, timesteps: int, constant: bool = False) -> torch.Tensor:
        return torch.relu(x).repeat(timesteps, *[1] * (x.dim() - 1)) if constant else torch.relu(x)


class Linear(nn.Module):
    """The readout's of such a network: its input."""

    def forward(self, x: torch.Tensor, timesteps: int, constant: bool = False) -> torch.Tensor:
        return x


NEURONS = {"plif": Plif, "memoryless": Memoryless}
NEURON_LAYERS: dict[str, type[nn.Module]] = {**NEURONS, "relu": Relu, "linear": Linear}
