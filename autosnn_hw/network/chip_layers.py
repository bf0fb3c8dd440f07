"""Layers of a `ChipNetwork`: input, convolution and fully connected, with their neurons, as plain frozen data.

What no simulator could give a meaning to (NaN or fractional weights, wrong shapes, negative thresholds) is refused here,
with the layer's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from autosnn_hw.axes import along_first
from autosnn_hw.errors import InputError
from autosnn_hw.network.integer_values import integers, pair
from autosnn_hw.network.sigma_delta import SigmaDeltaNeuron


class Role(IntEnum):
    """What a channel is there for; relay and pool spikes are real spikes, counted and priced, and shown apart."""

    OWN = 0
    RELAY = 1
    POOL = 2


IntOrArray = int | np.ndarray

# Lava's fixed-point CUBA neuron (equations: docs/simulator.md).
DECAY_ONE = 4096  # a decay of 4096 forgets everything in one step
ALIGN = 64  # input, bias and threshold are mantissas, shifted left by 6 bits
WRAP = 1 << 23  # u and v are 24-bit registers: u wraps around beyond this
V_LIMIT = WRAP - 1  # v is clipped to it
BIAS_LIMIT = 4095  # 13 bit signed bias mantissa of Loihi 2; the clip of the encoder's definition
THRESHOLD_LIMIT = (1 << 17) - 1  # 17 bit threshold mantissa; a layer that has it everywhere is read by its v
LONGEST_DELAY = 62  # netx clips longer dense delays to this

_OWN: Any = None  # default of roles: every channel is its layer's own, filled in when the layer is made


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
    i_decay: IntOrArray = DECAY_ONE

    def __post_init__(self) -> None:
        for name, high in (("vth_mant", None), ("v_decay", DECAY_ONE), ("i_decay", DECAY_ONE)):
            array = integers(getattr(self, name), f"neuron parameter {name}")
            if (array < 0).any():
                raise InputError(f"neuron parameter {name} is negative ({int(array.min())}); 0 or more is needed.")
            if high is not None and (array > high).any():
                raise InputError(f"neuron parameter {name} is {int(array.max())}; at most {high} is allowed.")
            object.__setattr__(self, name, int(array) if array.ndim == 0 else array.reshape(-1))

    @property
    def memoryless_current(self) -> bool:
        """Whether u is what arrives in a step and nothing else (i_decay 4096 everywhere)."""
        return bool((np.asarray(self.i_decay) == DECAY_ONE).all())


Neuron = CubaNeuron | SigmaDeltaNeuron


def cuba(layer: Layer) -> CubaNeuron:
    """The neuron of a layer that must have a CUBA neuron.

    Raises:
        InputError: it has sigma-delta neurons.
    """
    if isinstance(layer.neuron, SigmaDeltaNeuron):
        raise InputError(
            f"layer {layer.name!r} has sigma-delta neurons; a network of spiking (CUBA) neurons is needed."
        )
    assert layer.neuron is not None
    return layer.neuron


def per_neuron(value: IntOrArray, shape: tuple[int, ...]) -> np.ndarray:
    """A neuron parameter or bias, one for all, one a channel or one a neuron, as int64 that broadcasts to a layer's shape."""
    array = np.asarray(value, np.int64)
    return array if array.shape == shape else along_first(array, len(shape))


def every_neuron(value: IntOrArray, shape: tuple[int, ...]) -> np.ndarray:
    """`per_neuron` written out: contiguous int64 (neurons,) in C, H, W order."""
    return np.ascontiguousarray(np.broadcast_to(per_neuron(value, shape), shape)).reshape(-1)


def effective_bias(layer: Layer) -> np.ndarray:
    """64 * bias, int64, broadcasts to the layer's shape; Lava's bias mantissa is an int16, so larger ones wrap."""
    bias = 0 if layer.bias is None else layer.bias.astype(np.int16)
    return ALIGN * per_neuron(bias, layer.shape)


def _roles(layer: Any, channels: int) -> None:
    roles = np.zeros(channels, np.uint8) if layer.roles is None else np.asarray(layer.roles, np.uint8).reshape(-1)
    if roles.shape != (channels,) or (roles > max(Role)).any():
        raise InputError(
            f"layer {layer.name!r}: roles has shape {roles.shape}; one role 0..2 for each of the {channels} channels is needed."
        )
    object.__setattr__(layer, "roles", roles)


def _neuron(layer: Any, channels: int) -> None:
    neuron = layer.neuron
    if not isinstance(neuron, CubaNeuron):
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
        payload: largest value that a message of frames carries: 1 for spikes; above, frames are counts, cut there (graded spikes).
        foreign_transform: (weight, bias) found in the input entry of a foreign file; they belong to its owner's
            pre-processing and are only shown.
    """

    name: str
    shape: tuple[int, ...]
    neuron: Neuron | None = None
    bias: np.ndarray | None = None
    roles: np.ndarray = _OWN
    block: str = "stem"
    scale: float | None = None
    k: float | None = None
    host: bool = False
    payload: int = 1
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
    neuron: Neuron
    bias: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    roles: np.ndarray = _OWN
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
        stored: int64 (N, Nin) that a NetX file must hold for Lava to compute with `weight`, where it changes them at load;
            None where the file holds `weight` itself.
    """

    name: str
    shape: tuple[int, ...]
    weight: np.ndarray
    neuron: Neuron
    bias: np.ndarray | None = None
    delay: np.ndarray | None = None
    roles: np.ndarray = _OWN
    block: str = ""
    scale: float | None = None
    k: float | None = None
    stored: np.ndarray | None = None

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
