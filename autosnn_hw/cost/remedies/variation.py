"""Networks with other integers in one layer: what remedies try out beside `reshaping`. Weights are changed, not retrained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autosnn_hw.cost.remedies.reshaping import with_layer
from autosnn_hw.network import ChipNetwork, CubaNeuron, InputLayer
from autosnn_hw.network.chip_layers import DECAY_ONE, cuba


def rescaled(network: ChipNetwork, index: int, factor: float) -> ChipNetwork:
    """Layer `index` with weights, biases and thresholds times `factor`, weights rounded to even integers."""
    layer = network.layers[index]
    neuron = cuba(layer)
    threshold = np.maximum(0, np.ceil(np.asarray(neuron.vth_mant) * factor)).astype(np.int64)
    bias = None if layer.bias is None else np.round(layer.bias * factor).astype(np.int64)
    changed = CubaNeuron(threshold, neuron.v_decay, neuron.i_decay)
    if isinstance(layer, InputLayer):
        return with_layer(network, index, replace(layer, neuron=changed, bias=bias))
    weight = (2 * np.round(layer.weight * factor / 2)).astype(np.int64)
    return with_layer(network, index, replace(layer, neuron=changed, bias=bias, weight=weight))


def with_thresholds(network: ChipNetwork, index: int, most: int) -> ChipNetwork:
    """Layer `index` with thresholds of at most `most`."""
    layer = network.layers[index]
    neuron = cuba(layer)
    changed = CubaNeuron(np.minimum(neuron.vth_mant, most), neuron.v_decay, neuron.i_decay)
    return with_layer(network, index, replace(layer, neuron=changed))


def with_decays(network: ChipNetwork, index: int, *, v_decay: int | None = None, i_decay: int | None = None):
    """Layer `index` with decays of at most the given ones, or exactly v_decay 4096 where that is asked for."""
    layer = network.layers[index]
    neuron = cuba(layer)
    v = (
        neuron.v_decay
        if v_decay is None
        else (DECAY_ONE if v_decay == DECAY_ONE else np.minimum(neuron.v_decay, v_decay))
    )
    i = neuron.i_decay if i_decay is None else np.minimum(neuron.i_decay, i_decay)
    return with_layer(network, index, replace(layer, neuron=CubaNeuron(neuron.vth_mant, v, i)))


def with_host_stem(network: ChipNetwork) -> ChipNetwork:
    """The input layer's neurons on the host, which sends their spikes."""
    return with_layer(network, 0, replace(network.input_layer, host=True))
