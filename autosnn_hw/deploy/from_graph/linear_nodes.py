"""What linear nodes (convolutions, matrices, pools, scales, delays, flattening) make of the spikes that come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.deploy.from_graph.composition import added, refuse_other_count, then_conv, then_dense
from autosnn_hw.deploy.from_graph.maps import ConvMap, Identity, Map, Shape, apply, dilated, scaled
from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems
from exporters.nir.graph import NirNode

MAX_SIDE = 1 << 13
MAX_NEURONS = 1 << 24


@dataclass(frozen=True, eq=False)
class Signal:
    """What a node gives: spikes of layers through linear maps, and what it gives when nobody spikes.

    Args:
        shape: (C, H, W) or (N,).
        terms: by the name of the layer whose spikes they are; none where what leads here was refused and the shape alone is known.
        bias: float64 of `shape`, or None.
        flat: a (C, H, W) signal that was flattened.
        nodes: linear nodes on the way, for the explanation.
    """

    shape: Shape
    terms: dict[str, Map]
    bias: np.ndarray | None = None
    flat: bool = False
    nodes: tuple[str, ...] = ()


def summed(signals: list[Signal], where: str) -> Signal:
    """What a node receives that several lead to.

    Raises:
        InputError: shapes that differ, or maps that no layer adds.
    """
    first = signals[0]
    for other in signals[1:]:
        if other.shape != first.shape or other.flat != first.flat:
            raise InputError(f"node {where!r} adds up signals of the shapes {first.shape} and {other.shape}.")
        terms = dict(first.terms)
        for source, term in other.terms.items():
            terms[source] = added(terms[source], term, f"node {where!r}") if source in terms else term
        biases = [bias for bias in (first.bias, other.bias) if bias is not None]
        total = np.sum(biases, axis=0) if biases else None
        first = Signal(first.shape, terms, total, first.flat, first.nodes + other.nodes)
    return first


def through(node: NirNode, into: Signal, dt: float) -> Signal:
    """A linear node's output."""
    where, nodes = f"node {node.name!r} ({node.kind})", (*into.nodes, node.name)
    if node.kind in ("Input", "Output"):
        return into
    if node.kind == "Flatten":
        return Signal(into.shape, into.terms, into.bias, _is_flat(node, into), nodes)
    if node.kind in ("Linear", "Affine"):
        return _matrix(node, into, where, nodes)
    if node.kind == "Scale":
        gain = np.asarray(node.values["scale"], float)
        gain = gain.reshape(into.shape) if gain.size == int(np.prod(into.shape)) else gain
        terms = {source: scaled(term, gain, where) for source, term in into.terms.items()}
        bias = None if into.bias is None else np.asarray(into.bias * gain)
        return Signal(into.shape, terms, bias, into.flat, nodes)
    if node.kind == "Norm":
        return _normed(node, into, where, nodes)
    if node.kind == "Delay":
        return _delayed(node, into, dt, where, nodes)
    if into.flat or len(into.shape) != 3:
        raise InputError(f"{where} needs (C, H, W); what comes in is {into.shape}{', flattened' if into.flat else ''}.")
    if node.kind == "GlobalAvgPool2d":
        conv = ConvMap(
            np.full((into.shape[0], 1, *into.shape[1:]), 1 / np.prod(into.shape[1:])), into.shape, groups=into.shape[0]
        )
    else:
        conv = _pool(node, into.shape) if node.kind.endswith("Pool2d") else _convolution(node, into.shape, where)
    if float(np.prod(conv.out_shape)) > MAX_NEURONS:
        raise InputError(f"{where} gives {conv.out_shape}; at most {MAX_NEURONS} neurons are possible.")
    terms = {source: then_conv(term, conv, where) for source, term in into.terms.items()}
    bias = None if into.bias is None else apply(conv, np.broadcast_to(into.bias, into.shape))
    own = node.values.get("bias")
    if own is not None and np.any(own):
        own = np.asarray(own, float).reshape(-1, 1, 1)
        if len(own) not in (1, conv.out_shape[0]):
            raise InputError(f"{where}: its bias has {len(own)} values for {conv.out_shape[0]} channels.")
        bias = np.broadcast_to(own, conv.out_shape) + (0 if bias is None else bias)
    return Signal(conv.out_shape, dict(terms), bias, False, nodes)


