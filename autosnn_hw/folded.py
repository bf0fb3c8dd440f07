"""`FoldedNetwork`: what training hands to deploy. Float weights, batch norm beside or inside them, and the neurons' constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.architecture import Stage
from autosnn_hw.axes import along_first


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """Affine batch norm of one convolution, all float64 (C,). mean and var are None where they must be estimated on the
    path's own integer spikes (a candidate that inherits weights)."""

    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray | None = None
    var: np.ndarray | None = None
    eps: float = 1e-5


@dataclass(frozen=True, eq=False)
class FoldedConv:
    """One convolution, or a linear map when weight has two axes.

    weight: float64 (C, Cin / groups, k, k) or (N, Nin); bias: float64 (C,). With `norm` set they are the raw ones, before
    batch norm; with None batch norm is already inside them.
    """

    weight: np.ndarray
    bias: np.ndarray
    stride: int = 1
    padding: int = 0
    groups: int = 1
    norm: BatchNorm | None = None

    def fold(self) -> FoldedConv:
        """The same map with batch norm inside weight and bias.

        Raises:
            ValueError: its statistics are unknown.
        """
        if self.norm is None:
            return self
        mean, var = self.norm.mean, self.norm.var
        if mean is None or var is None:
            raise ValueError("batch-norm statistics are unknown: estimate them on the path's spikes first")
        gain = self.norm.gamma / np.sqrt(var + self.norm.eps)
        weight = self.weight * along_first(gain, self.weight.ndim)
        return FoldedConv(weight, (self.bias - mean) * gain + self.norm.beta, self.stride, self.padding, self.groups)


@dataclass(frozen=True, eq=False)
class FoldedBlock:
    """One stage of the layout with its floats.

    Args:
        stage: where it stands and what it is (kind, name, sizes).
        convs: its convolutions in order: those of its `BlockKind`, stem 1, fully connected ones 1 (linear), pools and identity skips none.
        shortcut: the 1x1 projection of a residual block, or None (identity, where the kind is residual).
        k: PLIF constant sigmoid(w) in (0, 1] of each neuron layer of the block, in order.
    """

    stage: Stage
    convs: tuple[FoldedConv, ...] = ()
    shortcut: FoldedConv | None = None
    k: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class FoldedNetwork:
    """Float network in the order of its layout.

    Args:
        blocks: stem first, readout last; identity skips are present with no convs and no k.
        image: (Cin, H, W) of the images.
        timesteps, classes, voters: of the run and the readout.
        pixel_mean, pixel_std: float64 (Cin,): normalisation of x / pixel_max that training used.
        pixel_max: value that a byte pixel is divided by before normalisation (255, digits 16); float images have 1.0.
        float_images: True where images are float32 and not bytes.
        frames: True where it takes event frames, spikes where above 0: its stem is then a layer of the chip, no host work.
        payload: largest value that a frame's message carries: 1 for spikes, more for graded ones.
        pixel_range: lowest and highest pixel of the float images that it was trained on, where known.
    """

    blocks: tuple[FoldedBlock, ...]
    image: tuple[int, int, int]
    timesteps: int
    classes: int
    voters: int
    pixel_mean: np.ndarray
    pixel_std: np.ndarray
    pixel_max: float = 255.0
    float_images: bool = False
    frames: bool = False
    payload: int = 1
    pixel_range: tuple[float, float] | None = None
