"""Networks of a little less: fewer channels, more groups, smaller kernels. What remedies try out on either kind of mapping.

Weights are cut, not retrained: only shapes and ranges matter to a check. All of it follows roles: relays and pools go with
the channel that they read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer, Role
from autosnn_hw.network.connectivity import components, ungrouped, volume

Solved = Callable[[ChipNetwork | None], bool]


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
    """The network with `channels` own channels (neurons of a dense layer) in layer `index`, spread evenly over the old ones;
    layers after it lose the inputs. None where nothing would be left of a layer."""
    own = np.flatnonzero(network.layers[index].roles == Role.OWN)
    return _with_channels(network, {index: _spread(own, channels)})


def narrower(network: ChipNetwork, part: float) -> ChipNetwork | None:
    """Every layer but the last with `part` of the channels of each group, at least one; None where nothing would be left."""
    own = {}
    for index, layer in enumerate(network.layers[:-1]):
        parts = [_spread(group, max(1, int(len(group) * part))) for group in _own_groups(layer) if len(group)]
        own[index] = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return _with_channels(network, own)


def narrower_networks(network: ChipNetwork, solved: Solved) -> Iterator[tuple[str, ChipNetwork]]:
    """The widest network, every layer narrowed alike, that solves."""
    found = most_that_solves(63, lambda n: narrower(network, n / 64), solved)
    if found is not None:
        yield f"{found[0] / 64:.0%} of the width in every layer", found[1]


def smaller_kernel(network: ChipNetwork, index: int) -> ChipNetwork | None:
    """Layer `index` with one ring of taps less, along the axes that have more than three if there are such, and the same
    output; None where that is not possible."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer):
        return None
    size = layer.weight.shape[2:]
    cut = [int(k > 3 or (max(size) == 3 and k == 3)) for k in size]
    padding = [p - c * d for p, c, d in zip(layer.padding, cut, layer.dilation)]
    if not any(cut) or min(padding) < 0:
        return None
    weight = layer.weight[:, :, cut[0] : size[0] - cut[0], cut[1] : size[1] - cut[1]]
    return with_layer(network, index, replace(layer, weight=weight, padding=(padding[0], padding[1])))


def groups_of(layer: ConvLayer) -> int:
    """Sets of own channels that share inputs with nobody else."""
    return sum(bool((layer.roles[members] != Role.RELAY).any()) for members in components(_connected(layer)))


