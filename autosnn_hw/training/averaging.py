"""The mean of a network's weights over its last epochs (Izmailov et al., UAI 2018), whose batch norm is estimated anew."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from autosnn_hw.training.modules.blocks import Norm


class WeightAverage:
    """Sums what parameters were after some epochs.

    Args:
        values: the flat parameters that change under it.
    """

    def __init__(self, values: Sequence[torch.Tensor]) -> None:
        self.values = values
        self.sums = [torch.zeros_like(value, dtype=torch.float64) for value in values]
        self.count = 0

    def add(self) -> None:
        for total, value in zip(self.sums, self.values):
            total += value
        self.count += 1

    @torch.no_grad()
    def apply(self) -> None:
        """Set the parameters to their mean."""
        for total, value in zip(self.sums, self.values):
            value.copy_(total / max(1, self.count))

    def state(self) -> dict[str, torch.Tensor]:
        """What goes on with an interrupted run."""
        return {f"sum.{i}": total for i, total in enumerate(self.sums)} | {"count": torch.tensor(self.count)}

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        for i, total in enumerate(self.sums):
            total.copy_(state[f"sum.{i}"])
        self.count = int(state["count"])


@torch.no_grad()
def reestimate(network: nn.Module, batches: Sequence[torch.Tensor]) -> None:
    """Running statistics of every norm of a network, from the statistics of batches of equal size."""
    norms = [module for module in network.modules() if isinstance(module, Norm) and module.tracked]
    try:
        for norm in norms:
            norm.recorded = []
        for x in batches:
            network(x)
        for norm in norms:
            means, variances = (torch.stack(part) for part in zip(*(norm.recorded or [])))
            assert norm.mean is not None and norm.var is not None
            norm.mean.copy_(means.mean(0))
            norm.var.copy_(variances.mean(0) + means.var(0, unbiased=False))
    finally:
        for norm in norms:
            norm.recorded = None
