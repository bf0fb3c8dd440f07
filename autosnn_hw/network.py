"""`ChipNetwork`: the integer network that a chip runs. Plain frozen data on numpy; it carries integers and does no work.

The integers may be any: whether a chip can hold them is the answer of `check`, not of this type. What no simulator could
give a meaning to (NaN or fractional weights, wrong shapes, negative thresholds) is refused here, with the layer's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError


class Role(IntEnum):
    """What a channel is there for; relay and pool spikes are real spikes, counted and priced, and shown apart."""

    OWN = 0
    RELAY = 1
    POOL = 2


IntOrArray = int | np.ndarray


def integers(value: Any, what: str) -> np.ndarray:
    """Return `value` as an int64 array; refuse NaN, infinities and fractions, which NetX would silently truncate.

    Raises:
        InputError: a value is not an integer.
    """
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    if array.dtype.kind != "f":
        raise InputError(f"{what} has dtype {array.dtype}; integers are needed.")
    if not np.isfinite(array).all():
        raise InputError(f"{what} holds NaN or infinite values; integers are needed.")
    if (array != np.trunc(array)).any():
        raise InputError(
            f"{what} holds fractions, which NetX would truncate toward zero; round them to integers first."
        )
    return array.astype(np.int64)


def pair(value: Any, what: str, least: int) -> tuple[int, int]:
    """(H, W) pair of integers from a scalar or a pair; `least` is the smallest legal value."""
    array = integers(value, what).reshape(-1)
    if array.size not in (1, 2) or (array < least).any():
        raise InputError(f"{what} is {np.asarray(value).tolist()}; one or two integers of at least {least} are needed.")
    return int(array[0]), int(array[-1])


@dataclass(frozen=True, eq=False)
class CubaNeuron:
    """Parameters of Lava's fixed-point CUBA neuron (equations: docs/simulator.md).

    Args:
        vth_mant: threshold mantissa; the neuron fires when v > 64 * vth_mant. int, or int64 array (C,) for conv and
            input layers, (N,) for dense layers.
        v_decay: voltage decay 0..4096 (4096: memoryless), int or array likewise.
        i_decay: current decay 0..4096 (4096: no current memory), int or array likewise.
    """

    vth_mant: IntOrArray
    v_decay: IntOrArray
    i_decay: IntOrArray = 4096

    def __post_init__(self) -> None:
        for name, high in (("vth_mant", None), ("v_decay", 4096), ("i_decay", 4096)):
            array = integers(getattr(self, name), f"neuron parameter {name}")
            if (array < 0).any():
                raise InputError(f"neuron parameter {name} is negative ({int(array.min())}); 0 or more is needed.")
            if high is not None and (array > high).any():
                raise InputError(f"neuron parameter {name} is {int(array.max())}; at most {high} is allowed.")
            object.__setattr__(self, name, int(array) if array.ndim == 0 else array.reshape(-1))


def _roles(layer: Any, channels: int) -> None:
    roles = np.zeros(channels, np.uint8) if layer.roles is None else np.asarray(layer.roles, np.uint8).reshape(-1)
    if roles.shape != (channels,) or (roles > max(Role)).any():
        raise InputError(
            f"layer {layer.name!r}: roles has shape {roles.shape}; one role 0..2 for each of the {channels} channels is needed."
        )
    object.__setattr__(layer, "roles", roles)


def _neuron(layer: Any, channels: int) -> None:
    neuron = layer.neuron
    if neuron is None:
        return
    for name in ("vth_mant", "v_decay", "i_decay"):
        value = getattr(neuron, name)
        if isinstance(value, np.ndarray) and value.size not in (1, channels):
            raise InputError(
                f"layer {layer.name!r}: neuron parameter {name} has {value.size} values; 1 or {channels} are needed."
            )


def _bias(layer: Any, shape: tuple[int, ...]) -> None:
    if layer.bias is None:
        return
    bias = integers(layer.bias, f"layer {layer.name!r}: bias")
    if bias.size == 1 and bias.ndim == 0:
        bias = np.full(shape[0], int(bias), np.int64)
    if bias.shape != shape and bias.reshape(-1).shape != (shape[0],):
        raise InputError(f"layer {layer.name!r}: bias has shape {bias.shape}; {(shape[0],)} or {shape} is needed.")
    object.__setattr__(layer, "bias", bias if bias.shape == shape else bias.reshape(-1))


def _shape(layer: Any) -> tuple[int, ...]:
    shape = tuple(int(n) for n in integers(layer.shape, f"layer {layer.name!r}: shape").reshape(-1))
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise InputError(f"layer {layer.name!r}: shape is {shape}; (C, H, W) or (N,) with positive sizes is needed.")
    object.__setattr__(layer, "shape", shape)
    return shape


@dataclass(frozen=True, eq=False)
class InputLayer:
    """The first layer. With a neuron it integrates a value that is constant over the sample (direct encoding) or changes
    with the step (graded frames); without one it only says the shape of the spike frames that come in.

    Args:
        name: unique in the network.
        shape: (C, H, W), or (N,) for a network that begins with a dense layer.
        neuron: None, or the parameters of the neurons that the values drive (no synapse, no delay).
        bias: int64 (C,) or (C, H, W), added to v every step as 64 * bias; None for none.
        host: True where the neuron runs on the host and only its spikes go to the chip (targets without per-image biases).
        foreign_transform: (weight, bias) found in the input entry of a foreign file; they belong to its owner's
            pre-processing and are only shown.
    """

    name: str
    shape: tuple[int, ...]
    neuron: CubaNeuron | None = None
    bias: np.ndarray | None = None
    roles: np.ndarray | None = None
    block: str = "stem"
    scale: float | None = None
    k: float | None = None
    host: bool = False
    foreign_transform: tuple[np.ndarray, np.ndarray] | None = None

    def __post_init__(self) -> None:
        shape = _shape(self)
        _roles(self, shape[0])
        _neuron(self, shape[0])
        _bias(self, shape)


@dataclass(frozen=True, eq=False)
class ConvLayer:
    """A convolution and its neurons.

    Args:
        shape: (C, H, W) of the output.
        weight: int64 (C, Cin / groups, kH, kW), torch order.
        bias: int64 (C,) or (C, H, W) mantissa, added to v every step as 64 * bias; None for none.
        stride, padding, dilation: (H, W).
        roles: uint8 (C,), see `Role`.
        block: the block it was lowered from, such as "TBD1:SRB_k3".
        scale, k: float scale S of the layer and the PLIF constant it was lowered with; None where unknown.
    """

    name: str
    shape: tuple[int, ...]
    weight: np.ndarray
    neuron: CubaNeuron
    bias: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    roles: np.ndarray | None = None
    block: str = ""
    scale: float | None = None
    k: float | None = None

    def __post_init__(self) -> None:
        shape = _shape(self)
        weight = integers(self.weight, f"layer {self.name!r}: weight")
        if weight.ndim == 5 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if weight.ndim != 4 or len(shape) != 3 or weight.shape[0] != shape[0]:
            raise InputError(
                f"layer {self.name!r}: weight has shape {weight.shape} for the output shape {shape}; (C, Cin / groups, kH, kW) is needed."
            )
        object.__setattr__(self, "weight", weight)
        for name, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
            object.__setattr__(self, name, pair(getattr(self, name), f"layer {self.name!r}: {name}", least))
        groups = int(integers(self.groups, f"layer {self.name!r}: groups").reshape(-1)[0])
        if groups < 1 or shape[0] % groups:
            raise InputError(
                f"layer {self.name!r}: groups is {groups}; a divisor of the {shape[0]} output channels is needed."
            )
        object.__setattr__(self, "groups", groups)
        _roles(self, shape[0])
        _neuron(self, shape[0])
        _bias(self, shape)


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A fully connected layer and its neurons; after a (C, H, W) layer its inputs are that layer's spikes in C, H, W order.

    Args:
        shape: (N,).
        weight: int64 (N, Nin).
        bias: int64 (N,) or None.
        delay: int64 (N, Nin) additional steps a spike takes on each synapse, or None.
    """

    name: str
    shape: tuple[int, ...]
    weight: np.ndarray
    neuron: CubaNeuron
    bias: np.ndarray | None = None
    delay: np.ndarray | None = None
    roles: np.ndarray | None = None
    block: str = ""
    scale: float | None = None
    k: float | None = None

    def __post_init__(self) -> None:
        shape = _shape(self)
        shape = (int(np.prod(shape)),)
        object.__setattr__(self, "shape", shape)
        weight = integers(self.weight, f"layer {self.name!r}: weight")
        if weight.ndim == 1:
            weight = weight.reshape(shape[0], -1)
        if weight.ndim != 2 or weight.shape[0] != shape[0]:
            raise InputError(
                f"layer {self.name!r}: weight has shape {weight.shape} for {shape[0]} neurons; (N, Nin) is needed."
            )
        object.__setattr__(self, "weight", weight)
        if self.delay is not None:
            delay = integers(self.delay, f"layer {self.name!r}: delay")
            if delay.shape != weight.shape or (delay < 0).any():
                raise InputError(
                    f"layer {self.name!r}: delay has shape {delay.shape} and least value {int(delay.min())}; {weight.shape} with values of at least 0 is needed."
                )
            object.__setattr__(self, "delay", delay)
        _roles(self, shape[0])
        _neuron(self, shape[0])
        _bias(self, shape)


