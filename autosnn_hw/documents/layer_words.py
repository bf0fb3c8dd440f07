"""What every document calls a layer: its kind by what computes it, its role by what it is for."""

from __future__ import annotations

from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer, Role

KINDS = {InputLayer: "input", ConvLayer: "conv", DenseLayer: "dense"}


def kind_of(layer: Layer) -> str:
    """input, conv or dense."""
    return KINDS[type(layer)]


def role_of(layer: Layer, network: ChipNetwork) -> str:
    """readout for the last layer, pool for one that holds pool channels only, else block."""
    if layer is network.layers[-1]:
        return "readout"
    assert layer.roles is not None
    return "pool" if (layer.roles == Role.POOL).all() else "block"
