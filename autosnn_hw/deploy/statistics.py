"""Batch-norm statistics of a convolution of spikes, exact sums of integers, whatever the order or the number of threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numba
import numpy as np
import torch

from autosnn_hw.arithmetic.convolution import Convolution
from autosnn_hw.arithmetic.torch_cpu import use_torch_threads
from autosnn_hw.folded import BatchNorm, FoldedBlock, FoldedConv

LEVELS = 127  # weights are rounded to int8, channel by channel, for the estimate alone
ENOUGH = 1 << 15  # values a channel that an estimate needs; larger maps are sampled, every image and step in turn
SKIPS = (1, 2, 4, 8)
COLUMNS = 512  # neighbouring values summed side by side, rounded to whole positions
ROWS = 128  # of these, summed by one thread at a time
QUIET = 1e-3  # variance below this part of the layer's median is raised to it: a channel that is silent on these images


def normalised(conv: FoldedConv, frames: list[torch.Tensor], steps: int, payload: int = 1) -> FoldedConv:
    """The convolution with the statistics that its batch norm lacks.

    Args:
        conv: raw weights and batch norm; what has statistics, or no batch norm, comes back as it is.
        frames: batches of spikes uint8 (T * N, Cin, H, W), T outermost, channels last.
        steps: T.
        payload: largest value in `frames`.
    """
    if conv.norm is None or conv.norm.mean is not None:
        return conv
    if not np.isfinite(conv.weight).all():
        # Nothing can be estimated; quantisation refuses these weights with the layer's name.
        return replace(conv, norm=replace(conv.norm, mean=conv.norm.beta, var=np.ones(len(conv.bias))))
    peak = np.abs(conv.weight).reshape(len(conv.weight), -1).max(axis=1)
    unit = np.where(peak > 0, peak, 1.0) / LEVELS
    integer = np.rint(conv.weight / unit.reshape(-1, 1, 1, 1)).astype(np.int64)
    height, width = (-(-n // conv.stride) for n in frames[0].shape[2:])
    skip = skipped(sum(map(len, frames)) * height * width)
    convolution = Convolution(integer, conv.stride, conv.padding, conv.groups, payload)
    return with_statistics(conv, *moments(convolution(sampled(x, steps, skip)) for x in frames), unit)


def without_statistics(block: FoldedBlock) -> FoldedBlock:
    """The block with batch norm whose statistics are to be estimated."""

    def bare(conv: FoldedConv) -> FoldedConv:
        return conv if conv.norm is None else replace(conv, norm=replace(conv.norm, mean=None, var=None))

    shortcut = None if block.shortcut is None else bare(block.shortcut)
    return replace(block, convs=tuple(bare(conv) for conv in block.convs), shortcut=shortcut)


def skipped(values: int) -> int:
    """s of `SKIPS`: every s-th (image, step) pair is enough for an estimate from `values` values a channel."""
    return max(s for s in SKIPS if s == 1 or values // s >= ENOUGH)


def sampled(frames: torch.Tensor, steps: int, skip: int) -> torch.Tensor:
    """Every `skip`-th (image, step) pair of spikes (T * N, C, H, W), shifted by one image from step to step."""
    images = len(frames) // steps
    if skip == 1 or images % skip:
        return frames
    chosen = [t * images + n for t in range(steps) for n in range(t % skip, images, skip)]
    return frames.permute(0, 2, 3, 1).index_select(0, torch.as_tensor(chosen)).permute(0, 3, 1, 2)


def moments(batches: Iterable[torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each channel of integers (M, C, H, W), float32 or int64, by exact integer sums."""
    use_torch_threads()
    total, count = np.zeros((2, 1)), 0
    for values in batches:
        channels = values.shape[1]
        array = values.permute(0, 2, 3, 1).contiguous().view(-1).numpy()
        width = channels * max(1, COLUMNS // channels)
        partial = np.zeros((-(-array.size // (width * ROWS)), 2, width))
        _sums(array, partial)
        total = total + partial.sum(axis=0).reshape(2, -1, channels).sum(axis=1)
        count += array.size // channels
    mean = total[0] / count
    return mean, np.maximum(total[1] / count - mean**2, 0.0)


@numba.njit(parallel=True, cache=True, nogil=True)
def _sums(array, partial):
    """Sums of every width-th value and of their squares, block by block; float64 holds them exactly up to 2^53."""
    width = partial.shape[2]
    for block in numba.prange(partial.shape[0]):
        first, second = partial[block, 0], partial[block, 1]
        for row in range(block * ROWS, (block + 1) * ROWS):
            low = row * width
            size = min(width, array.size - low)
            if size <= 0:
                break
            values = array[low : low + size]
            for i in range(size):
                value = np.float64(values[i])
                first[i] += value
                second[i] += value * value


def with_statistics(conv: FoldedConv, mean: np.ndarray, var: np.ndarray, unit: np.ndarray | float) -> FoldedConv:
    assert conv.norm is not None
    mean, var = mean * unit + conv.bias, var * np.square(unit)
    return replace(conv, norm=BatchNorm(conv.norm.gamma, conv.norm.beta, mean, raised(var), conv.norm.eps))


def raised(var: np.ndarray) -> np.ndarray:
    """Variances of a layer with those of silent channels raised to a small part of the median, which otherwise would give
    them weights that leave no resolution to the others."""
    alive = var[var > 0]
    return np.maximum(var, QUIET * float(np.median(alive))) if alive.size else np.ones_like(var)
