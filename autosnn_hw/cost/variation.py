"""Networks a little smaller than a given one: what remedies try out. Weights are cut, not retrained; only shapes and ranges
matter to a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from autosnn_hw.connectivity import volume
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer


def with_layers(network: ChipNetwork, layers: list[Layer]) -> ChipNetwork:
    """The network with other layers, without what belonged to the old ones (encoder, check samples)."""
    readout = network.readout if layers[-1].shape == network.layers[-1].shape else None
    return replace(network, layers=tuple(layers), readout=readout, check=None, encoder=None)


def with_layer(network: ChipNetwork, index: int, layer: Layer) -> ChipNetwork:
    """The network with one layer replaced by one of the same shape."""
    layers = list(network.layers)
    layers[index] = layer
    return with_layers(network, layers)


def keep_channels(network: ChipNetwork, index: int, channels: int) -> ChipNetwork | None:
    """The network with only `channels` channels (neurons of a dense layer) in layer `index`, spread evenly over the old
    ones; layers after it lose the inputs. None where groups forbid it."""
    layers = list(network.layers)
    old = layers[index].shape[0]
    layer = layers[index]
    if isinstance(layer, ConvLayer) and layer.groups > 1:
        return None
    chosen = np.arange(channels) * old // channels
    layers[index] = _outputs(layer, chosen)
    while index + 1 < len(layers):
        narrowed = _inputs(layers[index + 1], network.layers[index].shape, chosen)
        if narrowed is None:
            return None
        layers[index + 1], more = narrowed
        if more is None:
            break
        index, chosen = index + 1, more
    return with_layers(network, layers)


def narrower(network: ChipNetwork, part: float) -> ChipNetwork | None:
    """Every layer but the last with `part` of its channels, at least one."""
    changed: ChipNetwork | None = network
    for index in range(len(network.layers) - 1):
        assert changed is not None
        layer = changed.layers[index]
        if isinstance(layer, ConvLayer) and layer.groups > 1:
            continue
        changed = keep_channels(changed, index, max(1, int(network.layers[index].shape[0] * part)))
        if changed is None:
            return None
    return changed


def smaller_kernel(network: ChipNetwork, index: int) -> ChipNetwork | None:
    """Layer `index` with one ring of taps less and the same output; None where that is not possible."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer) or min(layer.weight.shape[2:]) < 3 or min(layer.padding) < max(layer.dilation):
        return None
    padding = (layer.padding[0] - layer.dilation[0], layer.padding[1] - layer.dilation[1])
    return with_layer(network, index, replace(layer, weight=layer.weight[:, :, 1:-1, 1:-1], padding=padding))


def more_groups(network: ChipNetwork, index: int, groups: int) -> ChipNetwork | None:
    """Layer `index` with `groups` groups; None where they do not divide its channels."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer) or layer.groups != 1 or layer.weight.shape[0] % groups:
        return None
    if layer.weight.shape[1] % groups:
        return None
    out, inputs = layer.weight.shape[0] // groups, layer.weight.shape[1] // groups
    parts = [layer.weight[g * out : (g + 1) * out, g * inputs : (g + 1) * inputs] for g in range(groups)]
    return with_layer(network, index, replace(layer, weight=np.concatenate(parts), groups=groups))


def rescaled(network: ChipNetwork, index: int, factor: float) -> ChipNetwork:
    """Layer `index` with weights, biases and thresholds times `factor`, weights rounded to even integers."""
    layer = network.layers[index]
    neuron = layer.neuron
    assert neuron is not None
    threshold = np.maximum(0, np.ceil(np.asarray(neuron.vth_mant) * factor)).astype(np.int64)
    bias = None if layer.bias is None else np.round(layer.bias * factor).astype(np.int64)
    changed = CubaNeuron(threshold, neuron.v_decay, neuron.i_decay)
    if isinstance(layer, InputLayer):
        return with_layer(network, index, replace(layer, neuron=changed, bias=bias))
    weight = (2 * np.round(layer.weight * factor / 2)).astype(np.int64)
    return with_layer(network, index, replace(layer, neuron=changed, bias=bias, weight=weight))


def with_decays(network: ChipNetwork, index: int, *, v_decay: int | None = None, i_decay: int | None = None):
    """Layer `index` with decays of at most the given ones, or exactly v_decay 4096 where that is asked for."""
    layer = network.layers[index]
    neuron = layer.neuron
    assert neuron is not None
    v = neuron.v_decay if v_decay is None else (4096 if v_decay == 4096 else np.minimum(neuron.v_decay, v_decay))
    i = neuron.i_decay if i_decay is None else np.minimum(neuron.i_decay, i_decay)
    return with_layer(network, index, replace(layer, neuron=CubaNeuron(neuron.vth_mant, v, i)))


def with_host_stem(network: ChipNetwork) -> ChipNetwork:
    """The input layer's neurons on the host, which sends their spikes."""
    return with_layer(network, 0, replace(network.input_layer, host=True))


