"""`ChipNetwork`: the integer network that a chip runs. Plain frozen data on numpy; it carries integers and does no work.

The integers may be any: whether a chip can hold them is the answer of `check`, not of this type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network.chip_layers import (
    DenseLayer,
    InputLayer,
    Layer,
)
from autosnn_hw.network.sigma_delta import SigmaDeltaNeuron, SigmaDeltaPart

MAX_TIMESTEPS = 1 << 16
"""Steps of one sample that are simulated at most: counts of every step are kept."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """The stem convolution of direct encoding: host work in integers that turns an image into the stem neurons' biases.

    A byte pixel becomes q = table[channel][byte]; a float pixel q = round(x * scale[channel]). Then
    bias mantissa = clip((conv(q) + bias) * multiplier + 2^(shift - 1) >> shift, -4095, 4095).

    Args:
        weight: int8 (C, Cin, k, k); bias: int32 (C,); multiplier: int32 (C,); shift: int.
        table: int8 (Cin, 256), or None with `scale`; scale: float32 (Cin,), or None with `table`.
        stride, padding: (H, W).
        pixel_range: lowest and highest float pixel of training, so that others can be told; None where it is not known. A table shows
            itself where training ended.
    """

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: int
    table: np.ndarray | None = None
    scale: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (1, 1)
    pixel_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.table is None) == (self.scale is None):
            raise InputError(
                "an encoder needs either a pixel table (byte images) or a scale (float images), and not both."
            )


@dataclass(frozen=True)
class Readout:
    """How the last layer is read: its neurons are classes x voters, class-major; votes of a class are summed over the run.

    accumulates: True for a readout that never fires (vth_mant 131071, v_decay 0) and is read as the argmax of its final v.
    """

    classes: int
    voters: int = 1
    accumulates: bool = False


@dataclass(frozen=True, eq=False)
class CheckSamples:
    """A few images that travel in the file with what the exact simulator said of them.

    images: uint8 or float32 (n, C, H, W), or event frames uint8 (n, T, C, H, W); labels: int64 (n,); spikes: int64 (layers with neurons, n); predictions: int64 (n,).
    """

    images: np.ndarray
    labels: np.ndarray
    spikes: np.ndarray
    predictions: np.ndarray


@dataclass(frozen=True, eq=False)
class ChipNetwork:
    """A strictly sequential integer network: an `InputLayer`, then conv and dense layers, and what belongs to running it.

    Args:
        layers: the first is an `InputLayer`; every other has neurons.
        timesteps: steps a sample is simulated for; None for a foreign net.
        encoder: the stem of direct encoding, or None.
        readout: how the last layer is read, or None for a foreign net (each neuron is then a class).
        architecture, target, dataset: names, where known.
        provenance: JSON-able facts about how it was made.
        check: sample images with their spikes, or None.

    Raises:
        InputError: the shapes of two layers do not match, or a name stands twice.
    """

    layers: tuple[Layer, ...]
    timesteps: int | None = None
    encoder: Encoder | None = None
    readout: Readout | None = None
    architecture: str | None = None
    target: str | None = None
    dataset: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    check: CheckSamples | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        if len(self.layers) < 2 or not isinstance(self.layers[0], InputLayer):
            raise InputError("a network needs an input layer and at least one layer after it.")
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names):
            raise InputError(
                f"layer names must be unique; found {sorted(n for n in set(names) if names.count(n) > 1)} more than once."
            )
        if self.timesteps is not None and not 1 <= self.timesteps <= MAX_TIMESTEPS:
            raise InputError(f"timesteps is {self.timesteps}; 1 to {MAX_TIMESTEPS} are allowed.")
        for source, layer in zip(self.layers, self.layers[1:]):
            _fits(source, layer)
        _one_kind_of_neuron(self)
        if self.readout is not None and self.readout.classes * self.readout.voters != self.layers[-1].shape[0]:
            raise InputError(
                f"the readout of {self.readout.classes} classes x {self.readout.voters} voters does not match the {self.layers[-1].shape[0]} neurons of {names[-1]!r}."
            )

    @property
    def neuron_layers(self) -> tuple[Layer, ...]:
        """The layers that have neurons, in order: what `Activity.layers` is indexed by and Lava's len(net) counts."""
        return self.layers if self.layers[0].neuron is not None else self.layers[1:]

    @property
    def sigma_delta(self) -> bool:
        """Whether its neurons are sigma-delta neurons, whose messages carry values; otherwise they are CUBA neurons."""
        return isinstance(self.layers[-1].neuron, SigmaDeltaNeuron)

    @property
    def input_layer(self) -> InputLayer:
        layer = self.layers[0]
        assert isinstance(layer, InputLayer)
        return layer


