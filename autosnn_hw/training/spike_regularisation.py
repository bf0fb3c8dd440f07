"""Spike regularisation: the firing rate as a part of the loss.

AutoSNN (Na et al., ICML 2022) compares its search with a regulariser of weight 1, .1 and .01, whose formula is neither in its slides
nor in its public code. Ours is

    L = MSE(votes / T, one-hot) + lambda_reg r,    r = spikes / possible spikes, mean over the batch

with the spikes of its counter (stem, blocks, pools, readout) and as many possible ones as there would be if each fired in every step:
r is the firing rate of its tables. The gradient of a spike is the surrogate's.
"""

from __future__ import annotations

import torch

from autosnn_hw.architecture import Stage


class FiringRate:
    """Counts spikes with their gradients; a `blocks.Counter`."""

    def __init__(self) -> None:
        self.spikes: torch.Tensor | None = None
        self.possible = 0

    def __call__(self, stage: Stage, spikes: torch.Tensor) -> None:
        self.add(spikes)

    def add(self, spikes: torch.Tensor) -> None:
        """Spikes of one layer over all steps and samples."""
        total = spikes.sum()
        self.spikes = total if self.spikes is None else self.spikes + total
        self.possible += spikes.numel()

    def add_counted(self, other: FiringRate) -> None:
        """What another has counted, without its gradients."""
        assert self.spikes is not None and other.spikes is not None
        self.spikes = self.spikes + other.spikes.detach()
        self.possible += other.possible

    @property
    def rate(self) -> torch.Tensor:
        """r, 0-dimensional."""
        assert self.spikes is not None
        return self.spikes / self.possible


def counter_for(weight: float) -> FiringRate | None:
    """What a forward is to count with: nothing where nothing is regularised."""
    return FiringRate() if weight else None


def regularised(loss: torch.Tensor, count: FiringRate | None, weight: float) -> torch.Tensor:
    """`loss` + weight x firing rate."""
    return loss if count is None else loss + weight * count.rate
