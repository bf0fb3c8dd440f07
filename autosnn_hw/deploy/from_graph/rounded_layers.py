"""Planned layers become the integer layers of a chip, in order, each with its account."""

from __future__ import annotations

from typing import Any

from autosnn_hw.deploy.from_graph.account import account as account_of
from autosnn_hw.deploy.from_graph.account import image_account
from autosnn_hw.deploy.from_graph.image_input import SeenImages, image_input
from autosnn_hw.deploy.from_graph.layer_maps import Plan, PlannedLayer
from autosnn_hw.deploy.from_graph.maps import ConvMap
from autosnn_hw.deploy.from_graph.relayed_layers import conv_layer, dense_layer
from autosnn_hw.deploy.from_graph.rounding import RoundedNeurons, rounded
from autosnn_hw.network import Encoder, InputLayer, Layer


def chip_layers(
    plan: Plan, images: SeenImages | None = None
) -> tuple[list[Layer], list[dict[str, Any]], Encoder | None]:
    """The chip's layers, the input first, an account of every other, and the encoder of images that the first layer becomes.

    Raises:
        InputError: weights that are all zero, thresholds below 0, shortcuts or delays that no layer has; names the node.
    """
    chip: list[Layer] = [InputLayer(plan.start, plan.input_shape, block="")]
    account, encoder, layers = [], None, plan.layers
    if images is not None:
        encoder, first = image_input(layers[0], images, plan.how.fires_at)
        chip, layers = [first], layers[1:]
        account.append(image_account(plan.layers[0].layer, plan.layers[0].constants, encoder, first))
    for layer in layers:
        own = rounded(layer.floats, layer.name, fires_at=plan.how.fires_at)
        made = chip_layer(layer, own)
        chip.append(made)
        account.append(account_of(layer.layer, layer.constants, own, made))
    return chip, account, encoder


def chip_layer(layer: PlannedLayer, own: RoundedNeurons) -> Layer:
    """The layer with these integers, and with the relays that pass it."""
    heard, carried = list(layer.heard), list(layer.carried)
    if isinstance(layer.joint, ConvMap):
        return conv_layer(layer.layer, layer.joint, own, heard, carried, layer.where)
    return dense_layer(layer.layer, layer.joint, own, heard, carried, layer.where)
