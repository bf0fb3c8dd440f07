"""Changes that meet a limit of cores in columns: fewer channels, more groups, a smaller kernel, a narrower network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from autosnn_hw.cost.remedies.reshaping import (
    Solved,
    keep_channels,
    most_that_solves,
    narrower_networks,
    regrouped,
    smaller_kernel,
)
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer

SHAPED = (
    "neurons_per_core",
    "block_neurons",
    "input_axons",
    "output_axons",
    "synapse_memory",
    "fan_in",
    "kernel_size",
    "neuron_configurations",
    "thresholds",
)  # limits that other sizes meet


def shape_changes(network: ChipNetwork, index: int, solved: Solved) -> Iterator[tuple[str, ChipNetwork]]:
    """Fewer channels here or before, more groups, a smaller kernel, a narrower network."""
    last = len(network.layers) - 1
    for at in (index, index - 1):
        if at < 0 or at == last:
            continue
        layer = network.layers[at]
        many = layer.shape[0]
        found = most_that_solves(many - 1, partial(keep_channels, network, at), solved)
        if found is not None:
            what = "neurons" if isinstance(layer, DenseLayer) else "channels"
            yield f"{found[0]} {what} instead of {many} in {layer.name!r}", found[1]
    layer = network.layers[index]
    if isinstance(layer, ConvLayer):
        for groups in range(2, layer.shape[0] + 1):
            if layer.groups > 1 or layer.shape[0] % groups or layer.weight.shape[1] % groups:
                continue
            changed = regrouped(network, index, groups)
            if changed is not None and solved(changed):
                yield f"{groups} groups in {layer.name!r}", changed
                break
        changed = smaller_kernel(network, index)
        while changed is not None:
            if solved(changed):
                size = "x".join(str(k) for k in changed.layers[index].weight.shape[2:])  # type: ignore[union-attr]
                yield f"a {size} kernel in {layer.name!r}", changed
                break
            changed = smaller_kernel(changed, index)
    yield from narrower_networks(network, solved)
