"""Whether a super-network has learnt: the accuracies of random paths, and what its losses so far promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.architecture import Architecture
from autosnn_hw.seeds import generator
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Evaluation, Images, evaluate, samples_at_once
from autosnn_hw.training.learning_curve import Forecast, forecast, guessing_loss
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

LEARNT_SHARE = 0.2  # of the way from chance to 1 that the mean accuracy of random paths must have gone
VERDICT_PATHS = 12
ESTIMATION_IMAGES = 256


@dataclass(frozen=True, eq=False)
class SupernetTraining:
    """A trained super-network and whether it has learnt.

    Args:
        network: the super-network.
        losses: mean loss of each epoch.
        accuracies: float validation accuracy of random paths, statistics re-estimated for each.
        chance: share of the largest class in the validation part.
        seconds: that this process spent on training.
        warm_up: epochs, the first ones, in which the anchor alone was trained.
        guessing: loss of a network that knows nothing.
    """

    network: SuperNetwork
    losses: list[float]
    accuracies: list[float]
    chance: float
    seconds: float
    warm_up: int
    guessing: float

    @property
    def accuracy(self) -> float:
        """Mean float validation accuracy of random paths."""
        return float(np.mean(self.accuracies))

    @property
    def learnt(self) -> bool:
        """Never at chance: where that is 1, all validation samples are of one class, and accuracy says nothing."""
        return self.accuracy > self.chance and self.accuracy >= self.chance + LEARNT_SHARE * (1 - self.chance)

    @property
    def forecast(self) -> Forecast:
        """How many epochs would likely do where it has not learnt."""
        reached = (self.accuracy - self.chance) / (1 - self.chance) if self.chance < 1 else 0.0
        return forecast(self.losses[self.warm_up :], len(self.losses), self.guessing, reached, LEARNT_SHARE)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        facts = f"mean validation accuracy of {len(self.accuracies)} random paths {self.accuracy:.3f}, chance {self.chance:.3f}"
        if self.learnt:
            return f"the super-network has learnt ({facts})."
        return f"the super-network has not learnt ({facts}); train longer (--epochs)."


def judged(
    network: SuperNetwork,
    dataset: Dataset,
    seed: int,
    losses: list[float],
    seconds: float = 0.0,
    warm_up: int = 0,
    device: str = "cpu",
) -> SupernetTraining:
    """Whether a super-network has learnt a data set, by random paths of it.

    Args:
        seed: that draws the paths.
        losses, seconds, warm_up: of its training, where it was trained on this data set.
    """
    random = generator(seed, "verdict")
    accuracies = [
        evaluate_path(network, network.uniform_path(random), dataset, device=device).accuracy
        for _ in range(VERDICT_PATHS)
    ]
    guessing = guessing_loss(dataset.y_train, dataset.classes)
    return SupernetTraining(network, losses, accuracies, _chance(dataset.y_val), seconds, warm_up, guessing)


def evaluate_path(
    network: SuperNetwork,
    path: Architecture,
    dataset: Dataset,
    x: np.ndarray | None = None,
    y: np.ndarray | None = None,
    *,
    estimated_on: np.ndarray | None = None,
    device: str = "cpu",
) -> Evaluation:
    """Float accuracy and spikes of a path (validation part by default).

    Its batch norm is re-estimated on raw images `estimated_on`, by default the first `ESTIMATION_IMAGES` for training.
    """
    images = Images(dataset, dataset.x_train[:ESTIMATION_IMAGES] if estimated_on is None else estimated_on, device)
    statistics = network.estimate(path, images.batch(slice(None)))
    with network.lent(path, statistics):
        return evaluate(
            lambda batch, count: network(batch, path, count),
            dataset,
            dataset.x_val if x is None else x,
            dataset.y_val if y is None else y,
            voters=network.voters,
            batch=samples_at_once(network.width, network.timesteps, network.image),
            device=device,
        )


def _chance(labels: np.ndarray) -> float:
    return float(np.bincount(labels).max() / len(labels))
