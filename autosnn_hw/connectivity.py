"""Which synapses a spike meets: the one place that knows a convolution's true fan-out at borders, strides and groups."""

from __future__ import annotations

import numpy as np

from autosnn_hw.network import ConvLayer, DenseLayer


def _reach(size: int, out: range, kernel: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    """bool (kernel, size): whether tap i of the kernel carries input position y to an output position inside `out`."""
    position = np.arange(size)[None, :] + padding - dilation * np.arange(kernel)[:, None]
    target = position // stride
    return (position % stride == 0) & (target >= out.start) & (target < out.stop)


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
    present = present & chosen.reshape((-1,) + (1,) * (present.ndim - 1))
    if isinstance(layer, DenseLayer):
        return present.sum(axis=0, dtype=np.int64).reshape(source_shape)
    out, inputs, kernel_h, kernel_w = present.shape
    taps = present.reshape(layer.groups, out // layer.groups, inputs, kernel_h, kernel_w).sum(axis=1, dtype=np.int64)
    taps = taps.reshape(layer.groups * inputs, kernel_h, kernel_w)
    _, height, width = layer.shape
    y = _reach(
        source_shape[1],
        range(height) if rows is None else rows,
        kernel_h,
        layer.stride[0],
        layer.padding[0],
        layer.dilation[0],
    )
    x = _reach(
        source_shape[2],
        range(width) if columns is None else columns,
        kernel_w,
        layer.stride[1],
        layer.padding[1],
        layer.dilation[1],
    )
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
