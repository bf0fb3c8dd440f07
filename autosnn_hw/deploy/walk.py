"""Running lowered units one by one on spikes, without their relays: a shortcut reads the block's input where it is.

What the own channels fire is what they fire in the chip layer with its relays, because a relay is a copy.
Spikes are uint8 (T * N, C, H, W), T outermost, channels last.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.deploy.quantise import STEP, IntegerMap, WeightFormat, averaging_neuron
from autosnn_hw.deploy.spiking import fire
from autosnn_hw.deploy.units import Unit
from autosnn_hw.folded import FoldedConv

EXACT_FLOAT32 = 1 << 24


def unit_spikes(
    unit: Unit,
    integers: IntegerMap | None,
    frames: torch.Tensor,
    carried: torch.Tensor | None,
    steps: int,
    weights: WeightFormat,
) -> torch.Tensor:
    """Spikes of a unit's own neurons from reset state.

    Args:
        unit: what runs.
        integers: of a "conv" or "dense" unit; pools need none.
        frames: spikes of the own channels before it.
        carried: input of the residual block, where the unit has a shortcut.
        steps: T.
        weights: what the target holds.
    """
    if unit.kind == "or":
        return or_pool(frames, unit.window)
    if unit.kind == "mean":
        weight, bias, neuron = averaging_neuron(unit.window[0] * unit.window[1], unit.k, weights)
        current = weight * window_sums(frames, unit.window)
        return fire(current, np.full(unit.shape[0], bias), int(neuron.v_decay), int(neuron.vth_mant), steps)
    assert integers is not None
    part = STEP if weights.kind == "even" else 1
    current = _current(unit, integers, part, frames, carried)
    neuron = integers.neuron
    return fire(current, integers.bias, int(neuron.v_decay), int(neuron.vth_mant), steps, doubled=part == STEP)


def _current(
    unit: Unit, integers: IntegerMap, part: int, frames: torch.Tensor, carried: torch.Tensor | None
) -> torch.Tensor:
    """What the synapses deliver, divided by `part`."""
    conv = unit.conv
    assert conv is not None
    if unit.kind == "dense":
        flat = frames.contiguous().flatten(1)[:, :, None, None]
        return convolve(flat, integers.weight[:, :, None, None] // part).flatten(1)
    current = convolve(frames, integers.weight // part, conv.stride, conv.padding, conv.groups)
    if integers.identity is not None:
        assert carried is not None
        gain = torch.as_tensor(integers.identity // part).to(current).view(-1, 1, 1)
        current.addcmul_(carried.to(current.dtype), gain)
    elif integers.shortcut is not None:
        assert carried is not None and isinstance(unit.shortcut, FoldedConv)
        current += convolve(carried, integers.shortcut // part, unit.shortcut.stride, 0, unit.shortcut.groups)
    return current


def convolve(
    frames: torch.Tensor, weight: np.ndarray, stride: int = 1, padding: int = 0, groups: int = 1
) -> torch.Tensor:
    """Exact convolution of spikes by integers, float32 (M, C, H', W'), channels last; float64 where float32 could round."""
    largest = int(np.abs(weight).reshape(len(weight), -1).sum(axis=1).max())
    dtype = torch.float32 if largest < EXACT_FLOAT32 else torch.float64
    kernel = torch.as_tensor(weight).to(dtype).contiguous(memory_format=torch.channels_last)
    return F.conv2d(frames.to(dtype), kernel, None, stride, padding, 1, groups)


def or_pool(frames: torch.Tensor, window: tuple[int, int]) -> torch.Tensor:
    """1 where any input of the window is 1; rows and columns that do not fill a window are left out."""
    height, width = frames.shape[2] // window[0], frames.shape[3] // window[1]
    cut = frames[:, :, : height * window[0], : width * window[1]]
    result = cut[:, :, :: window[0], :: window[1]]
    for i in range(window[0]):
        for j in range(window[1]):
            if i or j:
                result = torch.bitwise_or(result, cut[:, :, i :: window[0], j :: window[1]])
    return result.contiguous(memory_format=torch.channels_last)


def window_sums(frames: torch.Tensor, window: tuple[int, int]) -> torch.Tensor:
    """Spikes in each window, float32."""
    return F.avg_pool2d(frames.float(), window, window, divisor_override=1)
