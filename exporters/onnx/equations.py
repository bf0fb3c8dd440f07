"""The equations of a chip network (docs/simulator.md) as ONNX nodes: stem, synapses, neurons of one time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.network import ConvLayer, DenseLayer, Encoder, Layer
from autosnn_hw.network.chip_layers import (
    ALIGN,
    BIAS_LIMIT,
    DECAY_ONE,
    V_LIMIT,
    WRAP,
    IntOrArray,
    cuba,
    effective_bias,
    per_neuron,
)
from exporters.onnx.nodes import Nodes, digits

ANY_INT32 = 1 << 31
LOW_BITS = 8


@dataclass(frozen=True)
class StateNames:
    """Names of what a layer keeps from step to step, int64; u only with current memory, d only with delays.

    v, u: (N, *shape). d: (N, largest delay, neurons), what delayed spikes will still deliver, nearest step first.
    """

    v: str
    u: str | None = None
    d: str | None = None

    def named(self) -> dict[str, str]:
        return {kind: name for kind in "vud" if (name := getattr(self, kind)) is not None}


def has_memory(layer: Layer) -> bool:
    """Whether the layer's u outlives a step."""
    return layer.neuron is not None and bool(np.min(cuba(layer).i_decay) < DECAY_ONE)


def longest_delay(layer: Layer) -> int:
    return int(layer.delay.max()) if isinstance(layer, DenseLayer) and layer.delay is not None else 0


def state_shapes(layer: Layer) -> dict[str, list[int]]:
    """Shapes of a layer's states without the batch axis, by kind."""
    shapes = {"v": list(layer.shape)}
    if has_memory(layer):
        shapes["u"] = list(layer.shape)
    if longest_delay(layer):
        shapes["d"] = [longest_delay(layer), layer.shape[0]]
    return shapes


def encode(nodes: Nodes, encoder: Encoder, image: str) -> str:
    """Bias mantissas of the stem neurons, int64 (N, C, H, W): `autosnn_hw.simulate.stem.encode` as nodes.

    Float pixels are exact while |q| < 2^32 / sum of a kernel's |weights|, far beyond any pixel the scale was made for.
    """
    weight = np.asarray(encoder.weight, np.int64)
    if encoder.table is not None:
        flat = np.asarray(encoder.table, np.int64)
        index = nodes.to_int(image)
        if len(flat) > 1:
            index = nodes("Add", index, nodes.constant(np.arange(len(flat)).reshape(1, -1, 1, 1) * 256))
        level = nodes("Gather", nodes.constant(flat.reshape(-1), np.float32), index)
        total = _convolution(nodes, level, weight, encoder, int(np.abs(flat).max(initial=1)))
    else:
        scale = nodes.constant(np.asarray(encoder.scale).reshape(1, -1, 1, 1), np.float32)
        level = nodes.to_int(nodes("Round", nodes("Mul", image, scale)))
        high = nodes.floor_divide(level, LOW_BITS)
        low = nodes("Sub", level, nodes("Mul", high, nodes.constant(1 << LOW_BITS)))
        parts = [_convolution(nodes, nodes.to_float(x), weight, encoder, 1 << LOW_BITS) for x in (high, low)]
        total = nodes("Add", nodes("Mul", parts[0], nodes.constant(1 << LOW_BITS)), parts[1])
    total = nodes("Add", total, nodes.constant(_column(encoder.bias)))
    total = nodes("Mul", total, nodes.constant(_column(encoder.multiplier)))
    total = nodes("Add", total, nodes.constant((1 << int(encoder.shift)) >> 1))
    return nodes.clamp(nodes.floor_divide(total, int(encoder.shift)), -BIAS_LIMIT, BIAS_LIMIT)


def _column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.int64).reshape(1, -1, 1, 1)


