"""Training of super-networks and of single networks: Adam with a cosine schedule on the mean squared error of votes / T.

Everything random is drawn per epoch from a seed of its own, so that a run that was stopped and goes on is the run that was
never stopped, bit for bit (on one machine with one number of threads).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.seeds import derive_seed, generator
from autosnn_hw.training.adam import FlatAdam
from autosnn_hw.training.augmentation import crop_and_flip
from autosnn_hw.training.checkpoint import load_into, read_checkpoint, write_checkpoint
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.evaluation import Evaluation, Images, evaluate
from autosnn_hw.training.network import SpikingNetwork
from autosnn_hw.training.supernet import Gene, SuperNetwork

LEARNT_SHARE = 0.2  # of the way from chance to 1 that the mean accuracy of random paths must have gone
VERDICT_PATHS = 12
ESTIMATION_IMAGES = 256

Progress = Callable[[int, int, float], None]  # epochs done, epochs in all, mean loss of the last one
Step = Callable[[torch.Tensor, torch.Tensor, np.random.Generator], tuple[torch.Tensor, Sequence[int] | None]]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Args:
        epochs: passes over the training images.
        learning_rate: Adam's, at the start of the cosine.
        batch: images an update.
        seed: of the run; initial weights, order, paths and augmentation are derived from it.
        augment: crop and flip; None means for 3 x 32 x 32 images only.
    """

    epochs: int
    learning_rate: float = 2e-3
    batch: int = 64
    seed: int = 0
    augment: bool | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or not self.learning_rate > 0:
            raise InputError(
                f"{self.epochs} epochs, batch {self.batch}, learning rate {self.learning_rate}: all must be above 0."
            )


NETWORK_SCHEDULE = Schedule(epochs=60, learning_rate=2e-3, batch=64)
SUPERNET_SCHEDULE = Schedule(epochs=60, learning_rate=3e-3, batch=64)


@dataclass(frozen=True, eq=False)
class NetworkTraining:
    """A trained network, the mean loss of each epoch, and the seconds this process spent."""

    network: SpikingNetwork
    losses: list[float]
    seconds: float


@dataclass(frozen=True, eq=False)
class SupernetTraining:
    """A trained super-network and whether it has learnt.

    Args:
        network: the super-network.
        losses: mean loss of each epoch.
        accuracies: float validation accuracy of random paths, statistics re-estimated for each.
        chance: share of the largest class in the validation part.
        seconds: that this process spent on training.
    """

    network: SuperNetwork
    losses: list[float]
    accuracies: list[float]
    chance: float
    seconds: float

    @property
    def accuracy(self) -> float:
        """Mean float validation accuracy of random paths."""
        return float(np.mean(self.accuracies))

    @property
    def learnt(self) -> bool:
        return self.accuracy >= self.chance + LEARNT_SHARE * (1 - self.chance)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        facts = f"mean validation accuracy of {len(self.accuracies)} random paths {self.accuracy:.3f}, chance {self.chance:.3f}"
        if self.learnt:
            return f"the super-network has learnt ({facts})."
        return f"the super-network has not learnt ({facts}); train longer (--epochs) or with strict fairness."


