"""Integers become chip layers; spikes that a later layer needs pass as relay channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosnn_hw.deploy.from_graph.euler_steps import OR
from autosnn_hw.deploy.from_graph.maps import ConvMap, DenseMap, Shape
from autosnn_hw.deploy.from_graph.receiving_layers import FloatLayer
from autosnn_hw.deploy.from_graph.rounding import RoundedNeurons
from autosnn_hw.deploy.quantise import STEP
from autosnn_hw.errors import InputError
from autosnn_hw.network import ConvLayer, CubaNeuron, DenseLayer, Role
from autosnn_hw.network.chip_layers import DECAY_ONE
from autosnn_hw.network.connectivity import ungrouped

MAX_DELAY = 62


@dataclass(frozen=True)
class Place:
    """Where the spikes of a layer stand among the channels (or neurons) that the next layer hears.

    Args:
        source: name of the layer that fired them.
        shape: as they are carried: the layer's own, or (N,) once they went through a dense layer.
        relay: True where they are copies.
    """

    source: str
    shape: Shape
    relay: bool


def conv_layer(
    layer: FloatLayer, joint: ConvMap, own: RoundedNeurons, heard: list[Place], carried: list[Place], where: str
) -> ConvLayer:
    weight, groups = own.weight, joint.groups
    relays = sum(place.shape[0] for place in carried)
    if relays:
        weight, groups = _with_relays(ungrouped(weight, groups), joint, heard, carried, where), 1
    return ConvLayer(
        name=layer.name,
        shape=(layer.shape[0] + relays, *layer.shape[1:]),
        weight=weight,
        neuron=_neuron(own.neuron, layer.shape[0], relays),
        bias=_bias(own.bias, relays),
        stride=joint.stride,
        padding=joint.padding,
        groups=groups,
        roles=_roles(layer, relays),
        block=layer.name,
        scale=own.scale,
    )


def refuse_impassable(joint: ConvMap, carried: Sequence[Place], where: str) -> None:
    """Refuse a convolution that spikes cannot pass as copies: one tap each on the pixel itself, where stride 1 and equal sizes let it be one.

    Raises:
        InputError: it cannot be passed; names whose spikes would have to.
    """
    for place in carried:
        if joint.stride != (1, 1) or place.shape[1:] != joint.out_shape[1:]:
            raise InputError(
                f"{where}: the spikes of {place.source!r}, {place.shape}, are needed behind it and must pass it as relays, which takes stride 1 and "
                f"equal sizes; it has stride {joint.stride} and {joint.out_shape}. Let the shortcut begin behind it."
            )
        if any(padding >= size for padding, size in zip(joint.padding, joint.weight.shape[2:])):
            raise InputError(
                f"{where}: its padding {joint.padding} is larger than its kernel; relays need a tap on the pixel itself."
            )


def refuse_long_delays(joint: ConvMap | DenseMap, where: str) -> None:
    """Refuse delays that no synapse has.

    Raises:
        InputError: there is one.
    """
    if isinstance(joint, DenseMap) and joint.delay is not None and joint.delay.max() > MAX_DELAY:
        raise InputError(f"{where}: a delay of {joint.delay.max()} steps; at most {MAX_DELAY} are possible.")


def _with_relays(
    weight: np.ndarray, joint: ConvMap, heard: list[Place], carried: list[Place], where: str
) -> np.ndarray:
    """The kernel with a row more for every channel that is carried on: one tap."""
    top, left = joint.padding
    refuse_impassable(joint, carried, where)
    full = np.zeros((weight.shape[0] + sum(p.shape[0] for p in carried), *weight.shape[1:]), np.int64)
    full[: weight.shape[0]] = weight
    row = weight.shape[0]
    for place in carried:
        first = _start(heard, place.source, 0)
        for channel in range(place.shape[0]):
            full[row, first + channel, top, left] = STEP
            row += 1
    return full


def _start(heard: list[Place], source: str, axis: int | None) -> int:
    """The first channel (axis 0) or neuron (axis None) of a layer among those that are heard."""
    start = 0
    for place in heard:
        if place.source == source:
            return start
        start += place.shape[0] if axis == 0 else int(np.prod(place.shape))
    raise AssertionError(f"{source} is not heard")


def dense_layer(
    layer: FloatLayer, joint: DenseMap, own: RoundedNeurons, heard: list[Place], carried: list[Place], where: str
) -> DenseLayer:
    relays = sum(int(np.prod(place.shape)) for place in carried)
    weight = np.zeros((layer.shape[0] + relays, joint.weight.shape[1]), np.int64)
    weight[: layer.shape[0]] = own.weight
    row = layer.shape[0]
    for place in carried:
        first = _start(heard, place.source, None)
        count = int(np.prod(place.shape))
        weight[row + np.arange(count), first + np.arange(count)] = STEP
        row += count
    delay = None
    if joint.delay is not None:
        refuse_long_delays(joint, where)
        delay = np.zeros_like(weight)
        delay[: layer.shape[0]] = joint.delay
    return DenseLayer(
        name=layer.name,
        shape=(layer.shape[0] + relays,),
        weight=weight,
        neuron=_neuron(own.neuron, layer.shape[0], relays),
        bias=_bias(own.bias, relays),
        delay=delay,
        roles=_roles(layer, relays),
        block=layer.name,
        scale=own.scale,
    )


def _neuron(neuron: CubaNeuron, own: int, relays: int) -> CubaNeuron:
    """The layer's own neurons and, behind them, those that copy: one spike fires them, nothing is kept."""
    if not relays:
        return neuron
    copy = {"vth_mant": STEP - 1, "v_decay": DECAY_ONE - 1, "i_decay": DECAY_ONE}
    return CubaNeuron(
        **{
            name: np.concatenate([np.broadcast_to(getattr(neuron, name), own), np.full(relays, value)])
            for name, value in copy.items()
        }
    )


def _bias(bias: np.ndarray, relays: int) -> np.ndarray | None:
    if not bias.any():
        return None
    return np.concatenate([bias, np.zeros((relays, *bias.shape[1:]), np.int64)]) if relays else bias


def _roles(layer: FloatLayer, relays: int) -> np.ndarray:
    own = Role.POOL if layer.node.kind == OR else Role.OWN
    return np.repeat(np.array([own, Role.RELAY], np.uint8), [layer.shape[0], relays])
