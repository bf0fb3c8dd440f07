"""oneDNN's int8 convolution through torch's private operators: exact integers, where it is.

Its schema moves between torch's versions and its arithmetic between processors, so it is tried before it is believed. What
it gets wrong for some shapes only, `geometry_is_safe` keeps away from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

Ints = Sequence[int]
LARGEST_BYTE, LARGEST_WEIGHT = 255, 127
_PROBES = ((32, 8, 3), (48, 5, 5), (64, 7, 5), (3, 9, 1))  # channels, side, kernel


def geometry_is_safe(inputs: int, width: int, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> bool:
    """Whether oneDNN's int8 kernels of torch 2.3.1 are right for this shape on processors with VNNI.

    Four kinds of shapes gave wrong sums or ended the process (found by random trial, docs/simulator.md, Hazards):

    - a kernel with a stride reads a single channel: it reads beyond its input (AVX-512);
    - a kernel with a stride can lie in the padding altogether: the same;
    - a kernel with a horizontal stride gives images one pixel wide: every row but the first is wrong (AMX);
    - the gaps of a dilated kernel can hold the whole image, so that every tap lies in the padding: the process dies (AMX).
      Only paddings make that possible; a dilated axis without one is safe.

    Args:
        inputs: channels that a kernel reads.
        width: of the output, in pixels.
        kernel, stride, padding, dilation: (H, W).
    """
    if any(p > 0 and d > 1 for p, d in zip(padding, dilation)):
        return False
    if tuple(stride) == (1, 1):
        return True
    if inputs == 1 or (width == 1 and stride[1] > 1):
        return False
    return all(p <= d * (k - 1) for p, d, k in zip(padding, dilation, kernel))


class Int8Convolution:
    """A convolution by int8 weights, prepared once for each shape of its input.

    Args:
        weight: int8 (C, Cin / groups, kH, kW).
        stride, padding, dilation: (H, W).
    """

    def __init__(
        self, weight: torch.Tensor, stride: Ints, padding: Ints, dilation: Ints = (1, 1), groups: int = 1
    ) -> None:
        self.weight = weight
        self.geometry: tuple[Any, ...] = (list(stride), list(padding), list(dilation), groups)
        self.ones = torch.ones(len(weight))
        self.zeros = torch.zeros(len(weight), dtype=torch.long)
        self.packed: dict[tuple[int, ...], Any] = {}

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """float32 (M, C, H', W') holding the exact integers, channels last, of uint8 (M, Cin, H, W)."""
        onednn: Any = torch.ops.onednn
        frames = frames.contiguous(memory_format=torch.channels_last)
        shape = tuple(frames.shape)
        if shape not in self.packed:
            self.packed[shape] = onednn.qconv_prepack(self.weight, self.ones, 1.0, 0, *self.geometry, list(shape))
        # Activation scale 1 and zero point 0 in and out: the float32 result is the integer sum.
        result: torch.Tensor = onednn.qconv2d_pointwise(
            frames, 1.0, 0, self.packed[shape], self.ones, self.zeros, None, *self.geometry, 1.0, 0, torch.float32,
            "none", [], "",
        )  # fmt: skip
        return result


@lru_cache(maxsize=2)
def is_exact(graded: bool) -> bool:
    """Whether it is there and exact, tried once per process with its worst case: every weight at its limit.

    Without VNNI oneDNN saturates pairs of int16 sums: spikes are safe, bytes of 255 meeting 127 are not. Any failure means:
    not available.

    Args:
        graded: inputs may be any byte; otherwise 0 and 1.
    """
    largest = LARGEST_BYTE if graded else 1
    generator = torch.Generator().manual_seed(0)
    try:
        for channels, size, kernel in _PROBES:
            sign = torch.randint(0, 2, (channels, 1, 1, 1), generator=generator) * 255 - 128
            weight = sign.expand(-1, channels, kernel, kernel).to(torch.int8)
            frames = torch.full((2, channels, size, size), largest, dtype=torch.uint8)
            frames[1] = torch.randint(0, largest + 1, frames[1].shape, generator=generator)
            expected = torch.nn.functional.conv2d(frames.double(), weight.double(), padding=kernel // 2)
            if not torch.equal(Int8Convolution(weight, (1, 1), (kernel // 2,) * 2)(frames).double(), expected):
                return False
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return True
