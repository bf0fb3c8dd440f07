"""Training of single networks on the mean squared error of votes / T, and what they have learnt."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.training.adam import FlatAdam
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.evaluation import Evaluation, evaluate, samples_at_once
from autosnn_hw.training.fabric import FLOAT, Fabric
from autosnn_hw.training.loop import Progress, Schedule, Seeded, TrainingRun, identity_of
from autosnn_hw.training.network import SpikingNetwork
from autosnn_hw.training.spike_regularisation import counter_for, regularised

NETWORK_SCHEDULE = Schedule(epochs=20, learning_rate=1e-2, batch=32)


@dataclass(frozen=True, eq=False)
class NetworkTraining:
    """A trained network, the mean loss of each epoch, and the seconds this process spent."""

    network: SpikingNetwork
    losses: list[float]
    seconds: float


def train_network(
    architecture: Architecture,
    dataset: Dataset,
    *,
    schedule: Schedule = NETWORK_SCHEDULE,
    full_train: bool = True,
    initial: SpikingNetwork | None = None,
    fabric: Fabric = FLOAT,
    device: str = "cpu",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    progress: Progress | None = None,
) -> NetworkTraining:
    """Train one architecture from scratch, or on from where `initial` stands.

    Args:
        architecture: what is trained.
        dataset: images or event frames with T = architecture.timesteps.
        full_train: on training and validation images (retraining a winner), else without the validation part.
        initial: a network of this architecture to go on from; it is left as it is. None draws weights from the seed.
        fabric: as in `SpikingNetwork`; of `initial` its own is taken.
        checkpoint: file to go on from, if it is there, and to keep the state in; the weights alone once it is finished.
        checkpoint_seconds: least time between two writes.
        progress: called after each epoch.

    Raises:
        InputError: frames of another T, a checkpoint of another run.
        RunError: the checkpoint cannot be written.
    """
    check_timesteps(dataset, architecture.timesteps)
    if initial is None:
        with Seeded(schedule.seed, "network", str(architecture)):
            network = SpikingNetwork(architecture, dataset.image, dataset.classes, fabric=fabric).to(device)
    else:
        network, fabric = copy.deepcopy(initial).to(device), initial.fabric
    adam = FlatAdam([network.parameters()])

    def step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        count = counter_for(schedule.spike_regularisation)
        loss = vote_loss(network(x, count), target, architecture.timesteps)
        loss = regularised(loss, count, schedule.spike_regularisation)
        loss.backward()
        return loss.detach(), None

    x, y = dataset.full_train() if full_train else (dataset.x_train, dataset.y_train)
    genotype = {name: value for name, value in asdict(architecture).items() if name != "named"}
    identity = identity_of(
        "network", dataset, schedule, architecture=genotype, full=full_train,
        **fabric.identity(), **({} if initial is None else {"initial": fingerprint(initial)}),
    )  # fmt: skip
    run = TrainingRun(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
    run.fit(dataset, x, y, step)
    return NetworkTraining(network.eval(), run.losses, run.seconds)


def evaluate_network(
    network: SpikingNetwork, dataset: Dataset, x: np.ndarray, y: np.ndarray, *, device: str = "cpu"
) -> Evaluation:
    """Float accuracy and spikes of one network with its running statistics."""
    batch = samples_at_once(network.architecture.width, network.timesteps, network.image)
    return evaluate(network.eval(), dataset, x, y, voters=network.voters, batch=batch, device=device)


def fingerprint(network: SpikingNetwork) -> str:
    """Hash of a network's weights and statistics: what a checkpoint that went on from them must say."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def vote_loss(votes: torch.Tensor, target: torch.Tensor, timesteps: int) -> torch.Tensor:
    """Mean squared error of votes / T (N, classes) and one-hot targets."""
    return F.mse_loss(votes / timesteps, target)


def check_timesteps(dataset: Dataset, timesteps: int) -> None:
    """Refuse event frames of another number of steps.

    Raises:
        InputError: with both numbers.
    """
    if dataset.timesteps is not None and dataset.timesteps != timesteps:
        raise InputError(
            f"{dataset.name} has frames of {dataset.timesteps} steps; {timesteps} were asked for; leave --timesteps out."
        )