def _convolution(
    nodes: Nodes,
    x: str,
    weight: np.ndarray,
    geometry: ConvLayer | Encoder,
    largest: int = 1,
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> str:
    """Exact integer convolution of float32 integers of at most `largest`, int64."""
    parts = []
    for factor, part in digits(weight, largest):
        total = nodes(
            "Conv",
            x,
            nodes.constant(part, np.float32),
            strides=list(geometry.stride),
            pads=[*geometry.padding, *geometry.padding],
            dilations=list(dilation),
            group=groups,
        )
        total = nodes.to_int(total)
        parts.append(total if factor == 1 else nodes("Mul", total, nodes.constant(factor)))
    return nodes.total(parts)


def _product(nodes: Nodes, x: str, weight: np.ndarray, largest: int = 1) -> str:
    """Exact integer product of float32 integers (N, Nin) of at most `largest` with (Nout, Nin), int64 (N, Nout)."""
    parts = []
    for factor, part in digits(weight, largest):
        total = nodes.to_int(nodes("MatMul", x, nodes.constant(part.T, np.float32)))
        parts.append(total if factor == 1 else nodes("Mul", total, nodes.constant(factor)))
    return nodes.total(parts)


def synapses(
    nodes: Nodes, layer: ConvLayer | DenseLayer, spikes: str, state: StateNames, payload: int = 1
) -> tuple[str, str | None]:
    """What a layer receives in a step, int64 (N, *shape), and its new `d`; `payload`: largest value in `spikes`."""
    if isinstance(layer, ConvLayer):
        total = _convolution(nodes, spikes, layer.weight, layer, payload, layer.dilation, layer.groups)
        return (nodes.wrap(total, 24) if payload * _reach(layer) >= WRAP else total), None
    flat = nodes("Flatten", spikes, axis=1)
    late = longest_delay(layer)
    if state.d is None or layer.delay is None:
        return _product(nodes, flat, layer.weight, payload), None
    stacked = np.concatenate([np.where(layer.delay == steps, layer.weight, 0) for steps in range(late + 1)])
    sent = nodes("Reshape", _product(nodes, flat, stacked, payload), nodes.constant([0, late + 1, layer.shape[0]]))
    nothing = nodes("Mul", nodes("Slice", state.d, *_steps(nodes, 0, 1)), nodes.constant(0))
    total = nodes("Add", sent, nodes("Concat", state.d, nothing, axis=1))
    now = nodes("Squeeze", nodes("Slice", total, *_steps(nodes, 0, 1)), nodes.constant([1]))
    return now, nodes("Slice", total, *_steps(nodes, 1, late + 1))


def _steps(nodes: Nodes, first: int, last: int) -> tuple[str, str, str]:
    return nodes.constant([first]), nodes.constant([last]), nodes.constant([1])


def _reach(layer: ConvLayer | DenseLayer) -> int:
    """Largest absolute sum of synapses before any wrap."""
    return int(np.abs(layer.weight).reshape(len(layer.weight), -1).sum(axis=1).max())


def current_bound(layer: Layer, payload: int = 1) -> int:
    """Largest absolute value that arrives at a conv or dense layer in a step, where no input is above `payload`."""
    assert isinstance(layer, ConvLayer | DenseLayer)
    reach = payload * _reach(layer)
    return min(reach, WRAP) if isinstance(layer, ConvLayer) else reach


def neurons(nodes: Nodes, layer: Layer, current: str, bound: int, state: StateNames) -> tuple[str, StateNames]:
    """One step of a layer's neurons.

    Args:
        current: int64 (N, *shape), at most `bound` in magnitude.

    Returns:
        spikes as float32, and the new v and u.
    """
    neuron = cuba(layer)
    # 32-bit registers of Lava overflow only where the current alone passes two turns of u.
    overflows = ALIGN * bound > 2 * WRAP
    u = nodes("Mul", current, nodes.constant(ALIGN))
    if overflows:
        u = nodes.wrap(u, 32)
    if state.u is not None:
        u = nodes("Add", nodes.decay(state.u, DECAY_ONE - _for_batch(neuron.i_decay, layer.shape)), u)
    if overflows:
        u = nodes.wrap(u, 32)
    if state.u is not None or ALIGN * bound >= WRAP:
        u = _wrap_once(nodes, u)
    v = u
    bias = _bias(layer)
    if bias is not None:
        v = nodes("Add", v, nodes.constant(bias))
    keep = DECAY_ONE - _for_batch(neuron.v_decay, layer.shape)
    if keep.any():
        v = nodes("Add", nodes.decay(state.v, keep), v)
    if overflows:
        v = nodes.wrap(v, 32)
    if _may_saturate(layer, bound):
        v = nodes.clamp(v, -V_LIMIT, V_LIMIT)
    fired = nodes("Greater", v, nodes.constant(ALIGN * _for_batch(neuron.vth_mant, layer.shape)))
    v = nodes("Where", fired, nodes.constant(0), v)
    return nodes.to_float(fired), StateNames(v, u if state.u is not None else None)


def _may_saturate(layer: Layer, bound: int) -> bool:
    """Whether v can reach the end of its register: without current memory it stays within what a step adds / the decay."""
    decay = int(np.min(cuba(layer).v_decay))
    if has_memory(layer) or decay == 0:
        return True
    bias = 0 if layer.bias is None else int(np.abs(layer.bias.astype(np.int16).astype(np.int64)).max(initial=0))
    return ALIGN * (bound + bias) * DECAY_ONE > V_LIMIT * decay


def _wrap_once(nodes: Nodes, u: str) -> str:
    """Lava takes one turn of 24 bits off, not all of them."""
    turn = nodes.constant(2 * WRAP)
    above = nodes("Greater", u, nodes.constant(WRAP))
    below = nodes("Less", u, nodes.constant(1 - WRAP))
    return nodes("Where", above, nodes("Sub", u, turn), nodes("Where", below, nodes("Add", u, turn), u))


def _for_batch(value: IntOrArray, shape: tuple[int, ...]) -> np.ndarray:
    """`per_neuron` with a batch axis; one value for all stays a scalar."""
    return np.asarray(value, np.int64) if np.ndim(value) == 0 else per_neuron(value, shape)[None]


def _bias(layer: Layer) -> np.ndarray | None:
    """`effective_bias` for a batch, None where it adds nothing."""
    return effective_bias(layer)[None] if layer.bias is not None and layer.bias.any() else None
