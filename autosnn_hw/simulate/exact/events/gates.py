"""Channels that only copy or OR spikes (relays, pools): they are not computed, their spikes are put together from others'."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autosnn_hw.network import ConvLayer
from autosnn_hw.network.chip_layers import every_neuron
from autosnn_hw.simulate.exact.events.arrays import Array, View
from autosnn_hw.simulate.exact.events.eligible import bias_range


class Gate(NamedTuple):
    """Channels that fire exactly when one of their window's inputs does."""

    view: View  # of the source
    channels: np.ndarray
    sources: np.ndarray  # positions in view.array_channels' array
    window: tuple[int, int, int, int]  # first row, rows, first column, columns of the kernel


def find_gates(layer: ConvLayer, weight: np.ndarray, sources: list[View]) -> list[Gate]:
    """The gates of a layer, grouped by source view, window and role; a channel that is none stays out.

    A memoryless-current neuron without bias whose every non-zero weight is above the threshold fires when any of those
    inputs does, and otherwise stays at v = 0.
    """
    threshold = every_neuron(layer.neuron.vth_mant, layer.shape[:1])
    low, high = bias_range(layer)
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
        members = groups.setdefault((number, box, int(layer.roles[channel])), [])
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