def train_network(
    architecture: Architecture,
    dataset: Dataset,
    *,
    schedule: Schedule = NETWORK_SCHEDULE,
    full_train: bool = True,
    neuron: str = "plif",
    device: str = "cpu",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    progress: Progress | None = None,
) -> NetworkTraining:
    """Train one architecture from scratch.

    Args:
        architecture: what is trained.
        dataset: images or event frames with T = architecture.timesteps.
        full_train: on training and validation images (retraining a winner), else without the validation part.
        neuron: "plif" or "memoryless".
        checkpoint: file to go on from, if it is there, and to keep the state in; the weights alone once it is finished.
        checkpoint_seconds: least time between two writes.
        progress: called after each epoch.

    Raises:
        InputError: frames of another T, a checkpoint of another run.
        RunError: the checkpoint cannot be written.
    """
    _check_timesteps(dataset, architecture.timesteps)
    with _Seeded(schedule.seed, "network", str(architecture)):
        network = SpikingNetwork(architecture, dataset.image, dataset.classes, neuron=neuron).to(device)
    adam = FlatAdam([network.parameters()])

    def step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        loss = _loss(network(x), target, architecture.timesteps)
        loss.backward()
        return loss.detach(), None

    x, y = dataset.full_train() if full_train else (dataset.x_train, dataset.y_train)
    identity = _identity(
        "network", dataset, schedule, architecture=asdict(architecture), full=full_train, neuron=neuron
    )
    run = _Run(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
    run.fit(dataset, x, y, step)
    return NetworkTraining(network.eval(), run.losses, run.seconds)


def train_supernet(
    dataset: Dataset,
    *,
    space: str = "SNN_1",
    width: int = 8,
    timesteps: int = 4,
    genes: Sequence[Sequence[Gene]] | None = None,
    schedule: Schedule = SUPERNET_SCHEDULE,
    strict: bool = True,
    neuron: str = "plif",
    device: str = "cpu",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    progress: Progress | None = None,
    must_learn: bool = True,
) -> SupernetTraining:
    """Train a super-network on the training part without the validation part, and see whether it has learnt.

    Args:
        space, width, timesteps, genes: of the super-network.
        strict: strict fairness (an update adds the gradients of as many paths as a slot has blocks, each block once);
            False is AutoSNN's single-path uniform sampling, which needs far more epochs.
        must_learn: raise where it has not learnt; False returns the verdict only.
        schedule, neuron, device, checkpoint, checkpoint_seconds, progress: as in `train_network`.

    Raises:
        InputError: frames of another T, a checkpoint of another run.
        RunError: it has not learnt, or the checkpoint cannot be written.
    """
    _check_timesteps(dataset, timesteps)
    with _Seeded(schedule.seed, "supernet"):
        network = SuperNetwork(space, width, timesteps, dataset.image, dataset.classes, genes=genes, neuron=neuron)
        network.to(device)
    segments = _segments(network)
    adam = FlatAdam(list(segments.values()))
    position = {name: i for i, name in enumerate(segments)}

    def strict_step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        # The stem is one for all paths: computed once, its gradient the sum of theirs.
        spikes = network.stem(x)
        entry = spikes.detach().requires_grad_()
        paths = network.fair_paths(random)
        total = torch.zeros((), device=entry.device)
        for path in paths:
            loss = _loss(network.body(entry, path), target, timesteps)
            loss.backward()
            total += loss.detach()
        spikes.backward(entry.grad)
        return total / len(paths), None

    def single_step(
        x: torch.Tensor, target: torch.Tensor, random: np.random.Generator
    ) -> tuple[torch.Tensor, list[int]]:
        path = network.uniform_path(random)
        loss = _loss(network(x, path), target, timesteps)
        loss.backward()
        return loss.detach(), [position[name] for name in _segment_names(network, path)]

    identity = _identity(
        "supernet", dataset, schedule, space=space, width=width, timesteps=timesteps, genes=network.genes,
        image=dataset.image, classes=dataset.classes, strict=strict, neuron=neuron,
    )  # fmt: skip
    run = _Run(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
    run.fit(dataset, dataset.x_train, dataset.y_train, strict_step if strict else single_step)
    network.eval()
    random = generator(schedule.seed, "verdict")
    accuracies = [
        evaluate_path(network, network.uniform_path(random), dataset, device=device).accuracy
        for _ in range(VERDICT_PATHS)
    ]
    result = SupernetTraining(network, run.losses, accuracies, _chance(dataset.y_val), run.seconds)
    if must_learn and not result.learnt:
        raise RunError(result.sentence)
    return result


def load_supernet(path: Path, *, device: str = "cpu") -> SuperNetwork:
    """A super-network from its checkpoint.

    Raises:
        InputError: missing, damaged, or no super-network.
    """
    tensors, metadata = read_checkpoint(path)
    identity = metadata.get("identity", {})
    if identity.get("kind") != "supernet":
        raise InputError(f"{path} holds no super-network.")
    network = SuperNetwork(
        identity["space"],
        identity["width"],
        identity["timesteps"],
        tuple(identity["image"]),
        identity["classes"],
        genes=identity["genes"],
        neuron=identity["neuron"],
    )
    load_into(network, tensors, path)
    return network.to(device).eval()


def evaluate_path(
    network: SuperNetwork,
    path: Architecture,
    dataset: Dataset,
    x: np.ndarray | None = None,
    y: np.ndarray | None = None,
    *,
    device: str = "cpu",
) -> Evaluation:
    """Float accuracy and spikes of a path (validation part by default), its batch norm re-estimated on training images."""
    images = Images(dataset, dataset.x_train[:ESTIMATION_IMAGES], device)
    statistics = network.estimate(path, images.batch(slice(None)))
    with network.lent(path, statistics):
        return evaluate(
            lambda batch, count: network(batch, path, count),
            dataset,
            dataset.x_val if x is None else x,
            dataset.y_val if y is None else y,
            device=device,
        )


def evaluate_network(
    network: SpikingNetwork, dataset: Dataset, x: np.ndarray, y: np.ndarray, *, device: str = "cpu"
) -> Evaluation:
    """Float accuracy and spikes of one network with its running statistics."""
    return evaluate(network.eval(), dataset, x, y, device=device)


@dataclass
class _Run:
    """State of a training run: where it stands, and its file."""

    network: nn.Module
    adam: FlatAdam
    schedule: Schedule
    identity: dict[str, Any]
    checkpoint: Path | None
    checkpoint_seconds: float
    progress: Progress | None
    device: str
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def fit(self, dataset: Dataset, x: np.ndarray, y: np.ndarray, step: Step) -> None:
        started = written = time.monotonic()
        schedule = self.schedule
        if self.checkpoint is not None and self.checkpoint.exists():
            self._resume(self.checkpoint)
        images = Images(dataset, x, self.device)
        target = F.one_hot(torch.from_numpy(y), dataset.classes).float().to(self.device)
        augment = schedule.augment if schedule.augment is not None else dataset.image == (3, 32, 32)
        batches = -(-len(x) // schedule.batch)
        self.network.train()
        for epoch in range(len(self.losses), schedule.epochs):
            random = generator(schedule.seed, self.identity["kind"], "epoch", epoch)
            total = 0.0
            for index, part in enumerate(np.array_split(random.permutation(len(x)), batches)):
                chosen = torch.from_numpy(part)
                change = (lambda raw, r=random: crop_and_flip(raw, r)) if augment and not dataset.is_frames else None
                self.adam.zero_grad()
                loss, segments = step(images.batch(chosen, change), target[chosen], random)
                done = (epoch * batches + index) / (schedule.epochs * batches)
                self.adam.step(schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * done)), segments)
                total += float(loss) * len(part)
            self.losses.append(total / len(x))
            finished = epoch + 1 == schedule.epochs
            if self.checkpoint is not None and (finished or time.monotonic() - written >= self.checkpoint_seconds):
                self._write(self.checkpoint, finished)
                written = time.monotonic()
            if self.progress is not None:
                self.progress(epoch + 1, schedule.epochs, self.losses[-1])
        self.seconds = time.monotonic() - started

    def _write(self, path: Path, finished: bool) -> None:
        tensors = {f"model.{name}": tensor for name, tensor in self.network.state_dict().items()}
        if not finished:
            tensors |= {f"adam.{name}": tensor for name, tensor in self.adam.state().items()}
        write_checkpoint(path, tensors, {"identity": self.identity, "losses": self.losses})

    def _resume(self, path: Path) -> None:
        tensors, metadata = read_checkpoint(path)
        if metadata.get("identity") != self.identity:
            theirs = metadata.get("identity", {})
            differing = sorted(k for k in self.identity.keys() | theirs.keys() if self.identity.get(k) != theirs.get(k))
            raise InputError(
                f"{path} belongs to another training run (different {', '.join(differing)}); resume with the same settings or take another folder."
            )
        load_into(self.network, tensors, path)
        self.losses = list(metadata["losses"])
        if len(self.losses) < self.schedule.epochs:
            self.adam.load_state({k.removeprefix("adam."): v for k, v in tensors.items() if k.startswith("adam.")})


def _identity(kind: str, dataset: Dataset, schedule: Schedule, **settings: Any) -> dict[str, Any]:
    """What makes two runs the same, as JSON would give it back."""
    identity = {"kind": kind, "data": dataset.sha256, "schedule": asdict(schedule), **settings}
    return json.loads(json.dumps(identity))


def _segments(network: SuperNetwork) -> dict[str, Iterable[nn.Parameter]]:
    segments: dict[str, Iterable[nn.Parameter]] = {}
    for name, layer in network.layers.items():
        if isinstance(layer, nn.ModuleDict):
            segments |= {f"{name}/{key}": candidate.parameters() for key, candidate in layer.items()}
        else:
            segments[name] = layer.parameters()
    return segments


def _segment_names(network: SuperNetwork, path: Architecture) -> list[str]:
    groups = path.groups or (1,) * len(path.blocks)
    slots = [f"TBD{i + 1}/{block}/{group}" for i, (block, group) in enumerate(zip(path.blocks, groups))]
    return slots + [name for name, layer in network.layers.items() if not isinstance(layer, nn.ModuleDict)]


def _loss(votes: torch.Tensor, target: torch.Tensor, timesteps: int) -> torch.Tensor:
    return F.mse_loss(votes / timesteps, target)


def _chance(labels: np.ndarray) -> float:
    return float(np.bincount(labels).max() / len(labels))


def _check_timesteps(dataset: Dataset, timesteps: int) -> None:
    if dataset.timesteps is not None and dataset.timesteps != timesteps:
        raise InputError(f"{dataset.name} has frames of {dataset.timesteps} steps; {timesteps} were asked for.")


class _Seeded:
    """torch's global generator seeded for what is inside, and as before afterwards."""

    def __init__(self, seed: int, *purpose: str | int) -> None:
        self.seed = derive_seed(seed, *purpose, "initial weights")

    def __enter__(self) -> None:
        self.before = torch.get_rng_state()
        torch.manual_seed(self.seed)

    def __exit__(self, *_: object) -> None:
        torch.set_rng_state(self.before)
