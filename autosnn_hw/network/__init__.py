"""What runs on a chip, as data: `ChipNetwork` and its layers, and what of their integers and geometry everybody needs to know."""

from autosnn_hw.network.chip_layers import ConvLayer, CubaNeuron, DenseLayer, InputLayer, IntOrArray, Layer, Role
from autosnn_hw.network.chip_network import (
    MAX_TIMESTEPS,
    CheckSamples,
    ChipNetwork,
    Encoder,
    Readout,
    conv_output_size,
    require_spiking,
)
from autosnn_hw.network.sigma_delta import SigmaDeltaNeuron, SigmaDeltaPart

__all__ = [
    "MAX_TIMESTEPS",
    "CheckSamples",
    "ChipNetwork",
    "ConvLayer",
    "CubaNeuron",
    "DenseLayer",
    "Encoder",
    "InputLayer",
    "IntOrArray",
    "Layer",
    "Readout",
    "Role",
    "SigmaDeltaNeuron",
    "SigmaDeltaPart",
    "conv_output_size",
    "require_spiking",
]
