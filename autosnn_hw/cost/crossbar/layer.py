"""A layer as a crossbar sees it: which synapse uses which axon type, with what weight and leak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.crossbar.axon_types import assign_types
from autosnn_hw.network import ConvLayer, DenseLayer
from autosnn_hw.network.connectivity import column_taps, row_taps, ungrouped, volume


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
    return layer.weight[:, :, None, None] if isinstance(layer, DenseLayer) else ungrouped(layer.weight, layer.groups)


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
        volume(layer.shape),
        volume(source_shape),
        (types.shape[2], types.shape[3]),
        layer.stride,
        layer.padding,
        layer.dilation,
        types,
        weights,
    )


def leak(layer: ConvLayer | DenseLayer) -> np.ndarray:
    """int64 (C, H, W): the chip fires at v >= 0, the network at v > 64 vThMant, so leak = bias - 1 - vThMant."""
    shape = volume(layer.shape)
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
    positions = (np.arange(size + 1) for size in layer.shape[1:])  # blocks of one output position
    rows, columns = (
        np.unique(taps(layer, source_shape, edges).any(axis=2), axis=0).astype(np.int64)
        for taps, edges in zip((row_taps, column_taps), positions)
    )
    return int(np.einsum("oij,yi,xj->oyx", present, rows, columns, optimize=True).max())
