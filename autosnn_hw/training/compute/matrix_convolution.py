"""Convolutions on few pixels as matrix products over all pairs of pixels (where oneDNN's backward is slow)."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F


@lru_cache(maxsize=32)
def _taps(height: int, width: int, kernel: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """0 and 1, (H W H W, kernel^2): which tap of the kernel joins an output pixel to an input pixel."""
    y, x = torch.arange(height), torch.arange(width)
    row = (y[None, :] - y[:, None] + kernel // 2).view(height, 1, height, 1)
    column = (x[None, :] - x[:, None] + kernel // 2).view(1, width, 1, width)
    inside = (row >= 0) & (row < kernel) & (column >= 0) & (column < kernel)
    tap = torch.where(inside, row * kernel + column, kernel * kernel).reshape(-1)
    return F.one_hot(tap, kernel * kernel + 1)[:, :-1].to(device, dtype)


def dense_convolution(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """conv2d(x, weight) of stride 1 and same padding, as a matrix product over channels-last pixels."""
    count, inputs, height, width = x.shape
    outputs, _, kernel, _ = weight.shape
    pixels = height * width
    spread = _taps(height, width, kernel, x.dtype, x.device) @ weight.permute(2, 3, 0, 1).reshape(kernel * kernel, -1)
    matrix = spread.view(pixels, pixels, outputs, inputs).transpose(1, 2).reshape(pixels * outputs, pixels * inputs)
    flat = x.permute(0, 2, 3, 1).reshape(count, pixels * inputs)
    return F.linear(flat, matrix).view(count, height, width, outputs).permute(0, 3, 1, 2)


def grouped_convolution(x: torch.Tensor, weight: torch.Tensor, groups: int) -> torch.Tensor:
    """The same for a convolution in groups: one matrix product a group."""
    count, _, height, width = x.shape
    outputs, inputs, kernel, _ = weight.shape
    pixels, own = height * width, outputs // groups
    spread = _taps(height, width, kernel, x.dtype, x.device) @ weight.permute(2, 3, 0, 1).reshape(kernel * kernel, -1)
    matrix = spread.view(pixels, pixels, groups, own, inputs).permute(2, 1, 4, 0, 3)
    flat = x.permute(0, 2, 3, 1).reshape(count, pixels, groups, inputs).permute(2, 0, 1, 3)
    y = torch.bmm(flat.reshape(groups, count, pixels * inputs), matrix.reshape(groups, pixels * inputs, pixels * own))
    y = y.view(groups, count, pixels, own).permute(1, 2, 0, 3).reshape(count, height, width, outputs)
    return y.permute(0, 3, 1, 2)
