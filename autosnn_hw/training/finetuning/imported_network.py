"""Fine-tuning of a network of another framework with the chip's integers in the loop: its weights and biases are trained on, its neurons stay.

In every step the integers are made anew from the current floats, as `from_graph.chip_layers` makes them; gradients go straight
through every rounding (Bengio et al. 2013) and through spikes by the ATan surrogate.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.deploy.from_graph.euler_steps import OR
from autosnn_hw.deploy.from_graph.float_run import columns, currents, entering, heard
from autosnn_hw.deploy.from_graph.image_input import SeenImages, driven, image_input
from autosnn_hw.deploy.from_graph.layer_maps import Plan, PlannedLayer
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons, rounded
from autosnn_hw.errors import InputError
from autosnn_hw.network import CubaNeuron
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE, V_LIMIT, WRAP
from autosnn_hw.seeds import generator
from autosnn_hw.training.compute.surrogate import Spike

LEARNING_RATE = 0.01  # of a layer's root mean square weight, so that it suits whatever units a network has
AT_ONCE = 256  # samples that are judged at once
Samples = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Tuned:
    """What came of it.

    Args:
        plan: floats whose integers are the network that was kept.
        accuracies: on the validation samples, before the first epoch and after each.
        losses: mean cross-entropy of each epoch.
        best: the epoch that was kept; 0 is rounding alone.
    """

    plan: Plan
    accuracies: list[float]
    losses: list[float]
    best: int


class ImportedLayer(nn.Module):
    """One planned layer with its floats as parameters; its integers are made from them in every forward."""

    def __init__(self, layer: PlannedLayer, fires_at: bool) -> None:
        super().__init__()
        self.layer, self.fires_at = layer, fires_at
        floats = layer.floats
        trained = layer.layer.node.kind != OR
        self.weight = nn.Parameter(torch.tensor(floats.weight, dtype=torch.float64), requires_grad=trained)
        self.bias = nn.Parameter(
            torch.tensor(floats.bias, dtype=torch.float64), requires_grad=trained and bool(floats.bias.any())
        )
        if trained:
            present = torch.from_numpy(floats.weight != 0)  # what is pruned, or stands for no synapse, stays so
            self.weight.register_hook(lambda gradient: gradient * present)

    def floats(self) -> FloatNeurons:
        """The floats of this moment."""
        return replace(self.layer.floats, weight=_array(self.weight), bias=_array(self.bias))

    def forward(self, fired: dict[str, torch.Tensor]) -> tuple[torch.Tensor | None, torch.Tensor]:
        """Spikes (N, T, *shape), None of a layer that is read by its voltage, and the voltage at the end in the floats' unit."""
        own = rounded(self.floats(), self.layer.name, fires_at=self.fires_at)
        weight = _straight(self.weight, own.weight, own.scale)
        bias = _straight(self.bias, own.bias, own.scale)
        # float32 holds every sum: integers of at most 24 bits.
        current = currents(self.layer, weight.float(), heard(self.layer, fired)).double()
        silent = self.layer.floats.threshold is None
        spikes, voltage = cuba(current, columns_of(bias, current), own.neuron, never=silent)
        return spikes, voltage / (ALIGN * own.scale)


