"""How a network is trained, beside how long and how fast; the network that comes of it is a plain integer network in every case."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F

from autosnn_hw.training.augmentation import AUTO

VOTES, STEPS = LOSSES = ("votes", "steps")
COSINE, CONSTANT = DECAYS = ("cosine", "constant")


@dataclass(frozen=True)
class Regime:
    """The choices that are the same as floats and with the integers in the loop.

    Args:
        loss: "votes": error of the votes of all steps together, divided by T (AutoSNN); "steps": mean of the errors of each step's votes, which
            asks every step for the answer (as TET does with cross-entropy, Deng et al., ICLR 2022).
        weight_decay: decoupled (AdamW, Loshchilov & Hutter, ICLR 2019), of weights and kernels, not of batch norm, biases or neurons.
        augment: a name of `augmentation`.
        decay: of the learning rate: "cosine" down to 0, or "constant".
        distillation: share of a teacher's answer in what a network is trained towards; it needs a teacher.
        averaged: of the last epochs as floats, whose weights are averaged; 0 and 1 are none.
    """

    loss: str = VOTES
    weight_decay: float = 0.0
    augment: str = AUTO
    decay: str = COSINE
    distillation: float = 0.0
    averaged: int = 0

    def identity(self) -> dict[str, Any]:
        """What a checkpoint says of it: the choices that are not the defaults, so that those from before there was a choice go on."""
        usual = asdict(Regime())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


def loss_of(votes: torch.Tensor, target: torch.Tensor, loss: str = VOTES) -> torch.Tensor:
    """Mean squared error of votes by step (T, N, classes), each in 0..1, and targets (N, classes)."""
    if loss == STEPS:
        return F.mse_loss(votes, target.expand_as(votes))
    return F.mse_loss(votes.sum(0) / len(votes), target)
