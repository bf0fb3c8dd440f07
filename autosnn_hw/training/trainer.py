"""Training of super-networks and of single networks on the mean squared error of votes / T, and what they have learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.seeds import generator
from autosnn_hw.training.adam import FlatAdam
from autosnn_hw.training.checkpoint import load_into, read_checkpoint
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.evaluation import Evaluation, Images, evaluate
from autosnn_hw.training.loop import Progress, Schedule, Seeded, TrainingRun, identity_of
from autosnn_hw.training.network import SpikingNetwork
from autosnn_hw.training.supernet import Gene, SuperNetwork, spread_at

LEARNT_SHARE = 0.2  # of the way from chance to 1 that the mean accuracy of random paths must have gone
VERDICT_PATHS = 12
ESTIMATION_IMAGES = 256

NETWORK_SCHEDULE = Schedule(epochs=20, learning_rate=1e-2, batch=32)
SUPERNET_SCHEDULE = Schedule(epochs=24, learning_rate=1e-2, batch=32)


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
    ternary: bool = False,
    readout_block: int | None = None,
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
        neuron, ternary, readout_block: as in `SpikingNetwork`.
        checkpoint: file to go on from, if it is there, and to keep the state in; the weights alone once it is finished.
        checkpoint_seconds: least time between two writes.
        progress: called after each epoch.

    Raises:
        InputError: frames of another T, a checkpoint of another run.
        RunError: the checkpoint cannot be written.
    """
    _check_timesteps(dataset, architecture.timesteps)
    with Seeded(schedule.seed, "network", str(architecture)):
        network = SpikingNetwork(
            architecture, dataset.image, dataset.classes, neuron=neuron, ternary=ternary, readout_block=readout_block
        ).to(device)
    adam = FlatAdam([network.parameters()])

    def step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        loss = _loss(network(x), target, architecture.timesteps)
        loss.backward()
        return loss.detach(), None

    x, y = dataset.full_train() if full_train else (dataset.x_train, dataset.y_train)
    identity = identity_of(
        "network", dataset, schedule, architecture=asdict(architecture), full=full_train, neuron=neuron,
        **_fabric(ternary, readout_block),
    )  # fmt: skip
    run = TrainingRun(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
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
    ternary: bool = False,
    readout_block: int | None = None,
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
        schedule, neuron, ternary, readout_block, device, checkpoint, checkpoint_seconds, progress: as in `train_network`.

    Raises:
        InputError: frames of another T, a checkpoint of another run.
        RunError: it has not learnt, or the checkpoint cannot be written.
    """
    _check_timesteps(dataset, timesteps)
    with Seeded(schedule.seed, "supernet"):
        network = SuperNetwork(
            space, width, timesteps, dataset.image, dataset.classes,
            genes=genes, neuron=neuron, ternary=ternary, readout_block=readout_block,
        ).to(device)  # fmt: skip
    segments = _segments(network)
    adam = FlatAdam(list(segments.values()))
    position = {name: i for i, name in enumerate(segments)}

    def strict_step(x: torch.Tensor, target: torch.Tensor, random: np.random.Generator) -> tuple[torch.Tensor, None]:
        # The stem is one for all paths: computed once, its gradient the sum of theirs.
        spikes = network.stem(x)
        entry = spikes.detach().requires_grad_()
        paths = network.fair_paths(random, spread_at(len(run.losses), schedule.epochs) if ternary else 1.0)
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

    identity = identity_of(
        "supernet", dataset, schedule, space=space, width=width, timesteps=timesteps, genes=network.genes,
        image=dataset.image, classes=dataset.classes, strict=strict, neuron=neuron, **_fabric(ternary, readout_block),
    )  # fmt: skip
    run = TrainingRun(network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device)
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
        ternary=identity.get("ternary", False),
        readout_block=identity.get("readout_block"),
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
            device=device,
        )


def evaluate_network(
    network: SpikingNetwork, dataset: Dataset, x: np.ndarray, y: np.ndarray, *, device: str = "cpu"
) -> Evaluation:
    """Float accuracy and spikes of one network with its running statistics."""
    return evaluate(network.eval(), dataset, x, y, voters=network.voters, device=device)


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


def _fabric(ternary: bool, readout_block: int | None) -> dict[str, Any]:
    """What a checkpoint must say of ternary weights and a sparse readout; nothing of a network that has neither."""
    return ({"ternary": True} if ternary else {}) | ({} if readout_block is None else {"readout_block": readout_block})


def _loss(votes: torch.Tensor, target: torch.Tensor, timesteps: int) -> torch.Tensor:
    return F.mse_loss(votes / timesteps, target)


def _chance(labels: np.ndarray) -> float:
    return float(np.bincount(labels).max() / len(labels))


def _check_timesteps(dataset: Dataset, timesteps: int) -> None:
    if dataset.timesteps is not None and dataset.timesteps != timesteps:
        raise InputError(f"{dataset.name} has frames of {dataset.timesteps} steps; {timesteps} were asked for.")