def cuba(
    current: torch.Tensor, bias: torch.Tensor, neuron: CubaNeuron, *, never: bool
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """The chip's neurons (`simulate.exact.reference`) with gradients.

    Args:
        current: float64 (N, T, *shape) of integers.
        bias: float64 of integers that broadcasts to (N, *shape).
        never: the layer is read by its voltage, and no spike is made.

    Returns:
        float32 (N, T, *shape) or None, and the voltage at the end, float64 (N, *shape).
    """
    shape = tuple(current.shape[2:])
    threshold, v_keep, i_keep = (
        columns(np.atleast_1d(np.asarray(values)), shape)
        for values in (neuron.vth_mant, DECAY_ONE - np.asarray(neuron.v_decay), DECAY_ONE - np.asarray(neuron.i_decay))
    )
    limit = ALIGN * threshold
    remembers = bool((i_keep > 0).any())
    u = v = torch.zeros_like(current[:, 0])
    spikes = []
    for step in range(current.shape[1]):
        arrives = ALIGN * current[:, step]
        u = _wrapped(_cut(u * i_keep / DECAY_ONE) + arrives if remembers else arrives)
        v = _clipped(_cut(v * v_keep / DECAY_ONE) + u + ALIGN * bias)
        if not never:
            # 1/2 lies between two voltages: above the threshold is the chip's rule, at 0 the surrogate's.
            fires = Spike.apply((v - limit - 0.5) / limit.clamp(min=ALIGN))
            v = v * (1 - fires.detach())
            spikes.append(fires.float())
    return (torch.stack(spikes, 1) if spikes else None), v


def _array(values: torch.Tensor) -> np.ndarray:
    return values.detach().numpy().copy()


def _straight(values: torch.Tensor, integers: np.ndarray, scale: float) -> torch.Tensor:
    """The integers, with the gradient of scale x values."""
    scaled = values * scale
    return scaled + (torch.from_numpy(integers.astype(float)) - scaled).detach()


def _cut(values: torch.Tensor) -> torch.Tensor:
    """Rounded toward zero."""
    return values + (values.detach().trunc() - values.detach())


def _wrapped(u: torch.Tensor) -> torch.Tensor:
    over = (u.detach() > WRAP).double() - (u.detach() <= -WRAP).double()
    return u - 2 * WRAP * over


def _clipped(v: torch.Tensor) -> torch.Tensor:
    return v + (v.detach().clamp(-V_LIMIT, V_LIMIT) - v.detach())


def columns_of(bias: torch.Tensor, current: torch.Tensor) -> torch.Tensor:
    """Biases of channels, or of neurons, as they broadcast to (N, *shape)."""
    return bias.reshape(bias.shape + (1,) * (current.dim() - 2 - bias.dim()))


class ImportedNetwork(nn.Module):
    """A planned network whose forward is the integer network that the plan becomes."""

    def __init__(self, plan: Plan, images: SeenImages | None = None) -> None:
        """Where the network takes images its first layer is host work and stays as it is."""
        super().__init__()
        self.plan, self.images = plan, images
        self.first = None if images is None else image_input(plan.layers[0], images, plan.how.fires_at)
        self.fixed = 0 if images is None else 1
        self.layers = nn.ModuleList(ImportedLayer(layer, plan.how.fires_at) for layer in plan.layers[self.fixed :])

    def forward(self, samples: np.ndarray, kept: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """Spikes of the last layer summed over the steps, (N, outputs), or its voltage at the end; `kept` collects spikes by layer."""
        if self.first is None or self.images is None:
            fired = {self.plan.start: entering(self.plan, samples)}
        else:
            spikes = torch.from_numpy(driven(*self.first, self.images, samples).astype(np.float32))
            fired = {self.first[1].name: spikes.reshape(*spikes.shape[:2], *self.plan.layers[0].layer.shape)}
        outputs = torch.zeros(())
        for layer in self.layers:
            spikes, voltage = layer(fired)
            if spikes is not None:
                fired[layer.layer.name] = spikes
            outputs = voltage if spikes is None else spikes.sum(1)
        if kept is not None:
            kept.update(fired)
        return outputs.flatten(1)

    def to_plan(self) -> Plan:
        """The floats of this moment; rounded they are the integers of this moment's forward."""
        fixed = [layer.floats for layer in self.plan.layers[: self.fixed]]
        return self.plan.with_floats([*fixed, *(layer.floats() for layer in self.layers)])


def fit(
    plan: Plan,
    train: Samples,
    validation: Samples,
    *,
    images: SeenImages | None = None,
    epochs: int,
    seed: int = 0,
    batch: int = 64,
    learning_rate: float = LEARNING_RATE,
    progress: Callable[[int, int, float], None] | None = None,
) -> Tuned:
    """Train a planned network on as the integers that the chip runs, and keep the epoch that is best on the validation samples.

    Args:
        train, validation: frames (N, T, ..), or images, and labels int64 (N,).
        images: what the network sees of images.
        epochs, batch, learning_rate: Adam with a cosine schedule on the cross-entropy of summed spikes, or of voltages; the rate
            is a share of each layer's root mean square weight.
        seed: of the order of the samples.
        progress: called after each epoch with epochs done, epochs in all, and the validation accuracy of the integers.

    Raises:
        InputError: labels that the network has no output for.
    """
    network = ImportedNetwork(plan, images)
    outputs = int(np.prod(plan.layers[-1].layer.shape))
    largest = max(int(labels.max(initial=0)) for _, labels in (train, validation))
    if largest >= outputs:
        raise InputError(f"the labels go up to {largest}; the network has {outputs} outputs.")
    optimiser = torch.optim.Adam([_group(layer, learning_rate) for layer in network.layers])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, epochs))
    x, y = train[0], torch.from_numpy(train[1])
    accuracies, losses = [accuracy(network, *validation)], []
    best, kept = 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        order, total = generator(seed, "imported", epoch).permutation(len(x)), 0.0
        for start in range(0, len(x), batch):
            index = order[start : start + batch]
            loss = F.cross_entropy(network(x[index]), y[torch.from_numpy(index)])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(loss.detach()) * len(index)
        schedule.step()
        losses.append(total / len(x))
        accuracies.append(accuracy(network, *validation))
        if accuracies[-1] >= accuracies[best]:
            best, kept = epoch, copy.deepcopy(network.state_dict())
        if progress is not None:
            progress(epoch, epochs, accuracies[-1])
    network.load_state_dict(kept)
    return Tuned(network.to_plan(), accuracies, losses, best)


def _group(layer: nn.Module, rate: float) -> dict[str, object]:
    weight = layer.weight.detach()
    typical = float(weight[weight != 0].square().mean().sqrt())
    return {"params": [p for p in (layer.weight, layer.bias) if p.requires_grad], "lr": rate * typical}


@torch.no_grad()
def accuracy(network: ImportedNetwork, samples: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose largest output, ties to the lowest, is the label: that of the exact simulator."""
    right = 0
    for start in range(0, len(samples), AT_ONCE):
        found = network(samples[start : start + AT_ONCE]).numpy().argmax(axis=1)
        right += int((found == labels[start : start + AT_ONCE]).sum())
    return right / max(1, len(samples))
