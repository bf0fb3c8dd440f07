"""Which layers the event-driven path computes exactly, and the plan by which it does.

A layer is exact there when its current has no memory (i_decay 4096), its inputs are spikes, and bias plus every possible sum
of weights fits in 16 bits; u then never wraps. Its channels are sorted into arrays, each of one role: channels that only
copy or OR spikes (relays, pools: every weight alone is above the threshold) are not convolved, and where a relay sits on
its source's position it *is* its source's array.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from autosnn_hw.network import ConvLayer, CubaNeuron, DenseLayer, InputLayer, IntOrArray
from autosnn_hw.simulate.counting import channel_roles
from autosnn_hw.simulate.exact.reference import ALIGN, DECAY_ONE, effective_bias

LARGEST_SUM = (1 << 15) - 1
_LARGEST_SIZE = 1 << 16  # channels or kernel area beyond which tables would not pay


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


class Gate(NamedTuple):
    """Channels that fire exactly when one of their window's inputs does."""

    view: View  # of the source
    channels: np.ndarray
    sources: np.ndarray  # positions in view.array_channels' array
    window: tuple[int, int, int, int]  # first row, rows, first column, columns of the kernel


def _per_channel(value: IntOrArray, channels: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, np.int64).reshape(-1), (channels,))


def _bias_range(layer: InputLayer | ConvLayer | DenseLayer) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest bias of each channel, in units of the weights."""
    bias = effective_bias(layer) // ALIGN
    full = np.broadcast_to(bias, layer.shape).reshape(layer.shape[0], -1)
    return full.min(axis=1), full.max(axis=1)


def memoryless_current(neuron: CubaNeuron) -> bool:
    return bool((np.asarray(neuron.i_decay) == DECAY_ONE).all())


def sums_fit(layer: ConvLayer | DenseLayer) -> bool:
    """Whether every sum of weights that spikes can give, plus bias, fits in 16 bits."""
    rows = layer.weight.reshape(len(layer.weight), -1)
    low, high = _bias_range(layer)
    highest = np.maximum(rows, 0).sum(axis=1) + np.maximum(high, 0)
    lowest = np.minimum(rows, 0).sum(axis=1) + np.minimum(low, 0)
    return bool(highest.max() <= LARGEST_SUM and lowest.min() >= -LARGEST_SUM)


def eligible(layer: InputLayer | ConvLayer | DenseLayer) -> bool:
    """Whether a layer whose inputs are spikes is exact on the event-driven path."""
    if isinstance(layer, InputLayer) or not memoryless_current(layer.neuron) or not sums_fit(layer):
        return False
    if isinstance(layer, DenseLayer):
        return layer.delay is None
    if layer.dilation != (1, 1) and layer.weight.shape[2:] != (1, 1):
        return False
    return layer.groups == 1 or layer.groups * layer.weight[0].size <= _LARGEST_SIZE


def values_fit(layer: InputLayer, values: np.ndarray) -> bool:
    """Whether an input layer's held values are exact on the event-driven path."""
    if layer.neuron is None or not memoryless_current(layer.neuron):
        return False
    low, high = _bias_range(layer)
    return bool(
        values.max(initial=0) + max(0, int(high.max())) <= LARGEST_SUM
        and values.min(initial=0) + min(0, int(low.min())) >= -LARGEST_SUM
    )


def full_weight(layer: ConvLayer) -> np.ndarray:
    """Weights with groups written out: int64 (C, Cin, kH, kW)."""
    out, inputs, kernel_h, kernel_w = layer.weight.shape
    if layer.groups == 1:
        return layer.weight
    full = np.zeros((out, inputs * layer.groups, kernel_h, kernel_w), np.int64)
    per_group = out // layer.groups
    for group in range(layer.groups):
        rows = slice(group * per_group, (group + 1) * per_group)
        full[rows, group * inputs : (group + 1) * inputs] = layer.weight[rows]
    return full


def find_gates(layer: ConvLayer, weight: np.ndarray, sources: list[View]) -> list[Gate]:
    """The gates of a layer, grouped by source view, window and role; a channel that is none stays out.

    A memoryless-current neuron without bias whose every non-zero weight is above the threshold fires when any of those
    inputs does, and otherwise stays at v = 0.
    """
    threshold = _per_channel(layer.neuron.vth_mant, len(weight))
    low, high = _bias_range(layer)
    active = weight != 0
    flat = weight.reshape(len(weight), -1)
    above = ((flat > threshold[:, None]) | (flat == 0)).all(axis=1) & (low == 0) & (high == 0)
    one_input = active.any(axis=(2, 3)).sum(axis=1) == 1
    groups: dict[tuple[int, tuple[int, int, int, int], int], list[tuple[int, int]]] = {}
    place = {
        int(channel): (number, int(position))
        for number, view in enumerate(sources)
        for channel, position in zip(view.layer_channels, view.array_channels)
    }
    for channel in np.flatnonzero(above & one_input):
        source = int(active[channel].any(axis=(1, 2)).argmax())
        taps = active[channel, source]
        rows, columns = np.flatnonzero(taps.any(axis=1)), np.flatnonzero(taps.any(axis=0))
        box = (int(rows[0]), int(np.ptp(rows)) + 1, int(columns[0]), int(np.ptp(columns)) + 1)
        if not taps[box[0] : box[0] + box[1], box[2] : box[2] + box[3]].all():
            continue
        number, position = place[source]
        members = groups.setdefault((number, box, int(channel_roles(layer)[channel])), [])
        if position not in [p for _, p in members]:
            members.append((int(channel), position))
    return [
        Gate(sources[number], np.array([m[0] for m in members]), np.array([m[1] for m in members]), box)
        for (number, box, _), members in groups.items()
    ]


def copies_in_place(layer: ConvLayer, gate: Gate, source: Array) -> bool:
    """Whether a gate's spikes are its source's spikes, neuron by neuron."""
    first_row, rows, first_column, columns = gate.window
    return (
        (rows, columns) == (1, 1)
        and layer.stride == (1, 1)
        and (first_row, first_column) == layer.padding
        and layer.shape[1:] == (source.rows, source.columns)
    )
