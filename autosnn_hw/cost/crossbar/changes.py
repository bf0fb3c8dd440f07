"""Changes that make a network fit a crossbar: more groups, smaller kernels, less width. Each is carried out on the network
itself, zeros in place of what would be gone, so that what is proposed has been checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from autosnn_hw.connectivity import volume
from autosnn_hw.cost.crossbar.axon_types import components
from autosnn_hw.cost.crossbar.layer import full_weight, largest_fan_in
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Role

SMALL_KERNEL = 3
HALVINGS = 4


Change = tuple[str, ChipNetwork]


def fan_in_changes(network: ChipNetwork, index: int, limit: int) -> Iterator[Change]:
    """Changes of one layer, or of the width, that bring its fan-in down to `limit` axons."""
    for change in (_grouped(network, index), _small_kernel_here(network, index), _less_width(network)):
        for sentence, changed in change:
            needed = _fan_in(changed, index)
            if needed <= limit:
                yield f"{sentence} ({needed} axons a neuron)", changed
                break
    layer = network.layers[index]
    if isinstance(layer, DenseLayer) and limit >= 2:
        sentence = (
            f"neurons of {layer.name!r} that read blocks of {limit // 2} inputs each ({limit // 2} axons a neuron)"
        )
        yield sentence, _in_blocks(network, index, limit // 2)


def core_changes(network: ChipNetwork, limit: int, count: Callable[[ChipNetwork], int | None]) -> Iterator[Change]:
    """Changes of the whole network with which it takes at most `limit` cores; `count` says how many it takes, None where
    it cannot be placed."""
    for changes in (_more_groups(network), _small_kernels(network), _less_width(network)):
        for sentence, changed in changes:
            needed = count(changed)
            if needed is not None and needed <= limit:
                yield f"{sentence} ({needed} cores)", changed
                break


def _grouped(network: ChipNetwork, index: int) -> Iterator[Change]:
    layer = network.layers[index]
    if isinstance(layer, ConvLayer):
        now = groups_of(layer)
        for factor in (2**n for n in range(1, HALVINGS + 3)):
            changed = regrouped(network, index, factor)
            if changed is not None:
                yield f"{now * factor} groups instead of {now} in {layer.name!r}", changed


def _small_kernel_here(network: ChipNetwork, index: int) -> Iterator[Change]:
    changed = with_small_kernel(network, index)
    if changed is not None:
        yield f"a {SMALL_KERNEL}x{SMALL_KERNEL} kernel in {network.layers[index].name!r}", changed


def _in_blocks(network: ChipNetwork, index: int, inputs: int) -> ChipNetwork:
    layer = network.layers[index]
    assert isinstance(layer, DenseLayer)
    neurons, sources = layer.weight.shape
    blocks = -(-sources // inputs)
    outside = np.arange(neurons)[:, None] % blocks != np.arange(sources)[None, :] // inputs
    return _with_layer(network, index, replace(layer, weight=np.where(outside, 0, layer.weight)))


def _more_groups(network: ChipNetwork) -> Iterator[Change]:
    for factor in (2, 4, 8):
        changed = network
        for index in range(1, len(network.layers)):
            changed = regrouped(changed, index, factor) or changed
        if changed is not network:
            yield f"{factor} times the groups in every convolution", changed


def _small_kernels(network: ChipNetwork) -> Iterator[Change]:
    changed = network
    for index in range(1, len(network.layers)):
        changed = with_small_kernel(changed, index) or changed
    if changed is not network:
        yield f"{SMALL_KERNEL}x{SMALL_KERNEL} kernels everywhere", changed


def _less_width(network: ChipNetwork) -> Iterator[Change]:
    for halving in range(1, HALVINGS + 1):
        network = halved(network)
        yield f"width divided by {2**halving}", network


def _fan_in(network: ChipNetwork, index: int) -> int:
    layer = network.layers[index]
    assert not isinstance(layer, InputLayer)
    return largest_fan_in(layer, network.layers[index - 1].shape)


def groups_of(layer: ConvLayer) -> int:
    """Sets of own channels that share inputs with nobody else."""
    roles = layer.roles
    assert roles is not None
    connected = (full_weight(layer) != 0).any(axis=(2, 3))
    return sum(bool((roles[members] != Role.RELAY).any()) for members in components(connected))


def regrouped(network: ChipNetwork, index: int, factor: int) -> ChipNetwork | None:
    """The network with `factor` times the groups in one convolution; None where a group has too few channels for that."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer):
        return None
    weight = full_weight(layer).copy()
    connected = (weight != 0).any(axis=(2, 3))
    roles, source_roles = layer.roles, network.layers[index - 1].roles
    assert roles is not None and source_roles is not None
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
    return _with_layer(network, index, replace(layer, weight=weight, groups=1)) if changed else None


