"""Quantisation-aware fine-tuning: the forward is the integer network of `lower`, so what is trained is what is exported."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.deploy.batch_norm import calibrated
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.seeds import generator
from autosnn_hw.training.augmentation import Change, augmentation
from autosnn_hw.training.compute.allocator import keep_freed_memory
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import ROOM, samples_at_once
from autosnn_hw.training.finetuning.integer_network import IntegerNetwork
from autosnn_hw.training.loop import Progress
from autosnn_hw.training.regime import COSINE, Regime, loss_of
from autosnn_hw.training.spike_regularisation import counter_for, regularised
from autosnn_hw.training.teaching import Teacher

LEARNING_RATE = {"even": 5e-4, "ternary": 2e-3}
CALIBRATION_IMAGES = 256  # for a network that was trained with float weights and becomes ternary


@dataclass(frozen=True, eq=False)
class Finetuning:
    """What came of it.

    Args:
        folded: floats whose `lower` is the network that was kept.
        accuracies: validation accuracy of the integer network before the first epoch and after each.
        losses: mean loss of each epoch.
        best: the epoch that was kept; 0 is post-training quantisation.
    """

    folded: FoldedNetwork
    accuracies: list[float]
    losses: list[float]
    best: int


def fit(
    folded: FoldedNetwork,
    dataset: Dataset,
    *,
    epochs: int = 8,
    seed: int = 0,
    target: Target = None,
    learning_rate: float | None = None,
    batch: int = 64,
    full_train: bool = False,
    regime: Regime = Regime(),  # noqa: B008  (frozen)
    teacher: Teacher | None = None,
    spike_regularisation: float = 0.0,
    progress: Progress | None = None,
) -> Finetuning:
    """Train a network on as the integers that the target runs, and keep the epoch that is best on the validation images.

    Args:
        folded: a trained network with its running statistics, or without batch norm.
        dataset: images or event frames.
        epochs, learning_rate, batch: Adam with a cosine schedule on the mean squared error of votes / T; None takes
            `LEARNING_RATE` of the weight format, larger where weights must change sign.
        seed: of the order of images and the augmentation.
        target: as in `lower`.
        full_train: train on the validation images, too; the last epoch is then kept, because none of them can judge.
        regime: loss, weight decay, augmentation and decay of the rate; there is no averaging here, the best epoch is kept.
        teacher: softens the targets.
        spike_regularisation: lambda_reg of `training.spike_regularisation`, here of the integer network's own spikes.
        progress: called after each epoch with epochs done, epochs in all, and the validation accuracy of the integers.

    Raises:
        InputError: what `lower` raises.
    """
    if weight_format(target).kind == "ternary" and any(conv.norm for block in folded.blocks for conv in block.convs):
        folded = calibrated(folded, dataset.x_train[:CALIBRATION_IMAGES], target)
    network = IntegerNetwork(folded, target)
    x, y = dataset.full_train() if full_train else (dataset.x_train, dataset.y_train)
    change = augmentation(regime.augment, dataset.image, dataset.is_frames)
    keep = change is None and teacher is None
    inputs = None if not keep or not _fits(network, len(x)) else network.drive(x)
    labels = F.one_hot(torch.from_numpy(y), dataset.classes).float()
    keep_freed_memory()
    parameters = [p for p in network.parameters() if p.requires_grad]
    rate = learning_rate or LEARNING_RATE[network.weights.kind]
    optimiser = _optimiser(parameters, rate, regime.weight_decay)
    falling = regime.decay == COSINE
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, epochs), eta_min=0.0 if falling else rate)
    accuracies, losses = [accuracy(network, dataset.x_val, dataset.y_val)], []
    best, kept = 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        random = generator(seed, "finetune", epoch)
        order, total = random.permutation(len(x)), 0.0
        for start in range(0, len(x), batch):
            index = torch.from_numpy(order[start : start + batch])
            wanted = labels[index]
            if inputs is not None:
                now = inputs[index]
            else:
                drawn = _drawn(x, index.numpy(), change, random)
                now = network.drive(drawn)
                if teacher is not None:
                    wanted = teacher.softened(torch.from_numpy(dataset.normalise(drawn)), wanted)
            count = counter_for(spike_regularisation)
            fired: dict[str, torch.Tensor] = {}
            loss = loss_of(network.by_step(now, None if count is None else fired), wanted, regime.loss)
            if count is not None:
                for spikes in fired.values():
                    count.add(spikes)
            loss = regularised(loss, count, spike_regularisation)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(loss.detach()) * len(index)
        schedule.step()
        losses.append(total / len(x))
        accuracies.append(accuracy(network, dataset.x_val, dataset.y_val))
        if full_train or accuracies[-1] >= accuracies[best]:
            best, kept = epoch, copy.deepcopy(network.state_dict())
        if progress is not None:
            progress(epoch, epochs, accuracies[-1])
    network.load_state_dict(kept)
    return Finetuning(network.to_folded(), accuracies, losses, best)


@torch.no_grad()
def accuracy(network: IntegerNetwork, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose most voted class, ties to the lowest, is the label: that of the exact simulator."""
    folded, right = network.folded, 0
    size = samples_at_once(folded.blocks[0].stage.out_shape[0], folded.timesteps, folded.image)
    for low in range(0, len(images), size):
        part = slice(low, low + size)
        votes = network(network.drive(images[part])) * network.folded.voters
        right += int((votes.round().numpy().argmax(axis=1) == labels[part]).sum())
    return right / max(1, len(images))


def _fits(network: IntegerNetwork, samples: int) -> bool:
    """Whether what drives the network for all samples is kept: not that of frames, which are their own drive, or of too many images."""
    return network.stem is not None and samples * int(np.prod(network.stem.shape)) <= ROOM


def _drawn(x: np.ndarray, index: np.ndarray, change: Change | None, random: np.random.Generator) -> np.ndarray:
    samples = x[index]
    return samples if change is None else change(torch.from_numpy(samples), random).numpy()


def _optimiser(parameters: list[nn.Parameter], rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW of weights and kernels, Adam of the others."""
    decaying = [p for p in parameters if p.dim() > 1]
    others = [p for p in parameters if p.dim() <= 1]
    groups = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, rate)