def _pick(value: object, chosen: np.ndarray, channels: int) -> object:
    array = np.asarray(value)
    return array[chosen] if array.ndim == 1 and array.size == channels else value


def _outputs(layer: Layer, chosen: np.ndarray) -> Layer:
    old = layer.shape[0]
    changes: dict[str, object] = {"shape": (len(chosen), *layer.shape[1:]), "roles": np.asarray(layer.roles)[chosen]}
    if layer.neuron is not None:
        n = layer.neuron
        parts = (_pick(value, chosen, old) for value in (n.vth_mant, n.v_decay, n.i_decay))
        changes["neuron"] = CubaNeuron(*parts)  # type: ignore[arg-type]
    if layer.bias is not None:
        changes["bias"] = layer.bias[chosen]
    if isinstance(layer, (ConvLayer, DenseLayer)) and layer.weight.shape[0] == old:
        changes["weight"] = layer.weight[chosen]
    if isinstance(layer, DenseLayer) and layer.delay is not None:
        changes["delay"] = layer.delay[chosen]
    return replace(layer, **changes)  # type: ignore[arg-type]


def _inputs(layer: Layer, source: tuple[int, ...], chosen: np.ndarray) -> tuple[Layer, np.ndarray | None] | None:
    """The layer without the other inputs, and the outputs it loses with them (a grouped layer loses whole groups)."""
    channels, height, width = volume(source)
    if isinstance(layer, DenseLayer):
        kept = np.zeros((channels, height * width), bool)
        kept[chosen] = True
        delay = None if layer.delay is None else layer.delay[:, kept.reshape(-1)]
        return replace(layer, weight=layer.weight[:, kept.reshape(-1)], delay=delay), None
    assert isinstance(layer, ConvLayer)
    if layer.groups == 1:
        return replace(layer, weight=layer.weight[:, chosen]), None
    if layer.groups != channels:
        return None
    per_group = layer.shape[0] // layer.groups
    outputs = (chosen[:, None] * per_group + np.arange(per_group)).reshape(-1)
    shrunk = _outputs(replace(layer, groups=1), outputs)
    return replace(shrunk, groups=len(chosen)), outputs  # type: ignore[arg-type]


def narrower_networks(
    network: ChipNetwork, solved: Callable[[ChipNetwork | None], bool]
) -> Iterator[tuple[str, ChipNetwork]]:
    """The widest network, every layer narrowed alike, that solves."""
    found = most_that_solves(63, lambda n: narrower(network, n / 64), solved)
    if found is not None:
        yield f"{found[0] / 64:.0%} of the width in every layer", found[1]


def most_that_solves(
    largest: int, change: Callable[[int], ChipNetwork | None], solved: Callable[[ChipNetwork | None], bool]
) -> tuple[int, ChipNetwork] | None:
    """The largest n of 1..largest whose change solves, by bisection (what fits with n nearly always fits with less)."""
    low, high, best = 1, largest, None
    while low <= high:
        middle = (low + high) // 2
        changed = change(middle)
        if changed is not None and solved(changed):
            best, low = (middle, changed), middle + 1
        else:
            high = middle - 1
    return best
