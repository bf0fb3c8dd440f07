"""Lowering: a folded float network becomes the strictly sequential integer layers that a NetX file can hold.

Max pooling is an OR layer, a residual block is two convolutions of which the first is widened by relay channels, an average
pool with its PLIF a depthwise convolution, FactorizedReduce a 3x3 convolution of two taps. All are exact: docs/deployment.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autosnn_hw.deploy import quantise
from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.planned_layers import Unit, network_units
from autosnn_hw.deploy.quantise import IntegerMap, WeightFormat
from autosnn_hw.deploy.readout_blocks import check_voters, keep_blocks
from autosnn_hw.deploy.relays import channel_roles, full_kernel
from autosnn_hw.deploy.weight_format import Target, target_name, weight_format
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv, FoldedNetwork
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, Encoder, InputLayer, Layer, Readout, Role


def lower(
    folded: FoldedNetwork,
    target: Target = None,
    *,
    architecture: str | None = None,
    dataset: str | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> ChipNetwork:
    """The integer network of a folded one.

    Args:
        folded: batch norm inside the weights, or with its statistics; `deploy_candidate` is for those without.
        target: a profile, a profile's name, a `WeightFormat`, or None for NetX's even weights and PLIF neurons.
        architecture: its name; default the blocks of its slots.
        dataset, provenance: travel with the network.

    Raises:
        InputError: a layer's floats are not finite, a bound cannot be held, or batch-norm statistics are missing.
    """
    weights = weight_format(target)
    stem, units = folded.blocks[0], network_units(folded)
    if folded.frames:
        encoder: Encoder | None = None
        first = InputLayer("input", folded.image, payload=folded.payload)
    else:
        encoder, first = build_encoder(folded_conv(stem.convs[0], "stem"), stem.k[0], folded, weights)
    layers: list[Layer] = [first]
    layers += [lower_unit(unit, weights, classes=folded.classes, voters=folded.voters) for unit in units]
    return chip_network(folded, encoder, layers, target, architecture, dataset, provenance)


def chip_network(
    folded: FoldedNetwork,
    encoder: Encoder | None,
    layers: Sequence[Layer],
    target: Target,
    architecture: str | None,
    dataset: str | None,
    provenance: Mapping[str, Any] | None = None,
) -> ChipNetwork:
    """The network of layers that were made from a folded one, with its readout and what it says of itself (see `lower`)."""
    return ChipNetwork(
        layers=tuple(layers),
        timesteps=folded.timesteps,
        encoder=encoder,
        readout=Readout(folded.classes, folded.voters),
        architecture=architecture if architecture is not None else architecture_string(folded),
        target=target_name(target),
        dataset=dataset,
        provenance=provenance or {},
    )


def lower_unit(unit: Unit, weights: WeightFormat, *, classes: int, voters: int) -> Layer:
    """One chip layer from one unit, whose batch norm must be folded or carry its statistics."""
    if unit.kind == "or":
        copy, neuron = quantise.copying_neuron(weights)
        return _pool(unit, copy, 0, neuron, None)
    if unit.kind == "mean":
        inputs = unit.window[0] * unit.window[1]
        share, offset, neuron = quantise.averaging_neuron(inputs, unit.k, weights)
        return _pool(unit, share, offset, neuron, float(inputs * share))
    return layer_of(unit, integers_of(unit, weights, classes=classes, voters=voters), weights)


def integers_of(unit: Unit, weights: WeightFormat, *, classes: int, voters: int) -> IntegerMap:
    """The integers of a "conv" or "dense" unit, whose batch norm must be folded or carry its statistics."""
    unit = folded_unit(unit)
    conv = unit.conv
    assert conv is not None
    if unit.kind == "dense" and weights.readout_block is not None:
        if unit.block != "readout":
            raise InputError(
                f"layer {unit.name!r}: a fully connected layer before the readout fits no crossbar core; a target with columns, "
                "such as loihi2, or an architecture without one would work."
            )
        check_voters(conv.weight.shape[1], voters, weights.readout_block)
        conv = keep_blocks(conv, classes, voters, weights.readout_block)
    relays = unit.relays_out > 0
    return quantise.quantise(conv, unit.k, weights, relays=relays, shortcut=unit.shortcut, name=unit.name)


def layer_of(unit: Unit, integers: IntegerMap, weights: WeightFormat) -> Layer:
    """The chip layer of a "conv" or "dense" unit, relays and shortcut put in."""
    scale = float(integers.scale[0]) if weights.kind == "even" and integers.scale.size else None
    if unit.kind == "dense":
        bias = integers.bias if integers.bias.any() else None
        shape = (len(integers.weight),)
        return DenseLayer(
            unit.name, shape, integers.weight, integers.neuron, bias, block=unit.block, scale=scale, k=integers.k
        )
    assert unit.conv is not None
    weight, bias = full_kernel(unit, integers)
    return ConvLayer(
        unit.name,
        (unit.shape[0] + unit.relays_out, *unit.shape[1:]),
        weight,
        integers.neuron,
        bias,
        stride=(unit.conv.stride, unit.conv.stride),
        padding=(unit.conv.padding, unit.conv.padding),
        groups=unit.groups,
        roles=channel_roles(unit),
        block=unit.block,
        scale=scale,
        k=integers.k,
    )


def folded_conv(conv: FoldedConv, name: str) -> FoldedConv:
    """Batch norm folded with its own statistics.

    Raises:
        InputError: there are none: they must be estimated on the path's own spikes.
    """
    if conv.norm is not None and (conv.norm.mean is None or conv.norm.var is None):
        raise InputError(
            f"layer {name!r} has batch norm without statistics; deploy_candidate estimates them on the path's own spikes."
        )
    return conv.fold()


def folded_unit(unit: Unit) -> Unit:
    """The unit with batch norm inside its floats."""
    if unit.conv is None:
        return unit
    shortcut = folded_conv(unit.shortcut, unit.name) if isinstance(unit.shortcut, FoldedConv) else unit.shortcut
    return replace(unit, conv=folded_conv(unit.conv, unit.name), shortcut=shortcut)


def architecture_string(folded: FoldedNetwork) -> str:
    """Block names of the slots, with `/groups` behind each where any is grouped."""
    slots = [block.stage for block in folded.blocks if block.stage.block is not None]
    grouped = any(stage.groups != 1 for stage in slots)
    return ",".join(f"{s.kind}/{s.groups}" if grouped else s.kind for s in slots)


def _pool(unit: Unit, weight: int, bias: int, neuron: quantise.CubaNeuron, scale: float | None) -> ConvLayer:
    channels = unit.shape[0]
    stride = unit.window
    return ConvLayer(
        unit.name,
        unit.shape,
        np.full((channels, 1, *unit.window), weight, np.int64),
        neuron,
        np.full(channels, bias, np.int64) if bias else None,
        stride=stride,
        groups=channels,
        roles=np.full(channels, Role.POOL, np.uint8),
        block=unit.block,
        scale=scale,
        k=None if unit.kind == "or" else unit.k,
    )
