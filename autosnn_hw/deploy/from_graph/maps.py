"""Linear maps between layers of spikes in floats: spikes as they are, convolutions and matrices.

A map here has no bias and stands between two layers of neurons. `composition.py` puts maps one behind the other and adds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import conv_output_size
from autosnn_hw.network.connectivity import ungrouped

MAX_WEIGHTS = 1 << 25
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Identity:
    """Spikes as they are, each times a number and delayed by steps.

    Args:
        shape: (C, H, W) or (N,).
        gain: broadcasts to `shape`.
        delay: int64 that broadcasts to `shape`, or None.
    """

    shape: Shape
    gain: np.ndarray
    delay: np.ndarray | None = None

    @property
    def out_shape(self) -> Shape:
        return self.shape


@dataclass(frozen=True, eq=False)
class ConvMap:
    """A convolution in torch's order; dilated kernels are written out with zeros.

    Args:
        weight: float64 (O, I / groups, kh, kw).
        in_shape: (I, H, W).
        stride, padding: (H, W).
    """

    weight: np.ndarray
    in_shape: Shape
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def out_shape(self) -> Shape:
        sides = zip(self.in_shape[1:], self.weight.shape[2:], self.stride, self.padding)
        return (self.weight.shape[0], *(conv_output_size(*side) for side in sides))

    @property
    def is_depthwise(self) -> bool:
        """One kernel a channel, as pools have."""
        return self.groups == self.in_shape[0] == self.weight.shape[0]


@dataclass(frozen=True, eq=False)
class DenseMap:
    """A matrix on spikes in C, H, W order: float64 (N, Nin), with int64 (Nin,) delays or None."""

    weight: np.ndarray
    in_shape: Shape
    delay: np.ndarray | None = None

    @property
    def out_shape(self) -> Shape:
        return (self.weight.shape[0],)


Map = Identity | ConvMap | DenseMap


def refuse_large(count: int, where: str) -> None:
    """Refuse weights that no chip could hold before they are allocated."""
    if count > MAX_WEIGHTS:
        raise InputError(f"{where} would become {count} weights; at most {MAX_WEIGHTS} are made.")


def dilated(weight: np.ndarray, dilation: tuple[int, int], where: str = "a dilated kernel") -> np.ndarray:
    """The kernel with `dilation` - 1 zeros between its taps."""
    if dilation == (1, 1):
        return weight
    sides = [(size - 1) * step + 1 for size, step in zip(weight.shape[2:], dilation)]
    refuse_large(int(np.prod(weight.shape[:2])) * sides[0] * sides[1], where)
    full = np.zeros((*weight.shape[:2], *sides))
    full[:, :, :: dilation[0], :: dilation[1]] = weight
    return full


def scaled(first: Map, gain: np.ndarray, where: str) -> Map:
    """The map with every output times `gain`, which broadcasts to its output.

    Raises:
        InputError: the gain of a convolution differs within a channel.
    """
    if isinstance(first, Identity):
        return replace(first, gain=first.gain * gain)
    if isinstance(first, DenseMap):
        return replace(first, weight=first.weight * np.broadcast_to(gain, first.out_shape)[:, None])
    return replace(first, weight=first.weight * per_channel(gain, first.out_shape, where)[:, None, None, None])


def per_channel(values: np.ndarray, shape: Shape, where: str) -> np.ndarray:
    """(C,) of values that are the same all over a channel.

    Raises:
        InputError: they are not.
    """
    try:
        full = np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(f"{where} has shape {np.shape(values)}; one number, or {shape}, is needed.") from None
    rows = full.reshape(shape[0], -1)
    if (rows != rows[:, :1]).any():
        raise InputError(
            f"{where} differs from neuron to neuron within a channel; a chip layer has one value a channel."
        )
    return rows[:, 0]


def taps(weight: np.ndarray) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Places (i, j) in a kernel with weights (O, I) that are not all 0."""
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            if weight[:, :, i, j].any():
                yield (i, j), weight[:, :, i, j]


def full_kernel(weight: np.ndarray, groups: int, where: str = "a grouped kernel") -> np.ndarray:
    """A grouped kernel over all channels, zeros beside the groups."""
    refuse_large(weight.size * groups, where)
    return ungrouped(weight, groups)


def apply(conv: ConvMap, values: np.ndarray) -> np.ndarray:
    """The convolution of constant values (I, H, W): what biases before it become."""
    top, left = conv.padding
    padded = np.pad(values, ((0, 0), (top, top), (left, left)))
    outputs, height, width = conv.out_shape
    per, inputs = outputs // conv.groups, conv.weight.shape[1]
    result = np.zeros(conv.out_shape)
    for group in range(conv.groups):
        channels = slice(group * per, (group + 1) * per)
        for (i, j), tap in taps(conv.weight[channels]):
            seen = padded[
                group * inputs : (group + 1) * inputs,
                i : i + conv.stride[0] * (height - 1) + 1 : conv.stride[0],
                j : j + conv.stride[1] * (width - 1) + 1 : conv.stride[1],
            ]
            result[channels] += np.einsum("chw,oc->ohw", seen, tap)
    return result
