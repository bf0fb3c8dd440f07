"""Random convolutions of any geometry: the one builder that tests of the simulator, the cost model and connectivity share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from autosnn_hw.network import ConvLayer, CubaNeuron, conv_output_size

Weights = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@dataclass(frozen=True)
class Geometry:
    """Ranges that a convolution is drawn from, both ends included; drawn for H and W apart.

    Args:
        groups: numbers of groups to choose from, as far as they divide the inputs; None for all that do.
        outputs: channels of the output, at most (at least one a group).
    """

    kernel: tuple[int, int] = (1, 3)
    stride: tuple[int, int] = (1, 2)
    padding: tuple[int, int] = (0, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: Sequence[int] | None = None
    outputs: int = 8


def generators():
    """numpy generators, of a seed that hypothesis shrinks."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


@st.composite
def convolutions(draw, source, weights: Weights, geometry: Geometry = Geometry(), neuron=None, name="conv", **fields):
    """A `ConvLayer` on a source of shape (C, H, W); what does not fit the image becomes a 1 x 1 convolution.

    Args:
        weights: of a generator and a shape (C, Cin / groups, kH, kW).
        neuron: of the number of output channels; None for one that never matters.
        fields: further fields of the layer, each of a generator and the output's shape.
    """
    rng = draw(generators())
    kernel, stride, padding, dilation = (
        draw(st.tuples(st.integers(*ends), st.integers(*ends)))
        for ends in (geometry.kernel, geometry.stride, geometry.padding, geometry.dilation)
    )
    axes = [*zip(source[1:], kernel, stride, padding, dilation)]
    if any(size + 2 * p < d * (k - 1) + 1 for size, k, _, p, d in axes):
        kernel, stride, padding, dilation = (1, 1), (1, 1), (0, 0), (1, 1)
        axes = [*zip(source[1:], kernel, stride, padding, dilation)]
    allowed = range(1, source[0] + 1) if geometry.groups is None else geometry.groups
    groups = draw(st.sampled_from([g for g in allowed if source[0] % g == 0]))
    outputs = groups * draw(st.integers(1, max(1, geometry.outputs // groups)))
    shape = (outputs, *(conv_output_size(*axis) for axis in axes))
    return ConvLayer(
        name,
        shape,
        weights(rng, (outputs, source[0] // groups, *kernel)),
        CubaNeuron(0, 4096) if neuron is None else neuron(outputs),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        **{key: make(rng, shape) for key, make in fields.items()},
    )


def ternary(rng, shape):
    """Weights in {-1, 0, 1}."""
    return rng.integers(-1, 2, shape)
