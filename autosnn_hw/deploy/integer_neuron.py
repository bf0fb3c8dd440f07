"""One chip layer's neurons over a run, fused: the exact simulator's equation for layers that were lowered here.

Currents are float32 that hold integers, channels last, so that a convolution's output needs no copy. The state is int32: with
v = 4096 h + l (0 <= l < 4096) within 24 bits, v x (4096 - vDecay) / 4096, rounded toward zero, is h keep + (l keep >> 12), with 4095
added to l keep where v is negative; no product leaves 32 bits.
"""

from __future__ import annotations

import numba
import numpy as np
import torch

from autosnn_hw.arithmetic.torch_cpu import use_torch_threads
from autosnn_hw.network import chip_layers
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE

V_LIMIT, WRAP = np.int32(chip_layers.V_LIMIT), np.int32(chip_layers.WRAP)
LOW, SHIFT, SIGN = np.int32(DECAY_ONE - 1), np.int32(12), np.int32(31)
BLOCK = 2048  # neurons a block, rounded to whole positions


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def _fire(current, unit, bias, keep, threshold, wraps, spikes):
    steps, count = current.shape
    block = bias.shape[0]
    for b in numba.prange((count + block - 1) // block):
        low = b * block
        size = min(low + block, count) - low
        voltage = np.zeros(size, np.int32)
        for t in range(steps):
            a = current[t, low : low + size]
            fired = spikes[t, low : low + size]
            if wraps:
                for i in range(size):
                    u = np.int32(a[i]) * unit
                    u = np.int32(u - 2 * WRAP) if u > WRAP else u
                    u = np.int32(u + 2 * WRAP) if u <= -WRAP else u
                    v = _step(voltage[i], np.int32(u), bias[i], keep)
                    fires = v > threshold
                    fired[i] = np.uint8(fires)
                    voltage[i] = np.int32(0) if fires else v
            else:
                for i in range(size):
                    v = _step(voltage[i], np.int32(np.int32(a[i]) * unit), bias[i], keep)
                    fires = v > threshold
                    fired[i] = np.uint8(fires)
                    voltage[i] = np.int32(0) if fires else v


@numba.njit(inline="always")
def _step(v, u, bias, keep):
    """v after the decay, rounded toward zero, and what arrives; the casts keep numba in 32-bit lanes."""
    high = np.int32(np.int32(v >> SHIFT) * keep)
    low = np.int32(np.int32(v & LOW) * keep)
    lost = np.int32(np.int32(v >> SIGN) & LOW)  # below the point, where v is negative
    kept = np.int32(high + np.int32(np.int32(low + lost) >> SHIFT))
    now = np.int32(np.int32(kept + u) + bias)
    return min(max(now, -V_LIMIT), V_LIMIT)


def tiled(values: np.ndarray, channels: int) -> np.ndarray:
    """values (C,) or (1,) repeated over one block of channels-last neurons."""
    return np.tile(np.broadcast_to(values, (channels,)), max(1, BLOCK // channels))


@numba.njit(parallel=True, cache=True, nogil=True)
def _or(frames, height, width, out):
    for m in numba.prange(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                row = out[m, y, x]
                row[:] = 0
                for i in range(height):
                    for j in range(width):
                        source = frames[m, y * height + i, x * width + j]
                        for c in range(row.shape[0]):
                            row[c] |= source[c]


def or_pool(frames: torch.Tensor, window: tuple[int, int]) -> torch.Tensor:
    """1 where any input of the window is 1; rows and columns that do not fill a window are left out."""
    count, channels, height, width = frames.shape
    out = torch.empty(count, height // window[0], width // window[1], channels, dtype=torch.uint8)
    use_torch_threads()
    _or(frames.permute(0, 2, 3, 1).contiguous().numpy(), window[0], window[1], out.numpy())
    return out.permute(0, 3, 1, 2)


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


def stays(largest: int) -> bool:
    """Whether currents of at most `largest`, positive or negative, never leave the 24 bits of u."""
    return ALIGN * largest < chip_layers.WRAP


def fire(
    current: torch.Tensor,
    bias: np.ndarray,
    v_decay: int,
    vth_mant: int,
    steps: int,
    *,
    constant: bool = False,
    doubled: bool = False,
    wraps: bool = True,
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
        wraps: the current may leave 24 bits; False, where it is known that it cannot (`stays`), is twice as fast.
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
    offset = tiled(ALIGN * np.asarray(bias, np.int32), channels)
    unit, keep, threshold = (
        np.int32(2 * ALIGN if doubled else ALIGN),
        np.int32(DECAY_ONE - v_decay),
        np.int32(ALIGN * vth_mant),
    )
    _fire(array, unit, offset, keep, threshold, wraps, out.numpy())
    return from_rows(out, current.shape)
