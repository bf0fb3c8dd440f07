"""Linear maps put one behind the other and added, exactly: what several nodes do becomes the one set of synapses of a chip layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autosnn_hw.deploy.from_graph.maps import (
    ConvMap,
    DenseMap,
    Identity,
    Map,
    Shape,
    full_kernel,
    per_channel,
    refuse_large,
    taps,
)
from autosnn_hw.errors import InputError


def then_conv(first: Map, second: ConvMap, where: str) -> ConvMap:
    """`second` behind `first`, as one convolution.

    Raises:
        InputError: no single convolution does the same, or a delay stands before it.
    """
    if isinstance(first, DenseMap):
        raise InputError(f"{where}: a convolution behind a matrix without neurons between them; put neurons there.")
    if isinstance(first, Identity):
        if first.delay is not None:
            raise InputError(f"{where}: delays before a convolution; NetX keeps delays of dense layers only.")
        channels = per_channel(first.gain, first.shape, f"{where}: the scale before it")
        widths = channels.reshape(second.groups, -1)
        outputs = np.repeat(widths, second.weight.shape[0] // second.groups, axis=0)
        return replace(second, weight=second.weight * outputs[:, :, None, None])
    _refuse_border(first, second, where)
    if first.is_depthwise:
        inner, groups = first.weight, second.groups
        # One kernel a channel: the groups stay those of the second convolution.
        pairs = inner[np.arange(second.in_shape[0]).reshape(groups, -1), 0]
        pairs = np.repeat(pairs, second.weight.shape[0] // groups, axis=0)
        sizes = _joint_size(first, second)
        refuse_large(second.weight.shape[0] * second.weight.shape[1] * sizes[0] * sizes[1], where)
        weight = np.zeros((*second.weight.shape[:2], *sizes))
        for (i, j), tap in taps(second.weight):
            rows, columns = _window(first, i, j)
            weight[:, :, rows, columns] += tap[:, :, None, None] * pairs
        return _joint(first, second, weight, groups)
    outer, inner = full_kernel(second.weight, second.groups, where), full_kernel(first.weight, first.groups, where)
    sizes = _joint_size(first, second)
    refuse_large(outer.shape[0] * inner.shape[1] * sizes[0] * sizes[1], where)
    weight = np.zeros((outer.shape[0], inner.shape[1], *sizes))
    for (i, j), tap in taps(outer):
        rows, columns = _window(first, i, j)
        weight[:, :, rows, columns] += np.einsum("om,mcij->ocij", tap, inner)
    return _joint(first, second, weight, 1)


def _window(first: ConvMap, i: int, j: int) -> tuple[slice, slice]:
    top, left = i * first.stride[0], j * first.stride[1]
    return slice(top, top + first.weight.shape[2]), slice(left, left + first.weight.shape[3])


def _joint_size(first: ConvMap, second: ConvMap) -> tuple[int, int]:
    sides = zip(second.weight.shape[2:], first.stride, first.weight.shape[2:])
    height, width = ((outer - 1) * stride + inner for outer, stride, inner in sides)
    return height, width


def _joint(first: ConvMap, second: ConvMap, weight: np.ndarray, groups: int) -> ConvMap:
    stride = first.stride[0] * second.stride[0], first.stride[1] * second.stride[1]
    padding = tuple(p + s * q for p, s, q in zip(first.padding, first.stride, second.padding))
    return ConvMap(weight, first.in_shape, stride, (padding[0], padding[1]), groups)


def _refuse_border(first: ConvMap, second: ConvMap, where: str) -> None:
    """Where the second convolution pads with zeros, the first one's window must see nothing but padding itself."""
    for axis in (0, 1):
        if second.padding[axis] == 0:
            continue
        size, kernel = first.in_shape[1 + axis], first.weight.shape[2 + axis]
        stride, padding, out = first.stride[axis], first.padding[axis], first.out_shape[1 + axis]
        if kernel > stride + padding or out * stride - padding < size:
            raise InputError(
                f"{where}: it pads what a pool or convolution of {kernel} with stride {stride} gives of {size} pixels, and no one "
                "convolution does the same at the border. A pool whose stride is its kernel and divides the size, or no padding "
                "behind it, can be mapped; or put neurons between them."
            )


def refuse_other_count(weight: np.ndarray, shape: Shape, where: str) -> None:
    """Refuse a matrix (N, Nin) for another number of values.

    Raises:
        InputError: Nin is another number than that of the values of a shape.
    """
    count = int(np.prod(shape))
    if weight.ndim != 2 or weight.shape[1] != count:
        raise InputError(f"{where}: its weight has shape {weight.shape}; what comes in has {count} values.")


