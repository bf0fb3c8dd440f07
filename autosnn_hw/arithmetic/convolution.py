"""Exact convolution of spikes or counts by integers, by the fastest library path that is exact for them."""

from __future__ import annotations

import numpy as np
import torch

from autosnn_hw.arithmetic.bounds import largest_sum
from autosnn_hw.arithmetic.int8 import LARGEST_WEIGHT, Int8Convolution, geometry_is_safe, is_exact
from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.exact_floats import EXACT_IN_FLOAT32
from autosnn_hw.network import conv_output_size


class Convolution:
    """Convolution of spikes by int64 weights (C, Cin / groups, k, k), prepared once for any number of batches.

    Weights within int8 go through oneDNN's int8 kernel, where a self-test finds it exact; others through float32, or
    float64 where sums could pass 2^24. `largest`: no sum is larger, positive or negative. `payload`: no input is larger.
    """

    def __init__(
        self, weight: np.ndarray, stride: int = 1, padding: int = 0, groups: int = 1, payload: int = 1
    ) -> None:
        self.weight, self.stride, self.padding, self.groups = weight, stride, padding, groups
        self.int8: Int8Convolution | None = None
        strides, paddings = (stride,) * 2, (padding,) * 2
        self.largest = largest_sum(weight) * payload
        fits = (
            np.abs(weight).max(initial=0) <= LARGEST_WEIGHT and self.largest < EXACT_IN_FLOAT32 and weight.shape[1] > 1
        )
        if fits and is_exact(payload > 1):
            self.int8 = Int8Convolution(torch.from_numpy(weight.astype(np.int8)), strides, paddings, groups=groups)
        self.dtype = torch.float32 if self.largest < EXACT_IN_FLOAT32 else torch.float64

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """float32 or float64 (M, C, H', W') of integers, channels last, of uint8 (M, Cin, H, W)."""
        if self.int8 is not None and self._is_safe(frames.shape[3]):
            return self.int8(frames)
        kernel = torch.as_tensor(self.weight).to(self.dtype).contiguous(memory_format=torch.channels_last)
        return conv2d(frames.to(self.dtype), kernel, self.stride, self.padding, groups=self.groups)

    def _is_safe(self, width: int) -> bool:
        """Whether oneDNN's int8 kernel may be trusted with images of `width` pixels."""
        inputs, kernel = self.weight.shape[1], self.weight.shape[2:]
        width = conv_output_size(width, kernel[1], self.stride, self.padding)
        return geometry_is_safe(inputs, width, kernel, (self.stride,) * 2, (self.padding,) * 2, (1, 1))