def _normed(node: NirNode, into: Signal, where: str, nodes: tuple[str, ...]) -> Signal:
    """A scale and a shift of each channel, or of each value once they are flat."""
    count = int(np.prod(into.shape))
    values = [np.asarray(node.values[key], float) for key in ("scale", "shift")]
    rows = into.shape if into.flat or len(into.shape) == 1 else (into.shape[0], 1, 1)
    if len(values[0]) != int(np.prod(rows)):
        raise InputError(
            f"{where} has {len(values[0])} channels; what comes in is {into.shape}{f', {count} flattened' if into.flat else ''}."
        )
    gain, shift = (value.reshape(rows) for value in values)
    terms = {source: scaled(term, gain, where) for source, term in into.terms.items()}
    bias = np.broadcast_to(shift, into.shape) + (0 if into.bias is None else into.bias * gain)
    return Signal(into.shape, dict(terms), bias, into.flat, nodes)


def any_of(node: NirNode, into: Signal) -> Signal:
    """What reaches the neurons of a max pool: of spikes, the largest is one where any is.

    Raises:
        InputError: it pools something else than the spikes of one layer.
    """
    where = f"node {node.name!r} ({node.kind})"
    spikes = len(into.terms) < 2 and all(map(is_spikes, into.terms.values()))
    if len(into.shape) != 3 or into.flat or into.bias is not None or not spikes:
        raise InputError(
            f"{where} pools what is no spikes of one layer of (C, H, W); behind the neurons it can be mapped."
        )
    conv = _pool(node, into.shape)
    return Signal(conv.out_shape, {source: then_conv(term, conv, where) for source, term in into.terms.items()})


def is_spikes(term: Map) -> bool:
    """Whether a map gives a layer's spikes as they are."""
    return isinstance(term, Identity) and term.delay is None and bool(np.all(term.gain == 1))


def _refuse_size(shape: Shape, kernel: tuple[int, ...], padding: tuple[int, int], where: str) -> None:
    """Refuse what no image has room for before anything of its size is made."""
    padded = [size + 2 * more for size, more in zip(shape[1:], padding)]
    if any(side > size for side, size in zip(kernel, padded)) or shape[0] * float(np.prod(padded)) > MAX_NEURONS:
        raise InputError(
            f"{where}: a kernel of {kernel} on {shape} padded by {padding}; it must fit, and {MAX_NEURONS} values are possible."
        )


def _is_flat(node: NirNode, into: Signal) -> bool:
    rank = 1 if into.flat or len(into.shape) == 1 else 3
    first, last = (int(np.asarray(node.values[name]).reshape(-1)[0]) for name in ("start_dim", "end_dim"))
    if rank == 1:
        return into.flat
    if first % rank != 0 or last % rank != rank - 1:
        raise InputError(
            f"node {node.name!r} (Flatten) flattens axes {first} to {last}; all of them (0 to -1) is needed."
        )
    return True


def _matrix(node: NirNode, into: Signal, where: str, nodes: tuple[str, ...]) -> Signal:
    if len(into.shape) == 3 and not into.flat:
        raise InputError(f"{where} acts on the last axis of {into.shape} alone; a Flatten node before it is needed.")
    weight = np.asarray(node.values["weight"], float)
    refuse_other_count(weight, into.shape, where)
    terms = {source: then_dense(term, weight, where) for source, term in into.terms.items()}
    bias = None if into.bias is None else weight @ np.broadcast_to(into.bias, into.shape).reshape(-1)
    own = node.values.get("bias")
    if own is not None and np.any(own):
        own = np.asarray(own, float).reshape(-1)
        if own.size not in (1, len(weight)):
            raise InputError(f"{where}: its bias has {own.size} values for {len(weight)} neurons.")
        bias = own + (np.zeros(len(weight)) if bias is None else bias)
    return Signal((len(weight),), dict(terms), bias, False, nodes)


