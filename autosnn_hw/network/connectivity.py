"""Which synapses a spike meets: the one place that knows a convolution's geometry at borders, strides, dilations and groups."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from autosnn_hw.axes import along_first
from autosnn_hw.network.chip_layers import ConvLayer, DenseLayer


def volume(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(C, H, W) of a layer; (N, 1, 1) for a dense one."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    return shape[0], 1, 1


def edges_of(size: int, block: int) -> np.ndarray:
    """Borders of blocks of `block` positions, the last one smaller where needed: int64 (blocks + 1,)."""
    return np.append(np.arange(0, size, block), size)


def axis_taps(size: int, edges: np.ndarray, kernel: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    """bool (blocks, kernel, size): whether tap i carries source position y to an output position of the block.

    `edges` may reach beyond the output's last position: a padded block computes there, too.
    """
    return _axis_taps(size, tuple(edges.tolist()), kernel, stride, padding, dilation)


@lru_cache(maxsize=4096)
def _axis_taps(size: int, edges: tuple[int, ...], kernel: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    position = np.arange(size)[None, :] + padding - dilation * np.arange(kernel)[:, None]
    target = position // stride
    on_grid = position % stride == 0
    borders = np.array(edges)
    taps = on_grid & (target >= borders[:-1, None, None]) & (target < borders[1:, None, None])
    taps.flags.writeable = False  # it is kept for the next layer of the same shape
    return taps


def row_taps(layer: ConvLayer, source: tuple[int, ...], edges: np.ndarray) -> np.ndarray:
    """`axis_taps` along H."""
    return axis_taps(source[1], edges, layer.weight.shape[2], layer.stride[0], layer.padding[0], layer.dilation[0])


def column_taps(layer: ConvLayer, source: tuple[int, ...], edges: np.ndarray) -> np.ndarray:
    """`axis_taps` along W."""
    return axis_taps(source[2], edges, layer.weight.shape[3], layer.stride[1], layer.padding[1], layer.dilation[1])


def fan_out(
    layer: ConvLayer | DenseLayer,
    source_shape: tuple[int, ...],
    *,
    zero_weights: bool = False,
    channels: slice = slice(None),
    rows: range | None = None,
    columns: range | None = None,
) -> np.ndarray:
    """Number of synapses of `layer` that one spike of each source neuron meets.

    Args:
        layer: the layer that receives the spikes.
        source_shape: (C, H, W) or (N,) of the layer that sends them.
        zero_weights: count every tap of the kernel that falls on a neuron (synops_dense), not only non-zero weights.
        channels: only synapses on these output channels (output neurons of a dense layer).
        rows, columns: only synapses on these rows and columns of a convolution's output; they may reach beyond it.

    Returns:
        int64 array of `source_shape`.
    """
    present = np.ones_like(layer.weight, bool) if zero_weights else layer.weight != 0
    chosen = np.zeros(layer.weight.shape[0], bool)
    chosen[channels] = True
    present = present & along_first(chosen, present.ndim)
    if isinstance(layer, DenseLayer):
        return present.sum(axis=0, dtype=np.int64).reshape(source_shape)
    out, inputs, kernel_h, kernel_w = present.shape
    taps = present.reshape(layer.groups, out // layer.groups, inputs, kernel_h, kernel_w).sum(axis=1, dtype=np.int64)
    taps = taps.reshape(layer.groups * inputs, kernel_h, kernel_w)
    _, height, width = layer.shape
    out_rows, out_columns = (range(height) if rows is None else rows), (range(width) if columns is None else columns)
    y = row_taps(layer, source_shape, np.array([out_rows.start, out_rows.stop]))[0]
    x = column_taps(layer, source_shape, np.array([out_columns.start, out_columns.stop]))[0]
    return np.einsum("cij,iy,jx->cyx", taps, y.astype(np.int64), x.astype(np.int64), optimize=True)


def ungrouped(weight: np.ndarray, groups: int) -> np.ndarray:
    """(C, Cin, ..) of a grouped kernel (C, Cin / groups, ..), zero where a channel does not see an input."""
    if groups == 1:
        return weight
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    full = np.zeros((weight.shape[0], inputs * groups, *weight.shape[2:]), weight.dtype)
    for group in range(groups):
        rows = slice(group * outputs, (group + 1) * outputs)
        full[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return full


def components(connected: np.ndarray) -> list[np.ndarray]:
    """Sets of output channels that share inputs, directly or through others, ordered by their first channel.

    Args:
        connected: bool (C, Cin).
    """
    outputs, _ = connected.shape
    label = np.arange(outputs)
    while True:
        of_input = np.where(connected, label[:, None], outputs).min(axis=0, initial=outputs)
        reached = np.where(connected, of_input[None, :], outputs).min(axis=1, initial=outputs)
        smaller = np.minimum(label, reached)
        if (smaller == label).all():
            break
        label = smaller
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
