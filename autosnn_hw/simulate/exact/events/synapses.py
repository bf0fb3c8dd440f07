"""The synapses of layers in the tables that `kernel.run_images` executes: lookup tables, diagonal weights, gates."""

from __future__ import annotations

import numpy as np

from autosnn_hw.network import ConvLayer, DenseLayer
from autosnn_hw.network.connectivity import ungrouped
from autosnn_hw.simulate.exact.events.add_rows import LANES, ROW_BYTES
from autosnn_hw.simulate.exact.events.arrays import Array, ArrayBuilder, View
from autosnn_hw.simulate.exact.events.columns import CONV, DENSE, DIAGONAL, FIRE, GATE, PartColumn, Step
from autosnn_hw.simulate.exact.events.gates import Gate, copies_in_place, find_gates
from autosnn_hw.simulate.exact.events.layout import fill_table

_LARGEST_TABLE = 3 << 20  # bytes: beyond it eight spikes a lookup miss the caches more than they save


class TableBuilder(ArrayBuilder):
    """Adds layers one after the other, each reading the views of the one before."""

    def conv(self, layer: ConvLayer) -> None:
        weight = ungrouped(layer.weight, layer.groups)
        gates = find_gates(layer, weight, self.views[-1])
        views = [self.gate(layer, gate) for gate in gates]
        gated = np.concatenate([gate.channels for gate in gates]) if gates else np.zeros(0, np.int64)
        rest = np.setdiff1d(np.arange(len(weight)), gated)
        for role in np.unique(layer.roles[rest]):
            channels = rest[layer.roles[rest] == role]
            views.append(self.convolved(layer, weight[channels], channels, int(role)))
        self.views.append(views)

    def gate(self, layer: ConvLayer, gate: Gate) -> View:
        source = self.arrays[gate.view.array]
        role = int(layer.roles[gate.channels[0]])
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
            PartColumn.SOURCE: self.rows[number][Step.OUT],
            PartColumn.ROWS: source.rows,
            PartColumn.COLUMNS: source.columns,
            PartColumn.WIDTH: source.width,
        }
        if _is_diagonal(kernel, array, source, stride, padding):
            row = np.zeros((array.columns, array.width), np.int64)
            row[:, : len(kernel)] = kernel[np.arange(len(kernel)), np.arange(len(kernel)), 0, 0]
            self.parts.append({**common, PartColumn.KIND: DIAGONAL, PartColumn.WEIGHTS: self.frames.add(row)})
            return [0, 0, 0, 0]
        bits = 8 if _table_bytes(kernel, array.width, source.width) <= _LARGEST_TABLE else 4
        self.parts.append(
            {
                **common,
                PartColumn.KIND: CONV,
                PartColumn.STRIDE_H: stride[0],
                PartColumn.STRIDE_W: stride[1],
                PartColumn.PAD_H: padding[0],
                PartColumn.PAD_W: padding[1],
                PartColumn.PHASES: len(self.phases),
                PartColumn.BITS: bits,
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
        for role in np.unique(layer.roles):
            channels = np.flatnonzero(layer.roles == role)
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
                PartColumn.KIND: DENSE,
                PartColumn.SOURCE: self.rows[view.array][Step.OUT],
                PartColumn.ROWS: source.rows,
                PartColumn.COLUMNS: source.columns,
                PartColumn.WIDTH: source.width,
                PartColumn.PHASES: len(self.phases),
                PartColumn.BITS: bits,
                PartColumn.PER_POSITION: table.nbytes // positions,
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
