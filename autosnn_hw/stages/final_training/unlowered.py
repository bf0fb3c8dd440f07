"""A network that no chip network is made of: trained, counted as floats, and kept with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import read_json, write_json
from autosnn_hw.seeds import derive_seed
from autosnn_hw.stages.final_training.learnt import Tell
from autosnn_hw.stages.final_training.not_lowered import Floats
from autosnn_hw.stages.schedules import alone, network_schedule
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Evaluation
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count
from autosnn_hw.training.trainer import evaluate_network, train_network
from autosnn_hw.training.unlowered_networks import UnloweredNetwork, train_unlowered, why_unlowered

Trained = tuple[SpikingNetwork | UnloweredNetwork, Evaluation, list[float]]
"""Network, what it does on the test samples, losses."""


def left_out(config: SearchConfig) -> list[str]:
    """Choices of a config that training as floats alone leaves out: there is no teacher, and weights are not averaged."""
    asked = {"distillation": config.distillation > 0, "averaged_epochs": (config.averaged_epochs or 0) > 1}
    return [name for name, wanted in asked.items() if wanted]


def require_none_left_out(name: str, config: SearchConfig) -> None:
    """Refuse choices that a network trained as floats alone would not have.

    Raises:
        InputError: with those choices.
    """
    options = [f"--{choice.replace('_', '-')}" for choice in left_out(config)]
    if options:
        raise InputError(
            f"{name} is trained as floats alone, without a teacher and without averaged weights; leave {' and '.join(options)} out."
        )


def trained_as_floats(name: str, config: SearchConfig, folder: Path, tell: Tell) -> dict[str, Any]:
    """The result of one of `macro_architectures.UNLOWERED`, from the folder where it is there already.

    Returns:
        what `train --json` prints of any network, null where only a chip network has a number, "not_lowered": why, and "left_out":
        choices that it was trained without.

    Raises:
        InputError: samples that are too small, missing data, frames of another T. RunError: a file could not be written.
    """

    def train(data: Dataset, schedule: Schedule) -> Trained:
        return train_unlowered(
            name,
            data,
            width=one_size(config.width, "width"),
            timesteps=one_size(config.timesteps, "timesteps"),
            schedule=schedule,
            device=config.device,
            checkpoint=folder / f"{name}.safetensors",
            progress=lambda epoch, total, loss: tell(epoch, total, f"loss {loss:.4f}"),
        )

    return _result(name, lambda data: why_unlowered(name, data.image), config, folder, train)


def architecture_as_floats(
    name: str, architecture: Architecture, why: str, config: SearchConfig, folder: Path, tell: Tell
) -> dict[str, Any]:
    """The same of an architecture that the target has no network of, with the neurons and weights of those that others have.

    Args:
        name: of its files. why: no chip network is made of it.

    Raises:
        InputError: missing data, frames of another T. RunError: a file could not be written.
    """

    def train(data: Dataset, schedule: Schedule) -> Trained:
        trained = train_network(
            architecture,
            data,
            schedule=schedule,
            device=config.device,
            checkpoint=folder / f"{name}.safetensors",
            progress=lambda epoch, total, loss: tell(epoch, total, f"loss {loss:.4f}"),
        )
        network = trained.network.cpu()
        return network, evaluate_network(network, data, data.x_test, data.y_test), trained.losses

    return _result(name, lambda data: why, config, folder, train, architecture.space)


def kept_as_floats(name: str, file: Path) -> dict[str, Any] | None:
    """The document in a file, if it is that of the network `name`; None where it is missing or damaged: it is made again, from its
    checkpoint."""
    try:
        found = read_json(file) if file.is_file() else None
    except InputError:
        return None
    return found if isinstance(found, dict) and found.get("architecture") == name else None


def _result(
    name: str,
    why: Callable[[Dataset], str],
    config: SearchConfig,
    folder: Path,
    train: Callable[[Dataset, Schedule], Trained],
    space: str | None = None,
) -> dict[str, Any]:
    done = folder / f"{name}.json"
    kept = kept_as_floats(name, done)
    if kept is not None:
        return {"name": name, "space": space, "left_out": left_out(config), **kept}
    data = datasets.load(config.dataset, data_dir=config.data_dir, graded=config.graded)
    with one_thread():
        network, found, losses = train(data, alone(network_schedule(config, derive_seed(config.seed, "retrain", name))))
    floats = Floats(found.accuracy, found.spikes, found.firing_rate, parameter_count(network), losses)
    result = floats.document(name, space, why(data), len(data.x_test)) | {"left_out": left_out(config)}
    write_json(done, result)
    return result
