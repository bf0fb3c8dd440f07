"""The loop over epochs: Adam with a cosine schedule, a seed of its own for every epoch, and a file to go on from.

Everything random is drawn per epoch from that seed, so that a run that was stopped and goes on is the run that was never
stopped, bit for bit (on one machine with one number of threads).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.errors import InputError
from autosnn_hw.seeds import derive_seed, generator
from autosnn_hw.training.augmentation import Change, augmentation
from autosnn_hw.training.averaging import WeightAverage
from autosnn_hw.training.checkpoint import load_into, read_checkpoint, write_checkpoint
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.compute.allocator import keep_freed_memory
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.precision import FLOAT32, convolving_in
from autosnn_hw.training.ranks.ranks import Ranks, sharing_batches
from autosnn_hw.training.regime import CONSTANT, Regime

BEGUN_WITH = "begun_with"  # key of a file's JSON
Progress = Callable[
    [int, int, float], None
]  # epochs done, epochs in all, mean loss of the last one (fine-tuning: accuracy)
Step = Callable[[torch.Tensor, torch.Tensor, np.random.Generator], tuple[torch.Tensor, Sequence[int] | None]]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Args:
        epochs: passes over the training images.
        learning_rate: Adam's, at the start of the cosine.
        batch: images an update.
        seed: of the run; initial weights, order, paths and augmentation are derived from it.
        precision: of the convolutions, a key of `precision.PRECISIONS`; all else is float32.
        regime: loss, weight decay, augmentation and what else there is to choose.
        spike_regularisation: lambda_reg of `training.spike_regularisation`.
    """

    epochs: int
    learning_rate: float = 2e-3
    batch: int = 64
    seed: int = 0
    precision: str = FLOAT32
    regime: Regime = field(default_factory=Regime)
    spike_regularisation: float = 0.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or not self.learning_rate > 0:
            raise InputError(
                f"{self.epochs} epochs, batch {self.batch}, learning rate {self.learning_rate}: all must be above 0."
            )


