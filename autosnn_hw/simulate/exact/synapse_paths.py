"""Paths that compute what the synapses of one layer deliver, each exact within a bound: int8 (oneDNN), float32, float64, int64."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from autosnn_hw.arithmetic import int8
from autosnn_hw.arithmetic.bounds import largest_sum
from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.exact_floats import EXACT_IN_FLOAT32, EXACT_IN_FLOAT64
from autosnn_hw.network import ConvLayer, DenseLayer
from autosnn_hw.network.chip_layers import WRAP
from autosnn_hw.simulate.exact import reference


def halving(weight: np.ndarray) -> int | None:
    """1 or 2, what weights must be divided by to fit int8, or None."""
    if weight.min(initial=0) >= -128 and weight.max(initial=0) <= 127:
        return 1
    if not (weight & 1).any() and weight.min(initial=0) >= -256 and weight.max(initial=0) <= 254:
        return 2
    return None


def possible(layer: ConvLayer | DenseLayer, largest_input: int, graded: bool, cpu: bool = True) -> list[str]:
    """The exact paths for a layer, the preferred one first.

    Args:
        largest_input: largest magnitude of an input value; 1 for spikes.
        graded: inputs may be other than 0 and 1.
        cpu: False for a CUDA device, where oneDNN's int8 convolution is not.
    """
    paths = []
    bound = largest_sum(layer.weight, largest_input)
    if bound < EXACT_IN_FLOAT32:
        paths.append("float32")
        small = cpu and largest_input <= int8.LARGEST_BYTE
        if small and isinstance(layer, ConvLayer) and _int8_can(layer, graded):
            paths.insert(0, "int8")
    if bound < EXACT_IN_FLOAT64:
        paths.append("float64")
    return [*paths, "int64"]


def _int8_can(layer: ConvLayer, graded: bool) -> bool:
    inputs, kernel = layer.weight.shape[1], layer.weight.shape[2:]
    geometry = (inputs, layer.shape[2], kernel, layer.stride, layer.padding, layer.dilation)
    fits = layer.groups == 1 and halving(layer.weight) is not None
    return fits and int8.geometry_is_safe(*geometry) and int8.is_exact(graded)


def deliver(layer: ConvLayer | DenseLayer, frames: torch.Tensor, path: str, *, wraps: bool = True) -> torch.Tensor:
    """What `layer` receives from frames (N, T, *source shape): int32 or int64 (N, T, *shape), wrapped to 24 bits for a conv.

    Args:
        frames: uint8 spikes, or int64 graded values.
        path: one of `possible`, which must have said that it is exact.
        wraps: False leaves the sums of a convolution as they are (by a path of floats or int8).
    """
    if path == "int64" or (isinstance(layer, DenseLayer) and layer.delay is not None):
        return reference.synapses(layer, frames)
    if isinstance(layer, DenseLayer):
        dtype = torch.float32 if path == "float32" else torch.float64
        weight = torch.as_tensor(layer.weight, device=frames.device).to(dtype)
        sums = functional.linear(frames.flatten(2).to(dtype), weight)
        return sums.to(torch.int32) if path == "float32" else sums.to(torch.int64)
    flat = frames.flatten(0, 1)
    if path == "int8":
        halves = halving(layer.weight)
        assert halves is not None
        weight = torch.as_tensor(layer.weight // halves).to(torch.int8)
        convolution = int8.Int8Convolution(weight, layer.stride, layer.padding, layer.dilation, layer.groups)
        sums = convolution(flat.to(torch.uint8)) * halves
    else:
        dtype = torch.float32 if path == "float32" else torch.float64
        sums = _convolve(layer, flat.to(dtype), torch.as_tensor(layer.weight, device=frames.device).to(dtype))
    sums = sums.unflatten(0, frames.shape[:2])
    largest_input = int(frames.abs().max()) if frames.dtype != torch.uint8 else 1
    if largest_sum(layer.weight, largest_input) < WRAP or not wraps:
        return sums.to(torch.int32 if wraps else torch.int64)
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