def then_dense(first: Map, weight: np.ndarray, where: str) -> DenseMap:
    """A matrix (N, Nin) behind `first`, whose output is flattened in C, H, W order.

    Raises:
        InputError: Nin is another number.
    """
    refuse_other_count(weight, first.out_shape, where)
    if isinstance(first, Identity):
        flat = np.broadcast_to(first.gain, first.shape).reshape(-1)
        delay = None if first.delay is None else np.broadcast_to(first.delay, first.shape).reshape(-1)
        return DenseMap(weight * flat, first.shape, delay)
    if isinstance(first, DenseMap):
        if first.delay is not None:
            raise InputError(f"{where}: two matrices without neurons between them, the first delayed; multiply them.")
        return DenseMap(weight @ first.weight, first.in_shape)
    refuse_large(len(weight) * int(np.prod(first.in_shape)), where)
    return DenseMap(_adjoint(first, weight.reshape(len(weight), *first.out_shape)), first.in_shape)


def _adjoint(conv: ConvMap, rows: np.ndarray) -> np.ndarray:
    """(N, Nin) of rows (N, *out_shape) behind a convolution: what each of its inputs adds to each row."""
    channels, height, width = conv.in_shape
    outputs, out_height, out_width = conv.out_shape
    per, count = outputs // conv.groups, len(rows)
    padded = np.zeros((count, channels, height + 2 * conv.padding[0], width + 2 * conv.padding[1]))
    inputs = conv.weight.shape[1]
    for group in range(conv.groups):
        part = rows[:, group * per : (group + 1) * per]
        for (i, j), tap in taps(conv.weight[group * per : (group + 1) * per]):
            there = np.einsum("nohw,oc->nchw", part, tap)
            padded[
                :,
                group * inputs : (group + 1) * inputs,
                i : i + conv.stride[0] * (out_height - 1) + 1 : conv.stride[0],
                j : j + conv.stride[1] * (out_width - 1) + 1 : conv.stride[1],
            ] += there
    top, left = conv.padding
    return padded[:, :, top : top + height, left : left + width].reshape(count, -1)


def materialised(first: Map, where: str) -> ConvMap | DenseMap:
    """Synapses of a map: spikes that go straight to neurons get one synapse each."""
    if not isinstance(first, Identity):
        return first
    if len(first.shape) == 3:
        if first.delay is not None:
            raise InputError(f"{where}: delays without a matrix behind them; NetX keeps delays of dense layers only.")
        gain = per_channel(first.gain, first.shape, f"{where}: the scale before it")
        return ConvMap(gain.reshape(-1, 1, 1, 1).astype(float), first.shape, groups=first.shape[0])
    count = first.shape[0]
    refuse_large(count * count, where)
    delay = None if first.delay is None else np.broadcast_to(first.delay, first.shape)
    return DenseMap(np.diag(np.broadcast_to(first.gain, first.shape).astype(float)), first.shape, delay)


def added(first: Map, second: Map, where: str) -> Map:
    """Two maps from the same spikes to the same neurons as one.

    Raises:
        InputError: their outputs differ in shape.
    """
    if first.out_shape != second.out_shape:
        raise InputError(f"{where}: what is added there has the shapes {first.out_shape} and {second.out_shape}.")
    one, two = materialised(first, where), materialised(second, where)
    if isinstance(one, DenseMap) and isinstance(two, DenseMap):
        if one.delay is not None or two.delay is not None:
            raise InputError(f"{where}: delayed spikes are added to themselves; a synapse has one delay.")
        return replace(one, weight=one.weight + two.weight)
    if isinstance(one, ConvMap) and isinstance(two, ConvMap):
        return side_by_side([one, two], where, same_source=True)
    raise InputError(f"{where}: a convolution and a matrix are added; put neurons behind one of them.")


def side_by_side(convs: list[ConvMap], where: str, *, same_source: bool = False) -> ConvMap:
    """Convolutions whose outputs are added, over the channels of all their inputs one after the other (or the same ones).

    Raises:
        InputError: their strides or the sizes of their inputs differ.
    """
    first = convs[0]
    for conv in convs[1:]:
        if conv.stride != first.stride or conv.in_shape[1:] != first.in_shape[1:]:
            raise InputError(
                f"{where}: convolutions of {first.in_shape} with stride {first.stride} and of {conv.in_shape} with stride {conv.stride} are "
                "added; with equal strides and sizes one layer does both."
            )
    pad = tuple(max(conv.padding[axis] for conv in convs) for axis in (0, 1))
    size = tuple(max(pad[axis] - c.padding[axis] + c.weight.shape[2 + axis] for c in convs) for axis in (0, 1))
    parts = []
    for conv in convs:
        full = full_kernel(conv.weight, conv.groups, where)
        top, left = (pad[axis] - conv.padding[axis] for axis in (0, 1))
        placed = np.zeros((*full.shape[:2], *size))
        placed[:, :, top : top + full.shape[2], left : left + full.shape[3]] = full
        parts.append(placed)
    weight = np.sum(parts, axis=0) if same_source else np.concatenate(parts, axis=1)
    channels = first.in_shape[0] if same_source else sum(conv.in_shape[0] for conv in convs)
    return ConvMap(weight, (channels, *first.in_shape[1:]), first.stride, (pad[0], pad[1]))
