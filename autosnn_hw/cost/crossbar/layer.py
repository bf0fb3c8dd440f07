"""A layer as a crossbar sees it: which synapse uses which axon type, with what weight and leak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.crossbar.axon_types import assign_types
from autosnn_hw.network import ConvLayer, DenseLayer


@dataclass(frozen=True, eq=False)
class CrossbarLayer:
    """A conv layer, or a dense layer as a 1 x 1 convolution of an image of one pixel.

    Args:
        name: of the layer.
        shape: (C, H, W) of the output; (N, 1, 1) for a dense layer.
        source_shape: (Cin, H, W) of the input; (Nin, 1, 1) for a dense layer.
        kernel, stride, padding, dilation: (H, W).
        types: int8 (C, Cin, kH, kW), 0 for no synapse, else axon type + 1.
        weights: int64 (C, axon types).
    """

    name: str
    shape: tuple[int, int, int]
    source_shape: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    types: np.ndarray
    weights: np.ndarray

    @property
    def neurons(self) -> int:
        return int(np.prod(self.shape))


def full_weight(layer: ConvLayer | DenseLayer) -> np.ndarray:
    """Weight as int64 (C, Cin, kH, kW), groups written out with zeros; (N, Nin, 1, 1) for a dense layer."""
    if isinstance(layer, DenseLayer):
        return layer.weight[:, :, None, None]
    if layer.groups == 1:
        return layer.weight
    outputs, inputs, kernel_h, kernel_w = layer.weight.shape
    per_group = outputs // layer.groups
    full = np.zeros((outputs, inputs * layer.groups, kernel_h, kernel_w), np.int64)
    for group in range(layer.groups):
        rows = slice(group * per_group, (group + 1) * per_group)
        full[rows, group * inputs : (group + 1) * inputs] = layer.weight[rows]
    return full


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(C, H, W) of a layer's shape; (N, 1, 1) for (N,)."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def crossbar_layer(layer: ConvLayer | DenseLayer, source_shape: tuple[int, ...], axon_types: int) -> CrossbarLayer:
    """The layer with its synapses given axon types.

    Raises:
        ValueError: a neuron has more different weights than there are axon types.
    """
    types, weights = assign_types(full_weight(layer), axon_types)
    if isinstance(layer, DenseLayer):
        one = (1, 1)
        return CrossbarLayer(
            layer.name, (layer.shape[0], 1, 1), (types.shape[1], 1, 1), one, one, (0, 0), one, types, weights
        )
    return CrossbarLayer(
        layer.name,
        image_shape(layer.shape),
        image_shape(source_shape),
        (types.shape[2], types.shape[3]),
        layer.stride,
        layer.padding,
        layer.dilation,
        types,
        weights,
    )


def leak(layer: ConvLayer | DenseLayer) -> np.ndarray:
    """int64 (C, H, W): the chip fires at v >= 0, the network at v > 64 vThMant, so leak = bias - 1 - vThMant."""
    shape = image_shape(layer.shape)
    threshold = np.broadcast_to(np.asarray(layer.neuron.vth_mant).reshape(-1, 1, 1), shape)
    bias = np.zeros(1, np.int64) if layer.bias is None else layer.bias
    bias = bias.reshape(shape) if bias.size == int(np.prod(shape)) else bias.reshape(-1, 1, 1)
    return np.broadcast_to(bias, shape) - 1 - threshold


def fan_in(layer: CrossbarLayer) -> np.ndarray:
    """int64 (C,): axons that a neuron inside the image needs by itself, one for each synapse."""
    return np.count_nonzero(layer.types.reshape(len(layer.types), -1), axis=1).astype(np.int64)


def largest_fan_in(layer: ConvLayer | DenseLayer, source_shape: tuple[int, ...]) -> int:
    """Axons that the fullest neuron needs by itself, one for each synapse; taps on the padding are no synapses."""
    present = (full_weight(layer) != 0).sum(axis=1, dtype=np.int64)
    if isinstance(layer, DenseLayer):
        return int(present.max())
    rows, columns = (_taps_inside(layer, source_shape, axis) for axis in (0, 1))
    return int(np.einsum("oij,yi,xj->oyx", present, rows, columns, optimize=True).max())


def _taps_inside(layer: ConvLayer, source_shape: tuple[int, ...], axis: int) -> np.ndarray:
    """int64 (distinct, taps): which taps of the kernel fall inside the image, for the output positions along one axis."""
    position = (
        np.arange(layer.shape[1 + axis])[:, None] * layer.stride[axis]
        + np.arange(layer.weight.shape[2 + axis])[None, :] * layer.dilation[axis]
        - layer.padding[axis]
    )
    return np.unique((position >= 0) & (position < source_shape[1 + axis]), axis=0).astype(np.int64)
