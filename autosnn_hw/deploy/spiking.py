"""One chip layer's neurons over a run, fused: the exact simulator's equation for layers that were lowered here.

Currents are float32 that hold integers, channels last, so that a convolution's output needs no copy. The state is float64:
v x (4096 - vDecay) stays below 2^36, so product, division by a power of two and truncation are exact.
"""

from __future__ import annotations

import numba
import numpy as np
import torch

V_LIMIT = float((1 << 23) - 1)
WRAP = float(1 << 23)
BLOCK = 2048  # neurons a block, rounded to whole positions


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _fire(current, unit, bias, keep, threshold, spikes):
    steps, count = current.shape
    block = bias.shape[0]
    share = keep / 4096.0
    for b in numba.prange((count + block - 1) // block):
        low = b * block
        size = min(low + block, count) - low
        voltage = np.zeros(size, np.float64)
        for t in range(steps):
            a = current[t, low : low + size]
            fired = spikes[t, low : low + size]
            for i in range(size):
                u = np.float64(a[i]) * unit
                u = u - 2 * WRAP if u > WRAP else u
                u = u + 2 * WRAP if u <= -WRAP else u
                v = np.trunc(voltage[i] * share) + u + bias[i]
                v = min(max(v, -V_LIMIT), V_LIMIT)
                fires = v > threshold
                fired[i] = 1 if fires else 0
                voltage[i] = 0.0 if fires else v


def tiled(values: np.ndarray, channels: int) -> np.ndarray:
    """float64 values (C,) or () repeated over one block of channels-last neurons."""
    return np.tile(np.broadcast_to(np.asarray(values, np.float64), (channels,)), max(1, BLOCK // channels))


def use_torch_threads() -> None:
    """As many numba threads as torch uses."""
    numba.set_num_threads(max(1, min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)))  # type: ignore[attr-defined]


def rows(current: torch.Tensor, steps: int) -> np.ndarray:
    """(T, N * positions * C) view, channels last, of (T * N, C, H, W) or (T * N, C)."""
    if current.dim() == 4:
        current = current.permute(0, 2, 3, 1)
    return current.contiguous().view(steps, -1).numpy()


def from_rows(values: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """The inverse of `rows`, in channels-last memory: (T * N, C, H, W) or (T * N, C)."""
    if len(shape) == 4:
        return values.view(-1, shape[2], shape[3], shape[1]).permute(0, 3, 1, 2)
    return values.view(-1, shape[1])


def fire(
    current: torch.Tensor,
    bias: np.ndarray,
    v_decay: int,
    vth_mant: int,
    steps: int,
    *,
    constant: bool = False,
    doubled: bool = False,
    dtype: torch.dtype = torch.uint8,
) -> torch.Tensor:
    """Spikes of a layer from reset state.

    Args:
        current: float32 of integers (T * N, C, H, W) or (T * N, C), T outermost; (N, ...) with `constant`.
        bias: mantissas (C,).
        v_decay, vth_mant: of the neuron, whose current has no memory.
        steps: T.
        constant: the current is the same at every step.
        doubled: the integers are twice what `current` holds (even weights that were halved).
        dtype: of the result.

    Returns:
        0 and 1, (T * N, ...), channels last.
    """
    array = rows(current, 1 if constant else steps)
    if constant:
        array = np.broadcast_to(array, (steps, array.shape[1]))
    out = torch.empty(array.shape, dtype=dtype)
    use_torch_threads()
    channels = current.shape[1]
    offset = 64.0 * tiled(bias, channels)
    _fire(array, 128.0 if doubled else 64.0, offset, 4096.0 - v_decay, 64.0 * vth_mant, out.numpy())
    return from_rows(out, current.shape)
