"""Changes that make a network fit a crossbar: more groups, smaller kernels, less width. Each is carried out on the network
itself, zeros in place of what would be gone, so that what is proposed has been checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from autosnn_hw.cost.crossbar.layer import largest_fan_in
from autosnn_hw.cost.remedies.reshaping import groups_of, narrower, regrouped, smaller_kernel, with_layer
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer

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


def core_changes(
    network: ChipNetwork, limit: int, neurons: int, count: Callable[[ChipNetwork], int | None]
) -> Iterator[Change]:
    """Changes of the whole network with which it takes at most `limit` cores.

    Args:
        neurons: that a core holds; what has more neurons than all cores hold is not placed to be counted.
        count: how many cores a network takes, None where it cannot be placed.
    """
    for changes in (_more_groups(network), _small_kernels(network), _less_width(network)):
        for sentence, changed in changes:
            there = sum(int(np.prod(layer.shape)) for layer in changed.layers[1:])
            needed = None if there > limit * neurons else count(changed)
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


def with_small_kernel(network: ChipNetwork, index: int) -> ChipNetwork | None:
    """The network with the middle 3 x 3 of one convolution's larger kernel; None where that cannot be cut out."""
    changed = smaller_kernel(network, index)
    while changed is not None:
        size = changed.layers[index].weight.shape[2:]  # type: ignore[union-attr]
        if max(size) <= SMALL_KERNEL:
            return changed if min(size) == SMALL_KERNEL else None
        changed = smaller_kernel(changed, index)
    return None


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
    return with_layer(network, index, replace(layer, weight=np.where(outside, 0, layer.weight)))


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
        narrow = narrower(network, 2.0**-halving)
        if narrow is not None:
            yield f"width divided by {2**halving}", narrow


def _fan_in(network: ChipNetwork, index: int) -> int:
    layer = network.layers[index]
    assert not isinstance(layer, InputLayer)
    return largest_fan_in(layer, network.layers[index - 1].shape)
