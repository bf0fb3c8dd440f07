"""One candidate trained on as far as a rung goes, and judged there as an integer network; the next rung goes on from its checkpoint."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.run_folder import read_json, write_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training.learnt import Lesson, seed_of, tools_of, trained_on
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging.evaluator import judged
from autosnn_hw.training.compute.threads import one_thread


@dataclass(frozen=True)
class RungTask:
    """An architecture, and the epochs as floats that it is trained for in all at the end of the rung."""

    architecture: Architecture
    epochs: int


@dataclass(frozen=True)
class RungJob:
    """A picklable function of a `RungTask`; leaves `<slug>.epoch-N.json` and the checkpoint in the folder of its job.

    Args:
        job: what would train the network to the end; it inherits weights.
    """

    job: NetworkJob

    def file(self, task: RungTask) -> Path:
        """What says that the rung is done: the record of the network."""
        return self.job.file(task.architecture, f".epoch-{task.epochs}.json")

    def finished(self, task: RungTask) -> bool:
        return self._kept(task) is not None

    def _kept(self, task: RungTask) -> CandidateRecord | None:
        """The record in the folder; None where it is missing or damaged: the rung is done again, from its checkpoint."""
        try:
            return CandidateRecord.from_json(read_json(self.file(task)))
        except (InputError, TypeError, AttributeError):
            return None

    def __call__(self, task: RungTask) -> CandidateRecord:
        """The record, on the validation samples, of the network as far as it is trained; from the folder where it is there already.

        Raises:
            InputError: a checkpoint there is damaged, or further than the rung.
        """
        if (kept := self._kept(task)) is not None:
            return kept
        with one_thread():
            record = self._trained(task)
        write_json(self.file(task), record.to_json())
        return CandidateRecord.from_json(read_json(self.file(task)))

    def _trained(self, task: RungTask) -> CandidateRecord:
        job, architecture = self.job, task.architecture
        supernet, profile = str(job.supernet), hw_profiles.load(job.target)
        tools = tools_of(job.config, supernet, job.target)
        data, seed = tools.data, seed_of(job.config, "tune", architecture)
        checkpoint = job.file(architecture, ".safetensors")
        lesson = Lesson(
            architecture, job.config, data, profile, seed, False, checkpoint, lambda done, total, text: None
        )
        trained = trained_on(lesson, tools, supernet, lesson.teacher(), task.epochs)
        chip = lower(lesson.integers(trained.network.to_folded(data), None, 0).folded, profile)
        known = {"parameters": tools.parameters(architecture)}
        return judged(architecture, chip, lambda: exact.run(chip, data.x_val), data.y_val, profile, known)


def take_on(rung: NetworkJob, last: NetworkJob, architecture: Architecture) -> None:
    """Let the training to the end go on from the checkpoints of the rungs, where it has none of its own."""
    if last.finished(architecture):
        return
    for here, there in zip(rung.checkpoints(architecture), last.checkpoints(architecture)):
        if here.is_file() and not there.is_file():
            with whole_file.beside(there) as copy:
                shutil.copyfile(here, copy)