def _delayed(node: NirNode, into: Signal, dt: float, where: str, nodes: tuple[str, ...]) -> Signal:
    steps = np.asarray(node.values["delay"], float) / dt
    whole = np.rint(steps).astype(np.int64)
    if (np.abs(steps - whole) > 1e-3 * np.maximum(1, steps)).any() or (whole < 0).any():
        raise InputError(
            f"{where}: its delays are {steps.min():g} to {steps.max():g} steps of dt {dt:g}; whole steps are needed."
        )
    terms: dict[str, Map] = {}
    for source, term in into.terms.items():
        if not isinstance(term, Identity) or into.bias is not None:
            raise InputError(f"{where} delays a weighted sum; put it right behind the neurons whose spikes it delays.")
        before = 0 if term.delay is None else term.delay
        terms[source] = Identity(term.shape, term.gain, whole.reshape(into.shape if whole.size > 1 else ()) + before)
    return Signal(into.shape, terms, None, into.flat, nodes)


def _pair(value: object, where: str, least: int) -> tuple[int, int]:
    array = np.asarray(value).reshape(-1)
    if array.dtype.kind not in "iuf" or array.size not in (1, 2) or (array != np.trunc(array)).any():
        found = array.tolist() if array.size <= 4 else f"an array of shape {np.shape(value)}"  # type: ignore[arg-type]
        raise InputError(f"{where} is {found}; one or two integers are needed.")
    if (array < least).any() or (array > MAX_SIDE).any():
        raise InputError(f"{where} is {array.tolist()}; {least} to {MAX_SIDE} is allowed.")
    return int(array[0]), int(array[-1])


def _pool(node: NirNode, shape: Shape) -> ConvMap:
    where = f"node {node.name!r} ({node.kind})"
    sides, problems = [], Problems(where)
    for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0)):
        with problems.kept():
            sides.append(_pair(node.values[name], f"{where}: {name}", least))
    problems.refuse()
    kernel, stride, padding = sides
    _refuse_size(shape, kernel, padding, where)
    share = 1.0 if node.kind in ("SumPool2d", "MaxPool2d") else 1 / (kernel[0] * kernel[1])
    return ConvMap(np.full((shape[0], 1, *kernel), share), shape, stride, padding, groups=shape[0])


def _convolution(node: NirNode, shape: Shape, where: str) -> ConvMap:
    weight = np.asarray(node.values["weight"], float)
    flat = node.kind == "Conv1d"
    if weight.ndim != (3 if flat else 4) or not weight.size or (flat and shape[1] != 1):
        raise InputError(f"{where}: its weight has shape {weight.shape} for an input of {shape}.")
    if flat:
        weight = weight[:, :, None]

    def sides(name: str, least: int) -> tuple[int, int]:
        pair = _pair(node.values[name], f"{where}: {name}", least)
        return (1 if least else 0, pair[-1]) if flat else pair

    padding, problems = node.values["padding"], Problems(where)
    found: dict[str, tuple[int, int]] = {}
    for name, least in (("stride", 1), ("dilation", 1), *((("padding", 0),) if not isinstance(padding, str) else ())):
        with problems.kept():
            found[name] = sides(name, least)
    groups = int(np.asarray(node.values["groups"]).reshape(-1)[0])
    if groups < 1 or shape[0] != weight.shape[1] * groups or weight.shape[0] % groups:
        problems.add(f"{where}: its weight has shape {weight.shape} in {groups} groups for {shape[0]} channels.")
    problems.refuse()
    stride, weight = found["stride"], dilated(weight, found["dilation"], where)
    padding = _named_padding(padding, weight, stride, where) if isinstance(padding, str) else found["padding"]
    _refuse_size(shape, weight.shape[2:], padding, where)
    return ConvMap(weight, shape, stride, padding, groups)


def _named_padding(name: str, weight: np.ndarray, stride: tuple[int, int], where: str) -> tuple[int, int]:
    if name == "valid":
        return 0, 0
    if name != "same" or stride != (1, 1) or any(size % 2 == 0 for size in weight.shape[2:]):
        raise InputError(
            f"{where}: padding {name!r} with stride {stride} and a kernel of {weight.shape[2:]}; numbers, 'valid', or 'same' with stride 1 and an "
            "odd kernel can be mapped."
        )
    return weight.shape[2] // 2, weight.shape[3] // 2
