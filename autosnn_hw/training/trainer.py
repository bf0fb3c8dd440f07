"""Training of single networks on the mean squared error of votes / T, and what they have learnt."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.training.averaging import WeightAverage, reestimate
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.data.datasets import Dataset, require_steps
from autosnn_hw.training.evaluation import Evaluation, Images, evaluate, samples_at_once
from autosnn_hw.training.loop import Progress, Schedule, Seeded, TrainingRun, identity_of
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from autosnn_hw.training.regime import loss_of
from autosnn_hw.training.spike_regularisation import counter_for, regularised
from autosnn_hw.training.teaching import Teacher

ESTIMATION_SAMPLES = 512
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
    teacher: Teacher | None = None,
    device: str = "cpu",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    until: int | None = None,
    begun_from: str | None = None,
    progress: Progress | None = None,
) -> NetworkTraining:
    """Train one architecture from scratch, or on from where `initial` stands.

    Args:
        architecture: what is trained.
        dataset: images or event frames with T = architecture.timesteps.
        full_train: on training and validation images (retraining a winner), else without the validation part.
        initial: a network of this architecture to go on from; it is left as it is. None draws weights from the seed.
        fabric: as in `SpikingNetwork`; of `initial` its own is taken.
        teacher: softens the targets; where the schedule's regime asks for distillation it is needed.
        checkpoint: file to go on from, if it is there, and to keep the state in; the weights alone once it is finished.
        checkpoint_seconds: least time between two writes.
        until: epoch, of the schedule's, after which it stops for now: the same call with a later one goes on from `checkpoint`, and
            what comes out is what one call gives, bit for bit.
        begun_from: name of `initial` for the checkpoint, of one that another machine may go on from, where the last bits of what it
            was estimated on are others; None takes the fingerprint of its weights.
        progress: called after each epoch.

    Raises:
        InputError: frames of another T, a checkpoint of another run or of more epochs than `until`, distillation without a teacher,
            an `until` outside the schedule.
        RunError: the checkpoint cannot be written.
    """
    if until is not None and not 1 <= until <= schedule.epochs:
        raise InputError(f"until epoch {until} of {schedule.epochs}; 1 to {schedule.epochs} is needed.")
    require_steps(dataset.name, dataset.timesteps, architecture.timesteps)
    if schedule.regime.distillation and teacher is None:
        raise InputError(f"distillation {schedule.regime.distillation} needs a teacher; train one with train_teacher.")
    if initial is None:
        with Seeded(schedule.seed, "network", str(architecture)):
            network = SpikingNetwork(architecture, dataset.image, dataset.classes, fabric=fabric).to(device)
    else:
        network, fabric = copy.deepcopy(initial).to(device), initial.fabric
    regime = schedule.regime
    adam = FlatAdam([network.parameters()], regime.weight_decay)

    def step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        count = counter_for(schedule.spike_regularisation)
        target = target if teacher is None else teacher.softened(x, target)
        loss = loss_of(network.by_step(x, count), target, regime.loss)
        loss = regularised(loss, count, schedule.spike_regularisation)
        loss.backward()
        return loss.detach(), None

    x, y = dataset.full_train() if full_train else (dataset.x_train, dataset.y_train)
    genotype = {name: value for name, value in asdict(architecture).items() if name != "named"}
    if architecture.pools is None:  # as checkpoints of before there were others
        del genotype["pools"]
    identity = identity_of(
        "network", dataset, schedule, architecture=genotype, full=full_train,
        **fabric.identity(), **({} if initial is None else {"initial": begun_from or fingerprint(initial)}),
        **({} if teacher is None else {"teacher": fingerprint(teacher.network)}),
    )  # fmt: skip
    run = TrainingRun(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
    run.until = until
    run.mean = WeightAverage(adam.values) if regime.averaged > 1 else None
    run.settle = lambda: reestimate(network, _first_batches(dataset, schedule.batch, device))
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


def _first_batches(dataset: Dataset, batch: int, device: str) -> list[torch.Tensor]:
    """Training samples as the network sees them, that averaged weights get their statistics from, in batches of equal size."""
    images = Images(dataset, dataset.x_train[: max(1, ESTIMATION_SAMPLES // batch) * batch], device)
    return [images.batch(slice(low, low + batch)) for low in range(0, len(images) - batch + 1, batch)] or [
        images.batch(slice(None))
    ]
