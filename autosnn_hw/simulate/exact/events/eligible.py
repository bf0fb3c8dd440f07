"""Which layers the event path computes exactly.

A layer is exact there when its current has no memory (i_decay 4096), its inputs are spikes, and bias plus every possible sum
of weights fits in 16 bits; u then never wraps.
"""

from __future__ import annotations

import numpy as np

from autosnn_hw.kept import kept_with
from autosnn_hw.network import DenseLayer, InputLayer, Layer
from autosnn_hw.network.chip_layers import ALIGN, cuba, effective_bias

LARGEST_SUM = (1 << 15) - 1
_LARGEST_SIZE = 1 << 16  # channels or kernel area beyond which tables would not pay
_LONGEST = (1 << 16) - 1  # steps: spikes of a neuron are counted in 16 bits


def serves(layer: Layer, steps: int) -> bool:
    """Whether a layer whose inputs are spikes is exact on the event path over so many steps; input layers: `serves_values`."""
    return steps <= _LONGEST and _eligible(layer)


def serves_values(layer: InputLayer, values: np.ndarray) -> bool:
    """Whether an input layer whose neurons are driven by `values`, held over the sample, is exact on the event path."""
    if layer.neuron is None or not cuba(layer).memoryless_current:
        return False
    low, high = bias_range(layer)
    return bool(
        values.max(initial=0) + max(0, int(high.max())) <= LARGEST_SUM
        and values.min(initial=0) + min(0, int(low.min())) >= -LARGEST_SUM
    )


def bias_range(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest bias of each channel, in units of the weights."""
    bias = effective_bias(layer) // ALIGN
    full = np.broadcast_to(bias, layer.shape).reshape(layer.shape[0], -1)
    return full.min(axis=1), full.max(axis=1)


@kept_with()
def _eligible(layer: Layer) -> bool:
    if isinstance(layer, InputLayer) or not cuba(layer).memoryless_current:
        return False
    rows = layer.weight.reshape(len(layer.weight), -1)
    low, high = bias_range(layer)
    highest = np.maximum(rows, 0).sum(axis=1) + np.maximum(high, 0)
    lowest = np.minimum(rows, 0).sum(axis=1) + np.minimum(low, 0)
    if highest.max() > LARGEST_SUM or lowest.min() < -LARGEST_SUM:
        return False
    if isinstance(layer, DenseLayer):
        return layer.delay is None
    if layer.dilation != (1, 1) and layer.weight.shape[2:] != (1, 1):
        return False
    return layer.groups == 1 or layer.groups * layer.weight[0].size <= _LARGEST_SIZE
