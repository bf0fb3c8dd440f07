"""Narrower networks inside a super-network: a layer of fewer channels reads the first channels of the widest one's weights.

Slimmable networks: Yu et al., ICLR 2019 (arXiv 1812.08928); with statistics of batch norm estimated for each network in the place
of a batch norm for each width: Yu and Huang, ICCV 2019 (arXiv 1903.05134).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from autosnn_hw.training.modules.blocks import ConvNorm, FactorizedReduce, Norm
from autosnn_hw.training.modules.voting_readout import VotingReadout

NEURONS = ("neuron", "neurons")  # of a layer: one number, the same for all of its neurons
SETTINGS = ("ternary", "conv_dtype", "add")  # how a layer computes


class NarrowLayer:
    """A layer without weights and neurons of its own, and the layer of a wider network whose first channels it reads.

    Args:
        layer: of fewer channels than `wide`, else the same; its own weights are dropped.
    """

    def __init__(self, layer: nn.Module, wide: nn.Module) -> None:
        self._layer, self._pairs = layer, list(zip(layer.modules(), wide.modules(), strict=True))
        self._reads = [read for own, theirs in self._pairs for read in _reads(own, theirs)]
        for module, name, _, _ in self._reads:
            if name in module._parameters:  # also of a convolution that reads a common kernel
                del module._parameters[name]
        for name, neurons in wide.named_children():
            if name in NEURONS:
                setattr(layer, name, neurons)

    def ready(self) -> nn.Module:
        """The layer with the weights that the wide one has now; gradients reach these."""
        for module, name, source, shape in self._reads:
            weight = source.weight if isinstance(source, ConvNorm) else getattr(source, name)
            setattr(module, name, weight[tuple(slice(channels) for channels in shape)])
        for own, theirs in self._pairs:
            for name in SETTINGS:
                if hasattr(theirs, name):
                    setattr(own, name, getattr(theirs, name))
        return self._layer


Read = tuple[
    nn.Module, str, nn.Module, tuple[int, ...]
]  # module, its weight's name, whose it is, channels in each axis


def _reads(own: nn.Module, theirs: nn.Module) -> list[Read]:
    if isinstance(own, ConvNorm):
        conv = own.conv
        return [(conv, "weight", theirs, (conv.out_channels, conv.in_channels))]
    if isinstance(own, FactorizedReduce):
        halves = [(getattr(own, name), getattr(theirs, name)) for name in ("even", "odd")]
        return [(conv, "weight", source, (conv.out_channels, conv.in_channels)) for conv, source in halves]
    if isinstance(own, Norm):
        return [(own, name, theirs, (len(own.weight),)) for name in ("weight", "bias")]
    if isinstance(own, VotingReadout) and isinstance(theirs, VotingReadout):
        linear = own.linear
        return [(linear, "weight", theirs.linear, (linear.out_features, linear.in_features))]
    return []


def sandwich(widths: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    """Widths of `count` paths of one update, in random order: the widest, the narrowest, and any of all (Yu and Huang 2019)."""
    others = [widths[int(random.integers(len(widths)))] for _ in range(count - 2)]
    chosen = [widths[-1], widths[0], *others][:count]
    return [chosen[int(number)] for number in random.permutation(len(chosen))]
