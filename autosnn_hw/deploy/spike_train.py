"""Spike trains of many samples kept as bits, so that a walk through a space holds a few prefixes in little memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from autosnn_hw.arithmetic.compiled import compiled

Shape = tuple[int, int, int]
_ROWS = 128  # neurons side by side in a cache line or two
_FULL = 255  # spikes that a byte counts


class _Samples(ABC):
    """What some samples of are given out as frames."""

    @property
    @abstractmethod
    def samples(self) -> int:
        """How many there are."""

    @abstractmethod
    def frames(self, first: int, last: int) -> torch.Tensor:
        """uint8 (T * n, C, H, W) of samples first..last, T outermost, channels last."""

    def batches(self, size: int) -> Iterator[torch.Tensor]:
        """All samples as `frames`, so many at a time."""
        return (self.frames(first, first + size) for first in range(0, self.samples, size))


@dataclass(frozen=True, eq=False)
class SpikeTrain(_Samples):
    """Spikes of one layer's neurons.

    Args:
        bits: uint8 (T, N, bytes): eight neurons of (H, W, C) a byte, the last byte filled up with zeros.
        shape: (C, H, W).
    """

    bits: np.ndarray
    shape: Shape

    @property
    def samples(self) -> int:
        return int(self.bits.shape[1])

    def frames(self, first: int, last: int) -> torch.Tensor:
        channels, height, width = self.shape
        part = np.unpackbits(self.bits[:, first:last], axis=-1, count=channels * height * width)
        return torch.from_numpy(part).view(-1, height, width, channels).permute(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class ValueTrain(_Samples):
    """Counts that an input sends, kept as they are.

    Args:
        values: uint8 (T, N, C, H, W).
    """

    values: np.ndarray

    @property
    def samples(self) -> int:
        return int(self.values.shape[1])

    def frames(self, first: int, last: int) -> torch.Tensor:
        part = torch.from_numpy(self.values[:, first:last]).flatten(0, 1)
        return part.contiguous(memory_format=torch.channels_last)


Train = SpikeTrain | ValueTrain


def values_kept(frames: Iterable[torch.Tensor], steps: int) -> ValueTrain:
    """The counts of batches uint8 (T * n, C, H, W), T outermost."""
    return ValueTrain(np.concatenate([x.numpy().reshape(steps, -1, *x.shape[1:]) for x in frames], axis=1))


def packed(frames: Iterable[torch.Tensor], steps: int) -> SpikeTrain:
    """The train of batches of spikes uint8 (T * n, C, H, W), T outermost, channels last."""
    parts, shape = [], (0, 0, 0)
    for batch in frames:
        shape = (int(batch.shape[1]), int(batch.shape[2]), int(batch.shape[3]))
        parts.append(np.packbits(flat(batch).reshape(steps, len(batch) // steps, -1), axis=-1))
    return SpikeTrain(np.concatenate(parts, axis=1), shape)


def joined(trains: Sequence[SpikeTrain]) -> SpikeTrain:
    """The trains of several batches of samples as one."""
    return SpikeTrain(np.concatenate([train.bits for train in trains], axis=1), trains[0].shape)


def flat(frames: torch.Tensor) -> np.ndarray:
    """(M, H * W * C) view of (M, C, H, W) in channels-last memory."""
    return frames.permute(0, 2, 3, 1).contiguous().view(len(frames), -1).numpy()


def neuron_totals(batches: Sequence[torch.Tensor]) -> np.ndarray:
    """int64 (C, H, W): spikes of each neuron over batches (M, C, H, W)."""
    _, channels, height, width = batches[0].shape
    totals = np.zeros(channels * height * width, np.int64)
    for batch in batches:
        add_totals(flat(batch), totals)
    return totals.reshape(height, width, channels).transpose(2, 0, 1)


@compiled
def add_totals(rows, totals):  # type: ignore[no-untyped-def]
    """Add the sums of the columns of uint8 (M, neurons), each 0 or 1, to int64 (neurons,)."""
    count, neurons = rows.shape
    for low in range(0, neurons, _ROWS):
        high = min(neurons, low + _ROWS)
        for first in range(0, count, _FULL):
            sums = np.zeros(_ROWS, np.uint8)
            for row in range(first, min(count, first + _FULL)):
                values = rows[row, low:high]
                for i in range(len(values)):
                    sums[i] += values[i]
            for i in range(high - low):
                totals[low + i] += np.int64(sums[i])
