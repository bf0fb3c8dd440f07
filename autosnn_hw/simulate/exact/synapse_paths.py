"""Ways to compute what synapses deliver, each exact within a bound: int8 (oneDNN), float32, float64, int64."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional

from autosnn_hw.network import ConvLayer, DenseLayer
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.exact.torch_cpu import conv2d

EXACT_IN_FLOAT32 = 1 << 24
EXACT_IN_FLOAT64 = 1 << 53
_BYTE = 255


def largest_sum(layer: ConvLayer | DenseLayer, largest_input: int) -> int:
    """Bound on the magnitude of every partial sum."""
    rows = layer.weight.reshape(len(layer.weight), -1)
    # Python integers: weights near 2^63 must not overflow the bound itself.
    if int(np.abs(rows).max(initial=0)) < 1 << 40:
        return int(np.abs(rows).sum(axis=1).max()) * largest_input
    return max(sum(abs(int(w)) for w in row) for row in rows) * largest_input


def halving(weight: np.ndarray) -> int | None:
    """1 or 2, what weights must be divided by to fit int8, or None."""
    if weight.min(initial=0) >= -128 and weight.max(initial=0) <= 127:
        return 1
    if not (weight & 1).any() and weight.min(initial=0) >= -256 and weight.max(initial=0) <= 254:
        return 2
    return None


def int8_convolve(weight: torch.Tensor, frames: torch.Tensor, layer: ConvLayer) -> torch.Tensor:
    """oneDNN's int8 convolution: weight int8, frames uint8 (M, Cin, H, W) -> float32 holding the exact integers."""
    ones, zeros = torch.ones(len(weight)), torch.zeros(len(weight), dtype=torch.long)
    geometry = (list(layer.stride), list(layer.padding), list(layer.dilation), layer.groups)
    packed = torch.ops.onednn.qconv_prepack(weight, ones, 1.0, 0, *geometry, list(frames.shape))
    frames = frames.contiguous(memory_format=torch.channels_last)
    return torch.ops.onednn.qconv2d_pointwise(
        frames, 1.0, 0, packed, ones, zeros, None, *geometry, 1.0, 0, torch.float32, "none", [], ""
    )


@lru_cache(maxsize=2)
def int8_is_exact(graded: bool) -> bool:
    """Whether oneDNN's int8 convolution is there and exact, tried once per process with its worst case.

    Without VNNI oneDNN saturates pairs of int16 sums: spikes are safe, bytes of 255 meeting 127 are not. The operators are
    private to torch and their schema moves between versions, so that any failure means: not available.
    """
    largest = _BYTE if graded else 1
    generator = torch.Generator().manual_seed(0)
    try:
        for channels, size, kernel in ((32, 8, 3), (48, 5, 5), (3, 9, 1)):
            sign = torch.randint(0, 2, (channels, 1, 1, 1), generator=generator) * 255 - 128
            weight = sign.expand(-1, channels, kernel, kernel).to(torch.int8)
            frames = torch.full((2, channels, size, size), largest, dtype=torch.uint8)
            frames[1] = torch.randint(0, largest + 1, frames[1].shape, generator=generator)
            shape = (channels, size, size)
            layer = ConvLayer("probe", shape, weight.numpy(), reference.CubaNeuron(0, 0), padding=(kernel // 2,) * 2)
            exact = reference.convolve(layer, frames.to(torch.int64))
            if not torch.equal(int8_convolve(weight, frames, layer).to(torch.int64), exact):
                return False
    except (RuntimeError, AttributeError, TypeError, NotImplementedError):
        return False
    return True


def possible(layer: ConvLayer | DenseLayer, largest_input: int, graded: bool) -> list[str]:
    """The exact ways for a layer on the CPU, the preferred one first.

    Args:
        largest_input: largest magnitude of an input value; 1 for spikes.
        graded: inputs may be other than 0 and 1.
    """
    ways = []
    bound = largest_sum(layer, largest_input)
    if bound < EXACT_IN_FLOAT32:
        ways.append("float32")
        convolution = isinstance(layer, ConvLayer) and layer.groups == 1 and halving(layer.weight) is not None
        if convolution and largest_input <= _BYTE and int8_is_exact(graded):
            ways.insert(0, "int8")
    if bound < EXACT_IN_FLOAT64:
        ways.append("float64")
    return [*ways, "int64"]


def deliver(layer: ConvLayer | DenseLayer, frames: torch.Tensor, way: str) -> torch.Tensor:
    """What `layer` receives from frames (N, T, *source shape): int32 or int64 (N, T, *shape), wrapped to 24 bits for a conv.

    Args:
        frames: uint8 spikes, or int64 graded values.
        way: one of `possible`, which must have said that it is exact.
    """
    if way == "int64" or (isinstance(layer, DenseLayer) and layer.delay is not None):
        return reference.synapses(layer, frames)
    if isinstance(layer, DenseLayer):
        dtype = torch.float32 if way == "float32" else torch.float64
        weight = torch.as_tensor(layer.weight, device=frames.device).to(dtype)
        sums = functional.linear(frames.flatten(2).to(dtype), weight)
        return sums.to(torch.int32) if way == "float32" else sums.to(torch.int64)
    flat = frames.flatten(0, 1)
    if way == "int8":
        halves = halving(layer.weight)
        assert halves is not None
        weight = torch.as_tensor(layer.weight // halves).to(torch.int8)
        sums = int8_convolve(weight, flat.to(torch.uint8), layer) * halves
    else:
        dtype = torch.float32 if way == "float32" else torch.float64
        sums = _convolve(layer, flat.to(dtype), torch.as_tensor(layer.weight, device=frames.device).to(dtype))
    sums = sums.unflatten(0, frames.shape[:2])
    largest_input = int(frames.abs().max()) if frames.dtype != torch.uint8 else 1
    if largest_sum(layer, largest_input) < 1 << 23:
        return sums.to(torch.int32)
    return reference.wrap(sums.to(torch.int64), 24)


def _convolve(layer: ConvLayer, frames: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A floating convolution that adds products in some order and does nothing else to them.

    cuDNN may choose Winograd or TF32, which are not exact: on CUDA the convolution is a matrix product of our own making.
    """
    if frames.device.type == "cpu":
        return conv2d(frames.contiguous(), weight, layer.stride, layer.padding, layer.dilation, layer.groups)
    columns = functional.unfold(frames, weight.shape[2:], layer.dilation, layer.padding, layer.stride)
    columns = columns.unflatten(1, (layer.groups, -1))
    rows = weight.reshape(layer.groups, len(weight) // layer.groups, -1)
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        return torch.matmul(rows, columns).reshape(len(frames), *layer.shape)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
