"""Which source neurons a block of a layer listens to: the geometry of a kernel cut into blocks along each axis."""

from __future__ import annotations

import numpy as np

from autosnn_hw.kept import kept_with
from autosnn_hw.network import ConvLayer, DenseLayer, Layer
from autosnn_hw.network.connectivity import column_taps, row_taps, volume


@kept_with(key=lambda edges: tuple(edges.tolist()))
def kernel_taps(layer: ConvLayer, edges: np.ndarray) -> np.ndarray:
    """Non-zero weights from each source channel into each block of output channels: int64 (blocks, Cin, kH, kW); kept with
    the layer."""
    out, inputs, height, width = layer.weight.shape
    per_group = out // layer.groups
    present = layer.weight != 0
    if len(edges) == 2 and layer.groups == 1:
        return present.sum(axis=0, dtype=np.int64)[None]
    taps = np.zeros((len(edges) - 1, layer.groups, inputs, height, width), np.int64)
    for block, (start, stop) in enumerate(zip(edges[:-1], edges[1:])):
        for group in range(start // per_group, -(-stop // per_group)):
            first, last = max(start, group * per_group), min(stop, (group + 1) * per_group)
            taps[block, group] = present[first:last].sum(axis=0, dtype=np.int64)
    return taps.reshape(len(edges) - 1, layer.groups * inputs, height, width)


def listening(
    layer: ConvLayer | DenseLayer, source: tuple[int, ...], edges: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Axons by the kernel's reach: what each block listens to and how many blocks each source neuron is heard by.

    A source channel with no non-zero weight into a block of channels is not connected to it.

    Returns:
        axons: int64 (channel blocks, row blocks, column blocks), source neurons a block has an axon for.
        heard: int64 of the source's (C, H, W), blocks that have an axon for the neuron.
    """
    if isinstance(layer, DenseLayer):
        starts = edges[0][:-1]
        connected = np.add.reduceat(layer.weight != 0, starts, axis=0) > 0
        return connected.sum(axis=1).reshape(-1, 1, 1), connected.sum(axis=0).reshape(volume(source))
    channels = kernel_taps(layer, edges[0]).any(axis=(2, 3))
    rows = row_taps(layer, source, edges[1]).any(axis=1)
    columns = column_taps(layer, source, edges[2]).any(axis=1)
    counts = [axis.sum(axis=1) for axis in (channels, rows, columns)]
    heard = [axis.sum(axis=0) for axis in (channels, rows, columns)]
    return (
        counts[0][:, None, None] * counts[1][None, :, None] * counts[2][None, None, :],
        heard[0][:, None, None] * heard[1][None, :, None] * heard[2][None, None, :],
    )


def block_sums(values: np.ndarray, edges: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Sum of `values` (C, H, W) over every block: (channel blocks, row blocks, column blocks)."""
    for axis in range(3):
        values = np.add.reduceat(values, edges[axis][:-1], axis=axis)
    return values


def is_weighted(layer: Layer) -> bool:
    """Whether the layer has synapses (conv and dense; not the input)."""
    return isinstance(layer, (ConvLayer, DenseLayer))
