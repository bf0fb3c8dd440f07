"""A teacher: the network of the same architecture with ReLU in place of spiking neurons, whose answers soften the targets.

Of images it computes one step, 1/T of the work; of event frames every step. It is trained like any network, on the squared error of its
mean votes and the labels, and is never deployed (distillation: Hinton et al. 2015; from a ReLU network of the same topology: arXiv 2501.15925).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autosnn_hw.architecture import Architecture
from autosnn_hw.seeds import derive_seed
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.loop import Progress, Schedule
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.regime import Regime
from autosnn_hw.training.teaching import Teacher
from autosnn_hw.training.trainer import train_network

RELU = Fabric("relu", chip_stem=True)


def train_teacher(
    architecture: Architecture,
    dataset: Dataset,
    schedule: Schedule,
    *,
    full_train: bool,
    device: str = "cpu",
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Teacher | None:
    """The teacher that a schedule's regime asks for, trained as long as the network will be; None where it asks for none."""
    share = schedule.regime.distillation
    if not share:
        return None
    own = replace(architecture, timesteps=architecture.timesteps if dataset.is_frames else 1, groups=None)
    alone = replace(schedule.regime, loss=Regime.loss, distillation=0.0, averaged=0)
    trained = train_network(
        own,
        dataset,
        schedule=replace(schedule, seed=derive_seed(schedule.seed, "teacher"), regime=alone, spike_regularisation=0.0),
        full_train=full_train,
        fabric=RELU,
        device=device,
        checkpoint=checkpoint,
        progress=progress,
    )
    return Teacher(trained.network.eval(), share)
