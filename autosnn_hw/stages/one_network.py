"""`train`: one network without a search, in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hw_profiles
from autosnn_hw.architecture import Architecture, front_sentence, layout
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import RunError
from autosnn_hw.stages.begun_folder import begun, network_of
from autosnn_hw.stages.final_training.not_lowered import NotLoweredError
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.unlowered import require_none_left_out, trained_as_floats
from autosnn_hw.stages.manifest import largest_payload, require_payload
from autosnn_hw.stages.schedules import averaging_sentences, training_epochs
from autosnn_hw.training import precision
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import require_classes, sentences
from autosnn_hw.training.data.graded_frames import MOST_GRADED
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import require_buildable
from autosnn_hw.training.unlowered_networks import reduction_sentence, require_size
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent


def train(
    architecture: Architecture, config: SearchConfig, out: str | Path, reporter: Reporter, name: str | None = None
) -> dict[str, Any]:
    """As `pipeline.train` says it."""
    profile = hw_profiles.load(config.target)
    datasets.require_steps(config.dataset, datasets.timesteps_of(config.dataset), architecture.timesteps)
    data = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
    require_classes(data)
    require_payload(data, profile)
    precision.require(config.precision, config.device)
    require_buildable(architecture, Fabric.of(profile, data.is_frames))
    before = front_sentence(layout(architecture, data.image, data.classes))
    front = [] if before is None else [f"{before}."]
    _say([*sentences(data, largest_payload(profile)), *front, *averaging_sentences(config)], reporter)
    job = NetworkJob.of(config, out, name=name or str(architecture))  # no super-network: from scratch
    finished = job.file(architecture, ".json").name
    network = network_of(str(architecture), config, data, profile, space=architecture.space, name=job.name)
    with begun(out, network, finished, reporter):
        reporter.stage(f"train {job.name}", training_epochs(config))
        try:
            return job(architecture, progress=lambda done, total, text: reporter.advance(done, text)).to_json()
        except NotLoweredError as error:
            raise RunError(
                f"{job.name} was trained, and {percent(error.floats.accuracy)} of the test samples are right as floats, but "
                f"{error.why.rstrip('.')}; a smaller --learning-rate ({config.learning_rate:g} now) and another --out would work, more "
                "--finetune-epochs would not."
            ) from error


def train_as_floats(name: str, config: SearchConfig, out: str | Path, reporter: Reporter) -> dict[str, Any]:
    """As `pipeline.train_as_floats` says it."""
    require_none_left_out(name, config)
    one_size(config.width, "width")
    timesteps = one_size(config.timesteps, "timesteps")
    datasets.require_steps(config.dataset, datasets.timesteps_of(config.dataset), timesteps)
    data = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
    require_classes(data)
    precision.require(config.precision, config.device)
    require_size(name, data.image)
    # No chip limits the counts of its frames.
    _say([*sentences(data, MOST_GRADED), f"{reduction_sentence(name, data.image)}."], reporter)
    with begun(out, network_of(name, config, data, None, name=name), f"{name}.json", reporter) as folder:
        reporter.stage(f"train {name}", config.retrain_epochs)
        return trained_as_floats(name, config, folder.path, lambda done, total, text: reporter.advance(done, text))


def _say(notes: Sequence[str], reporter: Reporter) -> None:
    for note in notes:
        reporter.say(f"note: {note}")