def require_spiking(network: ChipNetwork, form: str) -> None:
    """Refuse a sigma-delta network where only spikes can be said.

    Args:
        form: what it was to be written as.

    Raises:
        InputError: the network's neurons are sigma-delta neurons.
    """
    if network.sigma_delta:
        raise InputError(
            f"a network of sigma-delta neurons is written as NetX (--format netx), not as {form}, whose neurons here send spikes."
        )


def conv_output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Length of a convolution's output along one axis."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _one_kind_of_neuron(network: ChipNetwork) -> None:
    """Sigma-delta neurons stand alone in a network, a delta encoder at its input and a sigma decoder at its end."""
    for layer in network.neuron_layers:
        if isinstance(layer.neuron, SigmaDeltaNeuron) is not network.sigma_delta:
            raise InputError(
                f"layer {layer.name!r} and {network.layers[-1].name!r} mix sigma-delta and spiking (CUBA) neurons; a network has one of both."
            )
        if not isinstance(layer.neuron, SigmaDeltaNeuron):
            continue
        part = layer.neuron.part
        if (part is SigmaDeltaPart.DELTA) is not isinstance(layer, InputLayer):
            raise InputError(
                f"layer {layer.name!r} has {part.value} neurons; delta encoders are for the input, and for nothing else."
            )
        if part is SigmaDeltaPart.SIGMA and (layer is not network.layers[-1] or layer.bias is not None):
            raise InputError(
                f"layer {layer.name!r} decodes the output (sigma); it must be the last layer and have no bias, which lava-dl does not load."
            )
        if part is SigmaDeltaPart.DELTA and layer.bias is not None:
            raise InputError(f"layer {layer.name!r} has a bias; a delta encoder has none.")


def _fits(source: Layer, layer: Layer) -> None:
    if isinstance(layer, InputLayer):
        raise InputError(f"layer {layer.name!r} is an input layer; only the first may be one.")
    if isinstance(layer, DenseLayer):
        if layer.weight.shape[1] != int(np.prod(source.shape)):
            raise InputError(
                f"layer {layer.name!r}: weight takes {layer.weight.shape[1]} inputs, {source.name!r} gives {int(np.prod(source.shape))}."
            )
        return
    if len(source.shape) != 3:
        raise InputError(f"layer {layer.name!r} is a convolution after {source.name!r}, which is not (C, H, W).")
    channels = layer.weight.shape[1] * layer.groups
    if channels != source.shape[0]:
        raise InputError(
            f"layer {layer.name!r}: weight and groups take {channels} channels, {source.name!r} gives {source.shape[0]}."
        )
    size = tuple(
        conv_output_size(
            source.shape[1 + a], layer.weight.shape[2 + a], layer.stride[a], layer.padding[a], layer.dilation[a]
        )
        for a in (0, 1)
    )
    if size != layer.shape[1:]:
        least = tuple(
            (layer.shape[1 + a] - 1) * layer.stride[a]
            + layer.dilation[a] * (layer.weight.shape[2 + a] - 1)
            + 1
            - 2 * layer.padding[a]
            for a in (0, 1)
        )
        raise InputError(
            f"layer {layer.name!r}: shape says {layer.shape[1:]}, the convolution of {source.name!r} {source.shape[1:]} gives {size}; "
            f"{least} would give what it says."
        )
