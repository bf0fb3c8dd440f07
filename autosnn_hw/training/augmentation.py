"""Augmentation of CIFAR-like images (AutoSNN): random crop after padding by four black pixels, random horizontal flip."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

PADDING = 4


def crop_and_flip(x: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Images of x's shape (N, C, H, W) and dtype, shifted by up to four pixels and mirrored with probability 1/2."""
    count, channels, height, width = x.shape
    padded = F.pad(x, (PADDING,) * 4)
    top, left = (torch.from_numpy(random.integers(0, 2 * PADDING + 1, count)) for _ in range(2))
    mirrored = torch.from_numpy(random.random(count) < 0.5)
    columns = torch.arange(width).expand(count, width)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns) + left[:, None]
    rows = torch.arange(height) + top[:, None]
    return padded[
        torch.arange(count)[:, None, None, None],
        torch.arange(channels)[None, :, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
