"""The arrays that the spikes of layers stand in, and their rows in the kernel's tables: parameters, frames of sums, the source.

A layer's channels are sorted into arrays, each of one role. A relay that sits on its source's position is no array of its own
but a view of its source's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from autosnn_hw.arithmetic.compiled import aligned
from autosnn_hw.network import ConvLayer, DenseLayer, InputLayer
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE, cuba, effective_bias, every_neuron
from autosnn_hw.simulate.exact.events.add_rows import LANES
from autosnn_hw.simulate.exact.events.columns import HELD, SENT, PartColumn, Step

_NEVER = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Array:
    """Spikes of some channels in the layout (T, H, W, width). width: channels rounded up to 8; counts: where its neurons
    begin in the kernel's buffers of an image."""

    rows: int
    columns: int
    channels: int
    counts: int

    @property
    def width(self) -> int:
        return -(-self.channels // 8) * 8

    @property
    def neurons(self) -> int:
        return self.rows * self.columns * self.width


class View(NamedTuple):
    """Channels of a layer that stand in an array: `layer_channels[k]` of the layer is `array_channels[k]` of the array."""

    array: int
    role: int
    layer_channels: np.ndarray
    array_channels: np.ndarray


class FlatTable:
    """Grows one flat table by blocks and knows where each began."""

    def __init__(self, dtype: type) -> None:
        self.dtype, self.size = dtype, 0
        self.blocks: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> int:
        start = self.size
        self.blocks.append(np.ascontiguousarray(block, self.dtype).reshape(-1))
        self.size += self.blocks[-1].size
        return start

    def joined(self) -> np.ndarray:
        """One array that begins on a cache line."""
        joined = aligned(max(self.size, 1), self.dtype)
        joined[:] = np.concatenate(self.blocks) if self.blocks else 0
        return joined


class ArrayBuilder:
    """Gives arrays of neurons their rows in the tables: where their spikes go, their parameters, the frames of their sums."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.arrays: list[Array] = []
        self.views: list[list[View]] = []
        self.rows: list[dict[Step, int]] = []  # one for each array, in the same order
        self.parts: list[dict[PartColumn, int]] = []
        self.phases: list[tuple[int, ...]] = []
        self.tables, self.frames = FlatTable(np.int16), FlatTable(np.int16)
        self.thresholds, self.keeps = FlatTable(np.int32), FlatTable(np.int32)
        self.spike_bytes = self.neurons = self.largest_frame = 0

    def array(self, rows: int, columns: int, channels: int, kind: int) -> int:
        array = Array(rows, columns, channels, self.neurons)
        row = {
            Step.KIND: kind,
            Step.ROWS: rows,
            Step.COLUMNS: columns,
            Step.WIDTH: array.width,
            Step.OUT: self.spike_bytes,
            Step.COUNTS: self.neurons,
            Step.FIRST_PART: len(self.parts),
            Step.LAST_PART: len(self.parts),
        }
        self.arrays.append(array)
        self.rows.append(row)
        self.spike_bytes += self.steps * array.neurons
        self.neurons += array.neurons
        return len(self.arrays) - 1

    def neuron_rows(self, index: int, layer: InputLayer | ConvLayer | DenseLayer, channels: np.ndarray) -> None:
        array, neuron = self.arrays[index], cuba(layer)
        threshold = np.full(array.width, _NEVER, np.int64)
        keep = np.zeros(array.width, np.int64)
        threshold[: len(channels)] = ALIGN * every_neuron(neuron.vth_mant, layer.shape[:1])[channels]
        keep[: len(channels)] = DECAY_ONE - every_neuron(neuron.v_decay, layer.shape[:1])[channels]
        self.rows[index][Step.NEURON] = self.thresholds.add(np.tile(np.minimum(threshold, _NEVER), array.columns))
        self.keeps.add(np.tile(keep, array.columns))

    def frame(
        self, index: int, layer: InputLayer | ConvLayer | DenseLayer, channels: np.ndarray, pads: Sequence[int]
    ) -> None:
        """The frame that sums start from: bias on the neurons, and a margin that taps beyond the borders may add to."""
        array, row = self.arrays[index], self.rows[index]
        top, bottom, left, right = pads
        bias = np.broadcast_to(effective_bias(layer) // ALIGN, layer.shape).reshape(
            layer.shape[0], array.rows, array.columns
        )
        frame = np.zeros((array.rows + top + bottom, array.columns + left + right, array.width), np.int64)
        frame[top : top + array.rows, left : left + array.columns, : len(channels)] = bias[channels].transpose(1, 2, 0)
        pitch = frame.shape[1] * array.width
        size = frame.size + 2 * LANES  # the last row's vectors reach a little further
        row[Step.FRAME] = self.frames.add(np.concatenate([frame.reshape(-1), np.zeros(2 * LANES, np.int64)]))
        row[Step.FRAME_SIZE], row[Step.FRAME_ROW] = size, pitch
        row[Step.ORIGIN] = top * pitch + left * array.width
        self.largest_frame = max(self.largest_frame, size)

    def source(self, layer: InputLayer | ConvLayer | DenseLayer, held: bool) -> None:
        channels, rows, columns = layer.shape if len(layer.shape) == 3 else (layer.shape[0], 1, 1)
        index = self.array(rows, columns, channels, HELD if held else SENT)
        every = np.arange(channels)
        if held:
            self.frame(index, layer, every, (0, 0, 0, 0))
            self.neuron_rows(index, layer, every)
        views = []
        for role in np.unique(layer.roles):
            chosen = np.flatnonzero(layer.roles == role)
            views.append(View(index, int(role), chosen, chosen))
        self.views.append(views)