@dataclass
class TrainingRun:
    """State of a training run: where it stands, and its file.

    `mean` is what averages the weights of the regime's last epochs, and `settle` is called once they are averaged. `until` is the
    epoch after which it stops for now, with everything in its file that going on needs. Of several `ranks`, of which the first
    alone has a file, each has a part of every batch, `share` of the present one, by which a step has to multiply its loss: then
    gradients are summed.
    """

    network: nn.Module
    adam: FlatAdam
    schedule: Schedule
    identity: dict[str, Any]
    checkpoint: Path | None
    checkpoint_seconds: float
    progress: Progress | None
    device: str
    begun_with: int | None = None  # epochs of its first schedule, where its file may be of a shorter one
    until: int | None = None
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    mean: WeightAverage | None = None
    settle: Callable[[], None] = lambda: None
    ranks: Ranks | None = None
    share: float = 1.0

    def fit(self, dataset: Dataset, x: np.ndarray, y: np.ndarray, step: Step) -> None:
        started = written = time.monotonic()
        schedule = self.schedule
        if self.checkpoint is not None and self.checkpoint.exists():
            self._resume(self.checkpoint)
        if self.ranks is not None:
            self._from_first(self.ranks)
        images = Images(dataset, x, self.device)
        target = F.one_hot(torch.from_numpy(y), dataset.classes).float().to(self.device)
        change = augmentation(schedule.regime.augment, dataset.image, dataset.is_frames)
        batches = -(-len(x) // schedule.batch)
        self.network.train()
        keep_freed_memory()
        with convolving_in(self.network, schedule.precision, self.device), sharing_batches(self.network, self.ranks):
            self._epochs(images, target, batches, change, step, written)
        self.seconds = time.monotonic() - started

    def _epochs(
        self, images: Images, target: torch.Tensor, batches: int, change: Change | None, step: Step, written: float
    ) -> None:
        schedule = self.schedule
        last = schedule.epochs if self.until is None else self.until
        for epoch in range(len(self.losses), last):
            random = generator(schedule.seed, self.identity["kind"], "epoch", epoch)
            total = 0.0
            for index, part in enumerate(np.array_split(random.permutation(len(target)), batches)):
                x, labels = self._own(images, target, torch.from_numpy(part), change, random)
                self.adam.zero_grad()
                loss, segments = step(x, labels, random)
                if self.ranks is not None:
                    self.ranks.add_all(self.adam.gradients_of(segments))
                done = (epoch * batches + index) / (schedule.epochs * batches)
                self.adam.step(schedule.learning_rate * rate_at(done, schedule.regime.decay), segments)
                total += float(loss) * len(part)
            if self.ranks is not None:
                total = self.ranks.total(total)
                self.ranks.require_alike(self.adam.values)
            self.losses.append(total / len(target))
            finished = epoch + 1 == schedule.epochs
            self._average(epoch, finished)
            due = epoch + 1 == last or time.monotonic() - written >= self.checkpoint_seconds
            if self.checkpoint is not None and due:
                self._write(self.checkpoint, finished)
                written = time.monotonic()
            if self.progress is not None:
                self.progress(epoch + 1, schedule.epochs, self.losses[-1])

    def _own(
        self,
        images: Images,
        target: torch.Tensor,
        chosen: torch.Tensor,
        change: Change | None,
        random: np.random.Generator,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Samples and targets of a batch, of several ranks this one's; each draws the changes of all samples."""
        part = slice(None) if self.ranks is None else self.ranks.part(len(chosen))
        own = chosen[part]
        self.share = len(own) / len(chosen)
        if change is None:
            return images.batch(own), target[own]
        return images.batch(chosen, lambda raw: change(raw, random)[part]), target[own]

    def _from_first(self, ranks: Ranks) -> None:
        """Stand where rank 0 stands, which may have gone on from its file."""
        self.losses = ranks.numbers_from_first(self.losses)
        state = {name: tensor.to(ranks.device) for name, tensor in self.adam.state().items()}
        ranks.from_first([*self.adam.values, *state.values()])
        self.adam.load_state(state)

    def _average(self, epoch: int, finished: bool) -> None:
        if self.mean is None:
            return
        if epoch >= self.schedule.epochs - self.schedule.regime.averaged:
            self.mean.add()
        if finished:
            self.mean.apply()
            self.settle()

    def _write(self, path: Path, finished: bool) -> None:
        tensors = {f"model.{name}": tensor for name, tensor in self.network.state_dict().items()}
        if not finished:
            tensors |= {f"adam.{name}": tensor for name, tensor in self.adam.state().items()}
            if self.mean is not None:
                tensors |= {f"mean.{name}": tensor for name, tensor in self.mean.state().items()}
        begun = {} if self.begun_with in (None, self.schedule.epochs) else {BEGUN_WITH: self.begun_with}
        write_checkpoint(path, tensors, {"identity": self.identity, "losses": self.losses, **begun})

    def _resume(self, path: Path) -> None:
        tensors, metadata = read_checkpoint(path)
        theirs, losses = metadata.get("identity"), metadata.get("losses")
        if (
            not isinstance(theirs, dict)
            or not isinstance(losses, list)
            or not all(isinstance(x, float) for x in losses)
        ):
            raise InputError(
                f"{path} is damaged: it does not say whose state it holds; without it training begins anew."
            )
        finished = len(losses) >= (self.schedule.epochs if self.begun_with is None else _epochs_of(theirs))
        if self.begun_with is not None and _epochs_of(theirs) < self.schedule.epochs:
            theirs = theirs | {
                "schedule": self.identity["schedule"] | theirs["schedule"] | {"epochs": self.schedule.epochs}
            }
        if theirs != self.identity:
            differing = sorted(k for k in self.identity.keys() | theirs.keys() if self.identity.get(k) != theirs.get(k))
            raise InputError(
                f"{path} belongs to another training run (different {', '.join(differing)}); resume with the same settings or take another folder."
            )
        if self.until is not None and len(losses) > self.until:
            raise InputError(
                f"{path} holds {len(losses)} epochs, which cannot be taken back to {self.until}; remove it, and they are trained again."
            )
        load_into(self.network, tensors, path)
        self.losses = list(losses)
        if not finished:  # one that was finished holds no more of the optimiser, which then begins anew
            try:
                self.adam.load_state({k.removeprefix("adam."): v for k, v in tensors.items() if k.startswith("adam.")})
                if self.mean is not None:
                    self.mean.load_state(
                        {k.removeprefix("mean."): v for k, v in tensors.items() if k.startswith("mean.")}
                    )
            except (KeyError, RuntimeError) as error:
                raise InputError(f"{path} is damaged: the optimiser's state does not fit ({error}).") from None


def epochs_begun_with(checkpoint: Path | None) -> int | None:
    """Epochs of the schedule that a training was begun with, of which its file may since have got more; None without one.

    Raises:
        InputError: the file is damaged.
    """
    if checkpoint is None or not checkpoint.exists():
        return None
    _, metadata = read_checkpoint(checkpoint)
    identity = metadata.get("identity")
    begun = metadata.get(BEGUN_WITH, _epochs_of(identity) if isinstance(identity, dict) else 0)
    if not isinstance(begun, int) or begun < 1:
        raise InputError(
            f"{checkpoint} is damaged: it does not say whose state it holds; without it training begins anew."
        )
    return begun


def _epochs_of(identity: Mapping[str, Any]) -> int:
    """Epochs of the schedule in an identity; 0 where it names none."""
    schedule = identity.get("schedule")
    epochs = schedule.get("epochs") if isinstance(schedule, dict) else None
    return epochs if isinstance(epochs, int) else 0


def identity_of(kind: str, dataset: Dataset, schedule: Schedule, **settings: Any) -> dict[str, Any]:
    """What makes two runs the same, as JSON would give it back."""
    regime = schedule.regime.identity()
    plan = {**asdict(schedule), "augment": None, "regime": regime}
    if schedule.precision == FLOAT32:  # checkpoints from before there was a choice go on
        del plan["precision"]
    if not regime:
        del plan["regime"]
    if not schedule.spike_regularisation:
        del plan["spike_regularisation"]
    graded = {"payload": dataset.payload} if dataset.payload > 1 else {}
    identity = {"kind": kind, "data": dataset.sha256, "schedule": plan, **graded, **settings}
    return json.loads(json.dumps(identity))


def rate_at(done: float, decay: str) -> float:
    """Learning rate, of that at the start, once a part `done` of the training is over."""
    return 1.0 if decay == CONSTANT else 0.5 * (1 + math.cos(math.pi * done))


class Seeded:
    """torch's global generator seeded for what is inside, and as before afterwards."""

    def __init__(self, seed: int, *purpose: str | int) -> None:
        self.seed = derive_seed(seed, *purpose, "initial weights")

    def __enter__(self) -> None:
        self.before = torch.get_rng_state()
        torch.manual_seed(self.seed)

    def __exit__(self, *_: object) -> None:
        torch.set_rng_state(self.before)
