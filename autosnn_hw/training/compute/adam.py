"""Adam over flat memory: all parameters of a segment are views of one tensor, so that an update is ten operations and not
ten a parameter (a super-network of small blocks spends a tenth of its step there otherwise)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class FlatAdam:
    """Adam (Kingma & Ba, 2015; torch.optim.Adam's defaults) whose segments can be updated by themselves.

    Parameters become views of one flat tensor a segment, and their gradients of another: build it after the module is on
    its device. A segment that is not named in `step` keeps its moments and its count of steps, as torch.optim.Adam treats
    parameters without a gradient: in single-path training that is every block which the path left out.

    Args:
        segments: disjoint lists of parameters, updated together.
        weight_decay: as torch.optim.AdamW has it, of parameters with two axes and more: weights and kernels.
    """

    def __init__(self, segments: Sequence[Iterable[nn.Parameter]], weight_decay: float = 0.0) -> None:
        self.weight_decay = weight_decay
        self.decaying: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self.gradients: list[torch.Tensor] = []
        for segment in segments:
            parameters = list(segment)
            value = _flat([p.detach() for p in parameters])
            gradient = torch.zeros_like(value)
            start = 0
            for p in parameters:
                end = start + p.numel()
                p.data = value[start:end].view(p.shape)
                p.grad = gradient[start:end].view(p.shape)
                start = end
            if weight_decay:
                self.decaying.append(_flat([torch.full_like(p.detach(), p.dim() > 1) for p in parameters]))
            self.values.append(value)
            self.gradients.append(gradient)
        self.first = [torch.zeros_like(value) for value in self.values]
        self.second = [torch.zeros_like(value) for value in self.values]
        self.steps = [0] * len(self.values)

    def zero_grad(self) -> None:
        for gradient in self.gradients:
            gradient.zero_()

    def gradients_of(self, segments: Iterable[int] | None = None) -> list[torch.Tensor]:
        """Flat gradients of the named segments (all by default), to be changed in place; in their own order, in whichever they are
        named: what is summed over processes must stand in the same one in each, and a path names its segments out of sets."""
        return self.gradients if segments is None else [self.gradients[i] for i in sorted(segments)]

    @torch.no_grad()
    def step(self, learning_rate: float, segments: Iterable[int] | None = None) -> None:
        """One update of the named segments (all by default) from the gradients that were accumulated."""
        for i in range(len(self.values)) if segments is None else segments:
            self.steps[i] += 1
            if self.weight_decay:
                self.values[i].addcmul_(self.values[i], self.decaying[i], value=-learning_rate * self.weight_decay)
            gradient, first, second = self.gradients[i], self.first[i], self.second[i]
            first.lerp_(gradient, 1 - BETA_1)
            second.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
            scale = (1 - BETA_2 ** self.steps[i]) ** 0.5
            denominator = second.sqrt().div_(scale).add_(EPSILON)
            self.values[i].addcdiv_(first, denominator, value=-learning_rate / (1 - BETA_1 ** self.steps[i]))

    def state(self) -> dict[str, torch.Tensor]:
        """Moments and counts, to be stored beside the module's own state."""
        tensors = {f"first.{i}": tensor for i, tensor in enumerate(self.first)}
        tensors |= {f"second.{i}": tensor for i, tensor in enumerate(self.second)}
        return tensors | {"steps": torch.tensor(self.steps, dtype=torch.int64)}

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        for i in range(len(self.values)):
            self.first[i].copy_(state[f"first.{i}"])
            self.second[i].copy_(state[f"second.{i}"])
        self.steps = state["steps"].tolist()


def _flat(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """All values in one axis; a segment may hold none: a slot's skip that is no layer at all."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors]) if tensors else torch.zeros(0)