def with_small_kernel(network: ChipNetwork, index: int) -> ChipNetwork | None:
    """The network with the middle 3 x 3 of one convolution's larger kernel; None where that cannot be cut out."""
    layer = network.layers[index]
    if not isinstance(layer, ConvLayer):
        return None
    cut = [(size - SMALL_KERNEL) // 2 for size in layer.weight.shape[2:]]
    padding = [p - c * d for p, c, d in zip(layer.padding, cut, layer.dilation)]
    odd = all(size % 2 and size >= SMALL_KERNEL for size in layer.weight.shape[2:])
    if not odd or max(cut) == 0 or min(padding) < 0:
        return None
    height, width = layer.weight.shape[2:]
    weight = layer.weight[:, :, cut[0] : height - cut[0], cut[1] : width - cut[1]]
    return _with_layer(network, index, replace(layer, weight=weight, padding=(padding[0], padding[1])))


def halved(network: ChipNetwork) -> ChipNetwork:
    """The network with every other channel, relays and pools following their input; the readout keeps its neurons."""
    layers = []
    kept = _every_other([np.arange(network.layers[0].shape[0])])
    for index, layer in enumerate(network.layers):
        if isinstance(layer, InputLayer):
            bias = layer.bias if layer.bias is None else layer.bias[kept]
            layers.append(_narrow(layer, kept, bias=bias))
            continue
        weight = full_weight(layer)
        source = volume(network.layers[index - 1].shape)
        if isinstance(layer, DenseLayer):
            inputs = np.repeat(kept, weight.shape[1] // len(kept)) if len(kept) != weight.shape[1] else kept
            outputs = np.arange(layer.shape[0])
            if index + 1 < len(network.layers):
                outputs = np.flatnonzero(_every_other([outputs]))
            layers.append(
                _narrow(
                    layer, outputs, weight=layer.weight[outputs][:, inputs], bias=_of(layer.bias, outputs), delay=None
                )
            )
            kept = np.isin(np.arange(layer.shape[0]), outputs)
            continue
        assert layer.roles is not None and len(kept) == source[0]
        connected = (weight != 0).any(axis=(2, 3))
        own = layer.roles == Role.OWN
        following = kept[connected.argmax(axis=1)]
        groups = [members[own[members]] for members in components(connected)]
        outputs = np.where(own, _every_other(groups, layer.shape[0]), following)
        layers.append(_narrow(layer, outputs, weight=weight[outputs][:, kept], bias=_of(layer.bias, outputs), groups=1))
        kept = outputs
    return ChipNetwork(tuple(layers), timesteps=network.timesteps, readout=network.readout)


def _every_other(groups: list[np.ndarray], size: int | None = None) -> np.ndarray:
    kept = np.zeros(sum(len(group) for group in groups) if size is None else size, bool)
    for group in groups:
        kept[group[::2]] = True
    return kept


def _of(bias: np.ndarray | None, outputs: np.ndarray) -> np.ndarray | None:
    return None if bias is None else bias[outputs]


def _narrow(layer, kept: np.ndarray, **changes):  # type: ignore[no-untyped-def]
    """A copy of a layer with the channels `kept`; its neuron's parameters and roles follow."""
    chosen = {
        name: value[kept] if isinstance(value, np.ndarray) and value.size > 1 else value
        for name, value in ((n, getattr(layer.neuron, n, 0)) for n in ("vth_mant", "v_decay", "i_decay"))
    }
    neuron = None if layer.neuron is None else replace(layer.neuron, **chosen)
    shape = (int(np.count_nonzero(kept)) if kept.dtype == bool else len(kept), *layer.shape[1:])
    return replace(layer, shape=shape, neuron=neuron, roles=layer.roles[kept], **changes)


def _with_layer(network: ChipNetwork, index: int, layer: ConvLayer | DenseLayer) -> ChipNetwork:
    layers = (*network.layers[:index], layer, *network.layers[index + 1 :])
    return replace(network, layers=layers, check=None)
