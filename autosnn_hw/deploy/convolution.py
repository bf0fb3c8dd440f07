"""Exact convolution of spikes by integers, by the fastest library path that is exact for them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.simulate.exact.torch_cpu import conv2d

EXACT_FLOAT32 = 1 << 24
INT8 = 127


class Convolution:
    """Convolution of spikes by int64 weights (C, Cin / groups, k, k), prepared once for any number of batches.

    Weights within int8 go through oneDNN's int8 kernel, where a self-test finds it exact; others through float32, or
    float64 where sums could pass 2^24.
    """

    def __init__(self, weight: np.ndarray, stride: int = 1, padding: int = 0, groups: int = 1) -> None:
        self.weight, self.stride, self.padding, self.groups = weight, stride, padding, groups
        self.int8 = np.abs(weight).max(initial=0) <= INT8 and weight.shape[1] > 1 and int8_is_exact()
        self.packed: dict[tuple[int, ...], Any] = {}
        largest = int(np.abs(weight).reshape(len(weight), -1).sum(axis=1).max())
        self.dtype = torch.float32 if largest < EXACT_FLOAT32 else torch.float64

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """float32 or float64 (M, C, H', W') of integers, channels last, of uint8 (M, Cin, H, W)."""
        if self.int8:
            return _int8(self, frames)
        kernel = torch.as_tensor(self.weight).to(self.dtype).contiguous(memory_format=torch.channels_last)
        return conv2d(frames.to(self.dtype), kernel, self.stride, self.padding, groups=self.groups)


@lru_cache(maxsize=1)
def int8_is_exact() -> bool:
    """Whether this torch and this processor convolve spikes by int8 exactly: tried once, with every weight at its limit.

    Without VNNI oneDNN saturates sums of two products at 16 bits; products of spikes cannot reach that.
    """
    rng = np.random.default_rng(0)
    weight = rng.choice(np.array([-INT8, INT8]), (16, 64, 5, 5))
    weight[0] = INT8
    frames = torch.ones(2, 64, 7, 7, dtype=torch.uint8)
    frames[1] = torch.from_numpy(rng.integers(0, 2, (64, 7, 7)).astype(np.uint8))
    frames = frames.contiguous(memory_format=torch.channels_last)
    expected = F.conv2d(frames.double(), torch.from_numpy(weight).double(), padding=2)
    trial = Convolution.__new__(Convolution)
    trial.weight, trial.stride, trial.padding, trial.groups, trial.packed = weight, 1, 2, 1, {}
    try:
        return bool((_int8(trial, frames).double() == expected).all())
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False  # another torch has another schema, another processor no such kernel


def _int8(conv: Convolution, frames: torch.Tensor) -> torch.Tensor:
    onednn: Any = torch.ops.onednn
    channels = len(conv.weight)
    strides, paddings, ones = [conv.stride] * 2, [conv.padding] * 2, torch.ones(channels)
    zeros = torch.zeros(channels, dtype=torch.long)
    frames = frames.contiguous(memory_format=torch.channels_last)
    shape = tuple(frames.shape)
    if shape not in conv.packed:
        kernel = torch.from_numpy(conv.weight.astype(np.int8))
        conv.packed[shape] = onednn.qconv_prepack(
            kernel, ones, 1.0, 0, strides, paddings, [1, 1], conv.groups, list(shape)
        )
    # Activation scale 1 and zero point 0 in and out: the float32 result is the integer sum.
    how: tuple[Any, ...] = (strides, paddings, [1, 1], conv.groups, 1.0, 0, torch.float32, "none", [], "")
    result = onednn.qconv2d_pointwise(frames, 1.0, 0, conv.packed[shape], ones, zeros, None, *how)
    return result  # type: ignore[no-any-return]
