"""From consecutive layers to the tables that `kernel.run_images` executes; kept for as long as the network lives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, ConvLayer, InputLayer, Layer, Role
from autosnn_hw.simulate.counting import fans
from autosnn_hw.simulate.exact.events.arrays import Array, View
from autosnn_hw.simulate.exact.events.columns import PartColumn, Phase, Step
from autosnn_hw.simulate.exact.events.synapses import TableBuilder


@dataclass(frozen=True, eq=False)
class Counted:
    """A view whose spikes are counted.

    Args:
        layer: of the run. number: its row in the kernel's tallies.
        first, last, width: its array's neurons in the kernel's totals, and the array's channels with padding.
        whole: the view is the whole layer, channel by channel.
        layer_channels, array_channels: the view's, as slices where they are consecutive.
    """

    layer: int
    number: int
    view: View
    first: int
    last: int
    width: int
    whole: bool
    layer_channels: np.ndarray | slice
    array_channels: np.ndarray | slice


@dataclass(eq=False)
class Tables:
    """Everything `run_images` needs but the samples; arrays as there.

    Args:
        steps: T.
        network_layers, views, counted: of each layer of the run, its source first.
        held: the source is computed, too: an input layer whose neurons are driven by values held over the sample.
        ends: the last layer is the network's last.
        by_role: int64 (layers x roles, tallied views), 1 where a view's spikes are of that layer and role; by_layer: (layers, views).
    """

    steps: int
    network_layers: tuple[Layer, ...]
    held: bool
    ends: bool
    arrays: list[Array]
    views: list[list[View]]
    counted: list[list[Counted]]
    by_role: np.ndarray
    by_layer: np.ndarray
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

    @property
    def holds_last(self) -> bool:
        """Whether the last layer is the last array alone, whose outputs and v the kernel leaves: a layer that copies the one
        before reads that one's array, whose v is another layer's."""
        last = len(self.arrays) - 1
        shared = any(view.array == last for views in self.views[:-1] for view in views)
        return [view.array for view in self.views[-1]] == [last] and not shared


@kept_with()
def prepare(network: ChipNetwork, first: int, last: int, steps: int) -> Tables:
    """The tables of layers first..last (indices into `network.layers`), all served; built once.

    An input layer as the first is driven by values held over the sample; otherwise the spikes of the layer before are sent in.
    """
    held = first == 0
    start = 0 if held else first - 1
    source, *layers = network.layers[start : last + 1]
    fan_outs = fans(network)[start : last + 1]
    builder = TableBuilder(steps)
    builder.source(source, held)
    for layer in layers:
        assert not isinstance(layer, InputLayer)
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
        fan = fan_outs[index].reshape(shape[0], array.rows, array.columns, 2)
        # An array may hold channels of other views, too: a gate's array has all channels of its source's.
        column = np.zeros((3, array.rows, array.columns, array.width), np.int32)
        column[0, ..., view.array_channels] = 1
        column[1:, ..., view.array_channels] = fan[view.layer_channels].transpose(3, 1, 2, 0)
        columns.append(column.reshape(3, -1))
        starts.append(total)
        total += array.neurons
        whole = len(view.layer_channels) == shape[0] and np.array_equal(view.layer_channels, view.array_channels)
        end = array.counts + array.neurons
        channels = _slice_of(view.layer_channels), _slice_of(view.array_channels)
        counted.append(Counted(index, len(counted), view, array.counts, end, array.width, whole, *channels))
    by_role = np.zeros((len(builder.views), len(Role), len(counted)), np.int64)
    for c in counted:
        by_role[c.layer, c.view.role, c.number] = 1
    return Tables(
        steps=steps,
        network_layers=(source, *layers),
        held=held,
        ends=last == len(network.layers) - 1,
        arrays=builder.arrays,
        views=builder.views,
        counted=[[c for c in counted if c.layer == index] for index in range(len(builder.views))],
        by_role=by_role.reshape(-1, len(counted)),
        by_layer=by_role.sum(axis=1),
        layers=np.array([[row.get(step, 0) for step in Step] for row in builder.rows], np.int64),
        parts=np.array(
            [[part.get(column, 0) for column in PartColumn] for part in builder.parts] or [[0] * len(PartColumn)],
            np.int64,
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


def _slice_of(channels: np.ndarray) -> np.ndarray | slice:
    """Consecutive channels as a slice, which copies several times as fast."""
    first, count = int(channels[0]), len(channels)
    return slice(first, first + count) if np.array_equal(channels, np.arange(first, first + count)) else channels
