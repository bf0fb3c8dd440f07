"""Augmentation of samples as they are stored: random crop after padding with black pixels and random horizontal flip (AutoSNN), cutout
(DeVries & Taylor 2017). Frames of one sample are treated alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

PADDED = 8  # of a side, one in so many pixels is padded: 4 of 32
CUT_OUT = 2  # of a side, one in so many pixels is cut out: 16 of 32
AUTO = "auto"
CIFAR = (3, 32, 32)
Change = Callable[[torch.Tensor, np.random.Generator], torch.Tensor]


def augmentation(name: str, image: tuple[int, int, int], frames: bool) -> Change | None:
    """What changes raw samples (N, C, H, W) or (N, T, C, H, W) before they are trained on; None where nothing does.

    Args:
        name: "none", or "crop", "flip" and "cutout" joined by hyphens; "auto" is crop-flip for images of 3 x 32 x 32, else none.
    """
    if name == AUTO:
        name = "crop-flip" if image == CIFAR and not frames else "none"
    parts = frozenset(name.split("-"))
    return None if parts == {"none"} else lambda x, random: augmented(x, parts, random)


def augmented(x: torch.Tensor, parts: frozenset[str], random: np.random.Generator) -> torch.Tensor:
    """Samples of x's shape and dtype, changed by the named parts."""
    images = x.flatten(1, -3)  # frames are channels of one image
    if "crop" in parts:
        images = crop_and_flip(images, random, flip="flip" in parts)
    elif "flip" in parts:
        images = crop_and_flip(images, random, padding=0)
    if "cutout" in parts:
        images = cut_out(images, random)
    return images.view(x.shape)


def crop_and_flip(
    x: torch.Tensor, random: np.random.Generator, *, padding: int | None = None, flip: bool = True
) -> torch.Tensor:
    """Images of x's shape (N, C, H, W) and dtype, shifted by up to `padding` pixels (an eighth of the shorter side) and, with `flip`,
    mirrored with probability 1/2."""
    count, channels, height, width = x.shape
    padding = max(1, min(height, width) // PADDED) if padding is None else padding
    padded = F.pad(x, (padding,) * 4)
    top, left = (torch.from_numpy(random.integers(0, 2 * padding + 1, count)) for _ in range(2))
    columns = torch.arange(width).expand(count, width)
    if flip:
        mirrored = torch.from_numpy(random.random(count) < 0.5)
        columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    columns = columns + left[:, None]
    rows = torch.arange(height) + top[:, None]
    return padded[
        torch.arange(count)[:, None, None, None],
        torch.arange(channels)[None, :, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]


def cut_out(x: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Images (N, C, H, W) of which a square is black; its middle lies anywhere in the image, its side is half the shorter one."""
    count, _, height, width = x.shape
    side = min(height, width) // CUT_OUT
    hidden = []
    for length in (height, width):
        first = torch.from_numpy(random.integers(0, length, count)) - side // 2
        place = torch.arange(length)
        hidden.append((place >= first[:, None]) & (place < first[:, None] + side))
    return x.masked_fill((hidden[0][:, :, None] & hidden[1][:, None, :])[:, None], 0)