Layer = InputLayer | ConvLayer | DenseLayer


@dataclass(frozen=True, eq=False)
class Encoder:
    """The stem convolution of direct encoding: host work in integers that turns an image into the stem neurons' biases.

    A byte pixel becomes q = table[channel][byte]; a float pixel q = round(x * scale[channel]). Then
    bias mantissa = clip((conv(q) + bias) * multiplier + 2^(shift - 1) >> shift, -4095, 4095).

    Args:
        weight: int8 (C, Cin, k, k); bias: int32 (C,); multiplier: int32 (C,); shift: int.
        table: int8 (Cin, 256), or None with `scale`; scale: float32 (Cin,), or None with `table`.
        stride, padding: (H, W).
    """

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: int
    table: np.ndarray | None = None
    scale: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (1, 1)

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

    images: uint8 or float32 (n, C, H, W); labels: int64 (n,); spikes: int64 (layers with neurons, n); predictions: int64 (n,).
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
        if self.timesteps is not None and self.timesteps < 1:
            raise InputError(f"timesteps is {self.timesteps}; at least 1 is needed.")
        for source, layer in zip(self.layers, self.layers[1:]):
            _fits(source, layer)
        if self.readout is not None and self.readout.classes * self.readout.voters != self.layers[-1].shape[0]:
            raise InputError(
                f"the readout of {self.readout.classes} classes x {self.readout.voters} voters does not match the {self.layers[-1].shape[0]} neurons of {names[-1]!r}."
            )

    @property
    def neuron_layers(self) -> tuple[Layer, ...]:
        """The layers that have neurons, in order: what `Activity.layers` is indexed by and Lava's len(net) counts."""
        return self.layers if self.layers[0].neuron is not None else self.layers[1:]

    @property
    def input_layer(self) -> InputLayer:
        layer = self.layers[0]
        assert isinstance(layer, InputLayer)
        return layer


def conv_output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Length of a convolution's output along one axis."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


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
        raise InputError(
            f"layer {layer.name!r}: shape says {layer.shape[1:]}, the convolution of {source.name!r} gives {size}."
        )
