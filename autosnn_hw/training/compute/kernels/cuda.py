"""The neurons as Triton kernels for CUDA: forward and backward each one launch over (T, M).

The forward keeps the voltages that were reached (before the reset), which is all that the backward needs.
"""

# No postponed annotations here: Triton's interpreter, in which the kernels are tested without a GPU, reads `tl.constexpr`
# as an object.

import torch
import triton
import triton.language as tl

BLOCK = 1024


@triton.jit
def _plif_forward(x, k, spikes, reached, count, steps: tl.constexpr, constant: tl.constexpr, block: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < count
    decay = tl.load(k)
    voltage = tl.zeros((block,), tl.float32)
    inputs = tl.load(x + at, mask=inside, other=0.0)
    row = at
    for _ in range(steps):
        if not constant:
            inputs = tl.load(x + row, mask=inside, other=0.0)
        voltage = voltage + (inputs - voltage) * decay
        fires = voltage >= 1.0
        tl.store(reached + row, voltage, mask=inside)
        tl.store(spikes + row, tl.where(fires, 1.0, 0.0), mask=inside)
        voltage = tl.where(fires, 0.0, voltage)
        row += count


@triton.jit
def _plif_backward(
    x, k, reached, grad, grad_x, grad_k, count, a, c, steps: tl.constexpr, constant: tl.constexpr, block: tl.constexpr
):
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < count
    decay = tl.load(k)
    inputs = tl.load(x + at, mask=inside, other=0.0)
    carried = tl.zeros((block,), tl.float32)
    slope = tl.zeros((block,), tl.float32)
    total = tl.zeros((block,), tl.float32)
    row = at
    for _ in range(steps - 1):
        row += count
    for _ in range(steps):
        if not constant:
            inputs = tl.load(x + row, mask=inside, other=0.0)
        previous = tl.load(reached + (row - count), mask=inside & (row >= count), other=0.0)
        before = tl.where(previous >= 1.0, 0.0, previous)
        distance = tl.load(reached + row, mask=inside, other=0.0) - 1.0
        g = tl.load(grad + row, mask=inside, other=0.0) * a / (1.0 + c * distance * distance)
        g += tl.where(distance >= 0.0, 0.0, carried)
        slope += g * (inputs - before)
        carried = g * (1.0 - decay)
        if constant:
            total += g * decay
        else:
            tl.store(grad_x + row, g * decay, mask=inside)
        row -= count
    if constant:
        tl.store(grad_x + at, total, mask=inside)
    # Summed afterwards in a fixed order: atomics would make the gradient depend on timing.
    tl.store(grad_k + at, slope, mask=inside)


@triton.jit
def _memoryless_forward(x, spikes, count, block: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < count
    fires = tl.load(x + at, mask=inside, other=0.0) >= 1.0
    tl.store(spikes + at, tl.where(fires, 1.0, 0.0), mask=inside)


@triton.jit
def _memoryless_backward(x, grad, grad_x, count, a, c, block: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = at < count
    distance = tl.load(x + at, mask=inside, other=0.0) - 1.0
    g = tl.load(grad + at, mask=inside, other=0.0) * a / (1.0 + c * distance * distance)
    tl.store(grad_x + at, g, mask=inside)


def plif_forward(x: torch.Tensor, k: torch.Tensor, timesteps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes and reached voltages, both float32 (T, M), of contiguous float32 x (T, M) or (1, M)."""
    count = x.shape[1]
    spikes, reached = x.new_empty(timesteps, count), x.new_empty(timesteps, count)
    constant = x.shape[0] == 1
    _plif_forward[(triton.cdiv(count, BLOCK),)](x, k, spikes, reached, count, timesteps, constant, BLOCK)
    return spikes, reached


def plif_backward(
    x: torch.Tensor, k: torch.Tensor, reached: torch.Tensor, grad: torch.Tensor, a: float, c: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of x (as x) and of k (0-dimensional)."""
    (timesteps, count), programs = grad.shape, triton.cdiv(x.shape[1], BLOCK)
    grad_x, grad_k = torch.empty_like(x), x.new_empty(x.shape[1])
    constant = x.shape[0] == 1
    _plif_backward[(programs,)](x, k, reached, grad, grad_x, grad_k, count, a, c, timesteps, constant, BLOCK)
    return grad_x, grad_k.sum()


def memoryless_forward(x: torch.Tensor) -> torch.Tensor:
    """1 where x >= 1, else 0; x contiguous float32."""
    spikes = torch.empty_like(x)
    _memoryless_forward[(triton.cdiv(x.numel(), BLOCK),)](x, spikes, x.numel(), BLOCK)
    return spikes


def memoryless_backward(x: torch.Tensor, grad: torch.Tensor, a: float, c: float) -> torch.Tensor:
    """Gradient of x; all contiguous float32 of one shape."""
    grad_x = torch.empty_like(x)
    _memoryless_backward[(triton.cdiv(x.numel(), BLOCK),)](x, grad, grad_x, x.numel(), a, c, BLOCK)
    return grad_x
