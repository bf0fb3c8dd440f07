"""The plain reference: every equation of docs/simulator.md in torch int64, one step at a time. Fast paths are held to it.

Sources: lava-nc 0.10.0 `lava/proc/lif/models.py` (PyLifModelBitAcc), `lava/proc/conv/models.py`, `lava/proc/dense/models.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from autosnn_hw.network import ConvLayer, DenseLayer, InputLayer
from autosnn_hw.network.chip_layers import (
    ALIGN,
    DECAY_ONE,
    LONGEST_DELAY,
    V_LIMIT,
    WRAP,
    cuba,
    effective_bias,
    per_neuron,
)
from autosnn_hw.simulate.stimulus import Stimulus


class States(NamedTuple):
    """One layer's neurons over a whole run: uint8, int32, int32, all (N, T, *shape)."""

    spikes: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor


def wrap(x: torch.Tensor, bits: int) -> torch.Tensor:
    """Two's complement of `bits` bits."""
    half = 1 << (bits - 1)
    return torch.remainder(x + half, 2 * half) - half


def decay(x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """x * keep / 4096, rounded toward zero."""
    return torch.div(x * keep, DECAY_ONE, rounding_mode="trunc")


def integrate(layer: InputLayer | ConvLayer | DenseLayer, current: torch.Tensor) -> States:
    """Run a layer's neurons over T steps from reset state.

    Args:
        layer: its neuron parameters and bias.
        current: int64 (N, T, *shape), what the synapses deliver in each step.
    """
    neuron = cuba(layer)
    device = current.device
    decays = (neuron.i_decay, neuron.v_decay)
    keep_u, keep_v = (torch.as_tensor(DECAY_ONE - per_neuron(value, layer.shape), device=device) for value in decays)
    threshold = torch.as_tensor(ALIGN * per_neuron(neuron.vth_mant, layer.shape), device=device)
    bias = torch.as_tensor(effective_bias(layer), device=device)
    u = torch.zeros_like(current[:, 0])
    v = torch.zeros_like(u)
    run = States(
        torch.empty(current.shape, dtype=torch.uint8, device=device),
        torch.empty(current.shape, dtype=torch.int32, device=device),
        torch.empty(current.shape, dtype=torch.int32, device=device),
    )
    for step in range(current.shape[1]):
        u = wrap(decay(u, keep_u) + wrap(current[:, step] * ALIGN, 32), 32)
        u = torch.where(u > WRAP, u - 2 * WRAP, torch.where(u <= -WRAP, u + 2 * WRAP, u))  # wraps once
        v = wrap(decay(v, keep_v) + u + bias, 32).clamp(-V_LIMIT, V_LIMIT)
        fired = v > threshold
        v = torch.where(fired, 0, v)
        run.spikes[:, step], run.u[:, step], run.v[:, step] = fired, u, v
    return run


def convolve(layer: ConvLayer, frames: torch.Tensor) -> torch.Tensor:
    """Exact convolution of int64 frames (M, Cin, H, W), wrapped to 24 bits as Lava's Conv does: int64 (M, C, H', W').

    64-bit sums wrap modulo 2^64, so the 24 bits that are kept are right for any weights and inputs.
    """
    out, inputs, kernel_h, kernel_w = layer.weight.shape
    groups = layer.groups
    _, height, width = layer.shape
    (pad_h, pad_w), (stride_h, stride_w), (step_h, step_w) = layer.padding, layer.stride, layer.dilation
    padded = torch.nn.functional.pad(frames, (pad_w, pad_w, pad_h, pad_h))
    padded = padded.reshape(len(frames), groups, inputs, *padded.shape[2:])
    weight = torch.as_tensor(layer.weight, device=frames.device).reshape(
        groups, out // groups, inputs, kernel_h, kernel_w
    )
    total = torch.zeros((len(frames), groups, out // groups, height * width), dtype=torch.int64, device=frames.device)
    for i in range(kernel_h):
        for j in range(kernel_w):
            rows = slice(i * step_h, i * step_h + stride_h * (height - 1) + 1, stride_h)
            columns = slice(j * step_w, j * step_w + stride_w * (width - 1) + 1, stride_w)
            tap = padded[:, :, :, rows, columns].reshape(len(frames), groups, inputs, -1)
            total += _integer_matmul(weight[:, :, :, i, j], tap)
    return wrap(total.reshape(len(frames), out, height, width), 24)


def _integer_matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.device.type == "cpu":
        return torch.matmul(a, b)
    # CUDA has no integer matrix product; all outer products at once would need memory for every synapse.
    total = a[..., :, :1] * b[..., :1, :]
    for i in range(1, a.shape[-1]):
        total += a[..., :, i : i + 1] * b[..., i : i + 1, :]
    return total


def connect(layer: DenseLayer, frames: torch.Tensor) -> torch.Tensor:
    """Exact dense product with delays, int64 frames (N, T, *source shape) to int64 (N, T, neurons)."""
    flat = frames.flatten(2)
    weight = torch.as_tensor(layer.weight, device=frames.device)
    if layer.delay is None:
        return _integer_matmul(flat, weight.T)
    delay = torch.as_tensor(layer.delay, device=frames.device).clamp(max=LONGEST_DELAY)
    total = torch.zeros((*flat.shape[:2], layer.shape[0]), dtype=torch.int64, device=frames.device)
    for late in torch.unique(delay).tolist():
        if late < flat.shape[1]:
            total[:, late:] += _integer_matmul(flat[:, : flat.shape[1] - late], torch.where(delay == late, weight, 0).T)
    return total


def synapses(layer: ConvLayer | DenseLayer, frames: torch.Tensor) -> torch.Tensor:
    """What `layer` receives from its source's frames (N, T, *source shape): int64 (N, T, *shape)."""
    frames = frames.to(torch.int64)
    if isinstance(layer, DenseLayer):
        return connect(layer, frames)
    return convolve(layer, frames.flatten(0, 1)).unflatten(0, frames.shape[:2])


def first_frames(stimulus: Stimulus, device: torch.device) -> torch.Tensor:
    """The stimulus as int64 (N, T, *shape)."""
    values = torch.as_tensor(stimulus.values, device=device)
    if stimulus.kind == "constant":
        values = values[:, None].expand(-1, stimulus.timesteps, *values.shape[1:])
    return values
