"""What a teacher says: targets softened by the answers of a network that has learnt (distillation: Hinton et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from autosnn_hw.training.modules.spiking_network import SpikingNetwork


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained network, in evaluation, and how much of what it says is taught.

    Args:
        network: its votes / T are answers, in 0..1 where it is sure.
        share: in 0..1.
    """

    network: SpikingNetwork
    share: float

    @torch.no_grad()
    def softened(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Targets (N, classes) for samples x as the network sees them: `share` of the answers, within 0..1, and the rest of `target`."""
        answers = self.network(x).div(self.network.timesteps).clamp(0, 1)
        return target.lerp(answers, self.share)

    def cpu(self) -> Teacher:
        """The same teacher on the CPU, where integers are trained."""
        self.network.cpu()
        return self