def regrouped(network: ChipNetwork, index: int, factor: int) -> ChipNetwork | None:
    """The network with `factor` times the groups in one convolution; None where a group has too few channels for that."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer):
        return None
    weight, connected = ungrouped(layer.weight, layer.groups).copy(), _connected(layer)
    roles, source_roles = layer.roles, network.layers[index - 1].roles
    changed = False
    for members in components(connected):
        outputs = members[roles[members] == Role.OWN]
        inputs = np.flatnonzero(connected[outputs].any(axis=0))
        main = inputs[source_roles[inputs] != Role.RELAY]
        if len(outputs) < factor or len(main) < factor:
            continue
        part_of_output = np.arange(len(outputs)) * factor // len(outputs)
        for chosen in (main, inputs[source_roles[inputs] == Role.RELAY]):
            part = np.arange(len(chosen)) * factor // max(len(chosen), 1)
            apart = part_of_output[:, None] != part[None, :]
            weight[np.ix_(outputs, chosen)] *= ~apart[:, :, None, None]
        changed = True
    return with_layer(network, index, replace(layer, weight=weight, groups=1)) if changed else None


def most_that_solves(
    largest: int, change: Callable[[int], ChipNetwork | None], solved: Solved
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


def _with_channels(network: ChipNetwork, own: Mapping[int, np.ndarray]) -> ChipNetwork | None:
    """The network with only the given own channels of some layers: all others follow what they read, and an own channel goes
    when every input that it had is gone. The last layer keeps its neurons unless it is named."""
    layers: list[Layer] = []
    heard = np.ones(network.layers[0].shape[0], bool)
    for index, layer in enumerate(network.layers):
        asked = np.ones(layer.shape[0], bool)
        if index in own:
            asked = np.isin(np.arange(layer.shape[0]), own[index]) | (layer.roles != Role.OWN)
        if isinstance(layer, InputLayer):
            kept, weights = asked, {}
        else:
            source = network.layers[index - 1]
            connected = _connected(layer, source)
            lost = connected.any(axis=1) & ~(connected & heard).any(axis=1)
            kept = asked & ~lost if index < len(network.layers) - 1 or index in own else asked
            weights = _weights(layer, source, heard, kept)
        if not kept.any():
            return None
        layers.append(_narrowed(layer, kept, **weights))
        heard = kept
    return with_layers(network, layers)


def _spread(members: np.ndarray, count: int) -> np.ndarray:
    return members[np.arange(count) * len(members) // count]


@kept_with()
def _own_groups(layer: Layer) -> list[np.ndarray]:
    """Own channels of a layer, those that share inputs together."""
    if not isinstance(layer, ConvLayer):
        return [np.arange(layer.shape[0])]
    own = layer.roles == Role.OWN
    return [members[own[members]] for members in components(_connected(layer))]


def _connected(layer: Layer, source: Layer | None = None) -> np.ndarray:
    """bool (C, Cin): whether an output channel has a synapse on an input channel; `source` is needed by dense layers."""
    if isinstance(layer, ConvLayer):
        return ungrouped((layer.weight != 0).any(axis=(2, 3))[:, :, None, None], layer.groups)[:, :, 0, 0]
    assert isinstance(layer, DenseLayer) and source is not None
    return (layer.weight != 0).reshape(layer.shape[0], source.shape[0], -1).any(axis=2)


def _pick(value: object, kept: np.ndarray) -> object:
    array = np.asarray(value)
    return array[kept] if array.ndim and len(array) == len(kept) else value


def _narrowed(layer: Layer, kept: np.ndarray, **weights: Any) -> Layer:
    """The layer with the kept output channels; `weights` are those left."""
    neuron = layer.neuron
    if isinstance(neuron, CubaNeuron):
        parts = (_pick(value, kept) for value in (neuron.vth_mant, neuron.v_decay, neuron.i_decay))
        neuron = CubaNeuron(*parts)  # type: ignore[arg-type]
    changes: dict[str, Any] = {"neuron": neuron, "bias": None if layer.bias is None else layer.bias[kept], **weights}
    return replace(layer, shape=(int(kept.sum()), *layer.shape[1:]), roles=layer.roles[kept], **changes)


def _weights(layer: Layer, source: Layer, heard: np.ndarray, kept: np.ndarray) -> dict[str, Any]:
    """Weights between the channels that are heard still and those that are kept."""
    if isinstance(layer, DenseLayer):
        _, height, width = volume(source.shape)
        inputs = np.repeat(heard, height * width)
        delay = None if layer.delay is None else layer.delay[kept][:, inputs]
        return {"weight": layer.weight[kept][:, inputs], "delay": delay}
    assert isinstance(layer, ConvLayer)
    weight, groups = _grouped(layer, heard, kept)
    return {"weight": weight, "groups": groups}


def _grouped(layer: ConvLayer, heard: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, int]:
    """Weight of the channels left, and its groups: those of the layer that are left where they are equal, else written out."""
    outputs = kept.reshape(layer.groups, -1).sum(axis=1)
    inputs = heard.reshape(layer.groups, -1).sum(axis=1)
    left = (outputs > 0) | (inputs > 0)
    if (
        layer.groups > 1
        and len({*zip(outputs[left], inputs[left])}) == 1
        and min(outputs[left][0], inputs[left][0]) > 0
    ):
        per_group = heard.reshape(layer.groups, -1)
        rows = np.flatnonzero(kept)
        of = rows // (len(kept) // layer.groups)
        return np.stack([layer.weight[row][per_group[group]] for row, group in zip(rows, of)]), int(left.sum())
    return ungrouped(layer.weight, layer.groups)[kept][:, heard], 1
