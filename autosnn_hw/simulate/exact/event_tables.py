"""From consecutive layers to the tables that `event_kernel.run_images` executes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosnn_hw.network import ConvLayer, DenseLayer, InputLayer
from autosnn_hw.simulate.compiled import aligned
from autosnn_hw.simulate.counting import Fan, channel_roles
from autosnn_hw.simulate.exact.event_kernel import (
    CONV,
    DENSE,
    DIAGONAL,
    FIRE,
    GATE,
    HELD,
    SENT,
    Part,
    Phase,
    Step,
    fill_table,
)
from autosnn_hw.simulate.exact.event_plan import (
    Array,
    Gate,
    View,
    copies_in_place,
    find_gates,
    full_weight,
)
from autosnn_hw.simulate.exact.lookup import LANES, ROW_BYTES
from autosnn_hw.simulate.exact.reference import ALIGN, DECAY_ONE, effective_bias

_LARGEST_TABLE = 3 << 20  # bytes: beyond it eight spikes a lookup miss the caches more than they save
_NEVER = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Counted:
    """A view whose spikes are counted.

    Args:
        layer: of the run. number: its row in the kernel's tallies.
        first, last, width: its array's neurons in the kernel's totals, and the array's channels with padding.
        whole: the view is the whole layer, channel by channel.
    """

    layer: int
    number: int
    view: View
    first: int
    last: int
    width: int
    whole: bool


@dataclass(eq=False)
class EventTables:
    """Everything `run_images` needs but the samples; arrays as there. `source` is the array that values are given in."""

    steps: int
    arrays: list[Array]
    views: list[list[View]]
    counted: list[list[Counted]]  # of each layer of the run, source first
    source: int
    held: bool
    layers: np.ndarray
    parts: np.ndarray
    phases: np.ndarray
    tables: np.ndarray
    frames: np.ndarray
    thresholds: np.ndarray
    keeps: np.ndarray
    fans: np.ndarray
    view_starts: np.ndarray
    spike_bytes: int
    neurons: int
    largest_layer: int
    largest_frame: int

    @property
    def offsets(self) -> np.ndarray:
        """Where each array's spikes begin in an image's scratch."""
        return np.cumsum([0] + [self.steps * array.neurons for array in self.arrays])[:-1]


class _Columns:
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


class _Builder:
    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.arrays: list[Array] = []
        self.views: list[list[View]] = []
        self.rows: list[dict[Step, int]] = []  # one for each array, in the same order
        self.parts: list[dict[Part, int]] = []
        self.phases: list[tuple[int, ...]] = []
        self.tables, self.frames = _Columns(np.int16), _Columns(np.int16)
        self.thresholds, self.keeps = _Columns(np.int32), _Columns(np.int32)
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
        array, neuron = self.arrays[index], layer.neuron
        assert neuron is not None
        threshold = np.full(array.width, _NEVER, np.int64)
        keep = np.zeros(array.width, np.int64)
        all_channels = (layer.shape[0],)
        threshold[: len(channels)] = np.broadcast_to(np.asarray(neuron.vth_mant).reshape(-1), all_channels)[channels]
        threshold[: len(channels)] *= ALIGN
        keep[: len(channels)] = (
            DECAY_ONE - np.broadcast_to(np.asarray(neuron.v_decay).reshape(-1), all_channels)[channels]
        )
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

    # Sources

    def source(self, layer: InputLayer | ConvLayer | DenseLayer, held: bool) -> None:
        channels, rows, columns = layer.shape if len(layer.shape) == 3 else (layer.shape[0], 1, 1)
        index = self.array(rows, columns, channels, HELD if held else SENT)
        every = np.arange(channels)
        if held:
            self.frame(index, layer, every, (0, 0, 0, 0))
            self.neuron_rows(index, layer, every)
        views = []
        for role in np.unique(channel_roles(layer)):
            chosen = np.flatnonzero(channel_roles(layer) == role)
            views.append(View(index, int(role), chosen, chosen))
        self.views.append(views)

    # Layers

    def conv(self, layer: ConvLayer) -> None:
        weight = full_weight(layer)
        gates = find_gates(layer, weight, self.views[-1])
        views = [self.gate(layer, gate) for gate in gates]
        gated = np.concatenate([gate.channels for gate in gates]) if gates else np.zeros(0, np.int64)
        rest = np.setdiff1d(np.arange(len(weight)), gated)
        for role in np.unique(channel_roles(layer)[rest]):
            channels = rest[channel_roles(layer)[rest] == role]
            views.append(self.convolved(layer, weight[channels], channels, int(role)))
        self.views.append(views)

    def gate(self, layer: ConvLayer, gate: Gate) -> View:
        source = self.arrays[gate.view.array]
        role = int(channel_roles(layer)[gate.channels[0]])
        if copies_in_place(layer, gate, source):
            return View(gate.view.array, role, gate.channels, gate.sources)
        index = self.array(layer.shape[1], layer.shape[2], source.channels, GATE)
        first_row, rows, first_column, columns = gate.window
        self.rows[index].update(
            {
                Step.SOURCE: self.rows[gate.view.array][Step.OUT],
                Step.SOURCE_ROWS: source.rows,
                Step.SOURCE_COLUMNS: source.columns,
                Step.WINDOW_H: rows,
                Step.WINDOW_W: columns,
                Step.STRIDE_H: layer.stride[0],
                Step.STRIDE_W: layer.stride[1],
                Step.PAD_H: layer.padding[0] - first_row,
                Step.PAD_W: layer.padding[1] - first_column,
            }
        )
        return View(index, role, gate.channels, gate.sources)

    def convolved(self, layer: ConvLayer, weight: np.ndarray, channels: np.ndarray, role: int) -> View:
        index = self.array(layer.shape[1], layer.shape[2], len(channels), FIRE)
        pads = np.zeros(4, np.int64)
        for view in self.views[-1]:
            source = self.arrays[view.array]
            kernel = np.zeros((len(channels), source.width, *weight.shape[2:]), np.int64)
            kernel[:, view.array_channels] = weight[:, view.layer_channels]
            used = (kernel != 0).any(axis=(0, 1))
            if not used.any():
                continue
            rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
            kernel = kernel[:, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            padding = (layer.padding[0] - int(rows[0]), layer.padding[1] - int(columns[0]))
            reach = self.part(index, source, view.array, kernel, layer.stride, padding)
            pads = np.maximum(pads, reach)
        self.rows[index][Step.LAST_PART] = len(self.parts)
        self.frame(index, layer, channels, pads.tolist())
        self.neuron_rows(index, layer, channels)
        return View(index, role, channels, np.arange(len(channels)))

    def part(
        self,
        index: int,
        source: Array,
        number: int,
        kernel: np.ndarray,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> list[int]:
        """Add one part; returns how far it reaches beyond the neurons: rows above, below, columns left, right."""
        array = self.arrays[index]
        common = {
            Part.SOURCE: self.rows[number][Step.OUT],
            Part.ROWS: source.rows,
            Part.COLUMNS: source.columns,
            Part.WIDTH: source.width,
        }
        if _is_diagonal(kernel, array, source, stride, padding):
            row = np.zeros((array.columns, array.width), np.int64)
            row[:, : len(kernel)] = kernel[np.arange(len(kernel)), np.arange(len(kernel)), 0, 0]
            self.parts.append({**common, Part.KIND: DIAGONAL, Part.WEIGHTS: self.frames.add(row)})
            return [0, 0, 0, 0]
        bits = 8 if _table_bytes(kernel, array.width, source.width) <= _LARGEST_TABLE else 4
        self.parts.append(
            {
                **common,
                Part.KIND: CONV,
                Part.STRIDE_H: stride[0],
                Part.STRIDE_W: stride[1],
                Part.PAD_H: padding[0],
                Part.PAD_W: padding[1],
                Part.PHASES: len(self.phases),
                Part.BITS: bits,
            }
        )
        for phase_h in range(stride[0]):
            for phase_w in range(stride[1]):
                self.phase(kernel[:, :, phase_h :: stride[0], phase_w :: stride[1]], array.width, bits)
        reach = []
        for axis, (size, out) in enumerate(((source.rows, array.rows), (source.columns, array.columns))):
            first = -(-(padding[axis] - kernel.shape[2 + axis] + 1) // stride[axis])
            last = (size - 1 + padding[axis]) // stride[axis]
            reach += [max(0, -first), max(0, last - (out - 1))]
        return reach

    def phase(self, taps: np.ndarray, width: int, bits: int) -> None:
        """One phase's table: for each pattern of spikes, tap rows downwards, tap columns in the order of their outputs."""
        out, inputs, rows, columns = taps.shape
        vectors = -(-columns * width // LANES)
        if rows == 0 or columns == 0:
            self.phases.append((0, 0, 0, 0, 0))
            return
        weights = np.zeros((inputs, rows, vectors * LANES), np.int16)
        placed = np.zeros((inputs, rows, columns, width), np.int16)
        placed[..., :out] = taps[:, :, :, ::-1].transpose(1, 2, 3, 0)
        weights[:, :, : columns * width] = placed.reshape(inputs, rows, -1)
        start = self.tables.add(_table(weights.reshape(inputs, -1), bits))
        self.phases.append((rows, columns, vectors, 2 * start, rows * vectors * ROW_BYTES))

    def dense(self, layer: DenseLayer) -> None:
        views = []
        for role in np.unique(channel_roles(layer)):
            channels = np.flatnonzero(channel_roles(layer) == role)
            index = self.array(1, 1, len(channels), FIRE)
            for view in self.views[-1]:
                self.connected(index, view, layer.weight[channels])
            self.rows[index][Step.LAST_PART] = len(self.parts)
            self.frame(index, layer, channels, (0, 0, 0, 0))
            self.neuron_rows(index, layer, channels)
            views.append(View(index, int(role), channels, np.arange(len(channels))))
        self.views.append(views)

    def connected(self, index: int, view: View, weight: np.ndarray) -> None:
        array, source = self.arrays[index], self.arrays[view.array]
        positions = source.rows * source.columns
        placed = np.zeros((positions, source.width, array.width), np.int16)
        by_channel = weight.reshape(len(weight), -1, positions)[:, view.layer_channels]
        placed[:, view.array_channels, : len(weight)] = by_channel.transpose(2, 1, 0)
        vectors = -(-array.width // LANES)
        weights = np.zeros((positions * source.width, vectors * LANES), np.int16)
        weights[:, : array.width] = placed.reshape(positions * source.width, -1)
        bits = 8 if weights.nbytes * 32 <= _LARGEST_TABLE else 4
        table = _table(weights, bits)
        self.parts.append(
            {
                Part.KIND: DENSE,
                Part.SOURCE: self.rows[view.array][Step.OUT],
                Part.ROWS: source.rows,
                Part.COLUMNS: source.columns,
                Part.WIDTH: source.width,
                Part.PHASES: len(self.phases),
                Part.BITS: bits,
                Part.PER_POSITION: table.nbytes // positions,
            }
        )
        self.phases.append((1, 1, vectors, 2 * self.tables.add(table), vectors * ROW_BYTES))


def _is_diagonal(
    kernel: np.ndarray, array: Array, source: Array, stride: tuple[int, int], padding: tuple[int, int]
) -> bool:
    if kernel.shape[2:] != (1, 1) or stride != (1, 1) or padding != (0, 0):
        return False
    if (array.rows, array.columns, array.width) != (source.rows, source.columns, source.width):
        return False
    square = kernel[:, :, 0, 0]
    return not (square[~np.eye(len(square), square.shape[1], dtype=bool)]).any()


def _table_bytes(kernel: np.ndarray, width: int, inputs: int) -> int:
    return inputs // 8 * 256 * 2 * width * kernel.shape[2] * kernel.shape[3]


def _table(weights: np.ndarray, bits: int) -> np.ndarray:
    table = np.zeros((len(weights) // bits, 1 << bits, weights.shape[1]), np.int16)
    fill_table(weights, bits, table)
    return table


def build(
    source: InputLayer | ConvLayer | DenseLayer,
    layers: Sequence[ConvLayer | DenseLayer],
    fans: Sequence[Fan],
    steps: int,
    held: bool,
) -> EventTables:
    """Tables for `layers`, all eligible, whose spikes come from `source`.

    Args:
        source: the layer before; computed here, too, where `held`, otherwise its spikes are given.
        fans: of `source` and of each layer.
        steps: T.
        held: the source is an input layer whose neurons are driven by values held over the sample.
    """
    builder = _Builder(steps)
    builder.source(source, held)
    for layer in layers:
        if isinstance(layer, ConvLayer):
            builder.conv(layer)
        else:
            builder.dense(layer)
    counted: list[Counted] = []
    starts: list[int] = []
    columns: list[np.ndarray] = []
    by_array = sorted(
        (view.array, index, number) for index, views in enumerate(builder.views) for number, view in enumerate(views)
    )
    total = 0
    for array_index, index, number in by_array:
        view, array = builder.views[index][number], builder.arrays[array_index]
        row = builder.rows[array_index]
        row.setdefault(Step.FIRST_VIEW, len(counted))
        row[Step.LAST_VIEW] = len(counted) + 1
        shape = [source, *layers][index].shape
        fan = fans[index].synapses.reshape(shape[0], array.rows, array.columns, 2)
        # An array may hold channels of other views, too: a gate's array has all channels of its source's.
        column = np.zeros((3, array.rows, array.columns, array.width), np.int32)
        column[0, ..., view.array_channels] = 1
        column[1:, ..., view.array_channels] = fan[view.layer_channels].transpose(3, 1, 2, 0)
        columns.append(column.reshape(3, -1))
        starts.append(total)
        total += array.neurons
        whole = len(view.layer_channels) == shape[0] and np.array_equal(view.layer_channels, view.array_channels)
        end = array.counts + array.neurons
        counted.append(Counted(index, len(counted), view, array.counts, end, array.width, whole))
    return EventTables(
        steps=steps,
        arrays=builder.arrays,
        views=builder.views,
        counted=[[c for c in counted if c.layer == index] for index in range(len(builder.views))],
        source=0,
        held=held,
        layers=np.array([[row.get(step, 0) for step in Step] for row in builder.rows], np.int64),
        parts=np.array(
            [[part.get(column, 0) for column in Part] for part in builder.parts] or [[0] * len(Part)], np.int64
        ),
        phases=np.array(builder.phases or [(0,) * len(Phase)], np.int64),
        tables=builder.tables.joined(),
        frames=builder.frames.joined(),
        thresholds=builder.thresholds.joined(),
        keeps=builder.keeps.joined(),
        fans=np.concatenate(columns, axis=1),
        view_starts=np.array(starts, np.int64),
        spike_bytes=builder.spike_bytes,
        neurons=builder.neurons,
        largest_layer=max(array.neurons for array in builder.arrays),
        largest_frame=max(builder.largest_frame, 1),
    )
