"""Weights for one architecture, in two ways: inherited from the super-network and tuned, or learnt from scratch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.deploy.batch_norm import calibrated
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.run_and_price import sha256
from autosnn_hw.seeds import derive_seed
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training.not_lowered import Floats, lowering
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, EvaluationTools, evaluation_tools
from autosnn_hw.stages.schedules import network_schedule, training_epochs
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.finetuning.finetune import Finetuning, fit
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count
from autosnn_hw.training.teacher import train_teacher
from autosnn_hw.training.teaching import Teacher
from autosnn_hw.training.trainer import NetworkTraining, evaluate_network, train_network
from autosnn_hw.training.weight_sharing.inherited import inherited_network
from autosnn_hw.words.quantities import percent
from hw_profiles.schema import Profile

Tell = Callable[[int, int, str], None]  # epochs done, epochs in all, how it stands


@dataclass(frozen=True, eq=False)
class Learnt:
    """What one way gave.

    Args:
        weights: "inherited" or "scratch".
        untuned, tuned: floats whose `lower` is the plainly quantised network, and the one that is delivered.
        float_accuracy, float_spikes, float_firing_rate: of the float network before its integers, on the test samples; the
            rate is None of the super-network's path.
        parameters: weights and biases of the float network.
        steps: accuracy of the integer network on held-out validation images by step ("inherited" and "trained", or
            "quantised", then "tuned": the best of its epochs); empty where they were trained on and so judge nothing.
        kept: the step that is delivered.
        curves: by epoch, as far as there were any: "loss" of the floats, "integer_loss", and "integer_accuracy" on the
            held-out validation images, whose first value is that before the first epoch of tuning.
        supernet_float: accuracy of the super-network's path as floats, on the validation images that the search judged by; None
            where no weights are inherited.
    """

    weights: str
    untuned: FoldedNetwork
    tuned: FoldedNetwork
    float_accuracy: float
    float_spikes: float
    float_firing_rate: float | None
    parameters: int
    steps: dict[str, float]
    kept: str
    curves: dict[str, list[float]]
    supernet_float: float | None = None


@dataclass(frozen=True, eq=False)
class Lesson:
    """What both ways have in common.

    Args:
        architecture, config, data, profile: what is trained, how, on what, for which chip.
        seed: of this architecture's training.
        full_train: on the validation images, too, which then judge nothing.
        checkpoint: file of the network as floats; its teacher's has another ending.
        tell: how it stands.
    """

    architecture: Architecture
    config: SearchConfig
    data: Dataset
    profile: Profile
    seed: int
    full_train: bool
    checkpoint: Path
    tell: Tell

    @property
    def schedule(self) -> Schedule:
        """Of the network as floats."""
        return network_schedule(self.config, self.seed, self.data.is_frames)

    @property
    def taught(self) -> int:
        """Epochs of the teacher."""
        return self.schedule.epochs if self.schedule.regime.distillation else 0

    def teacher(self) -> Teacher | None:
        """The teacher that the config asks for, trained."""
        return train_teacher(
            self.architecture,
            self.data,
            self.schedule,
            full_train=self.full_train,
            device=self.config.device,
            checkpoint=self.checkpoint.with_suffix(".teacher.safetensors"),
            progress=lambda done, _, loss: self.told(done, f"teacher's loss {loss:.4f}"),
        )

    def floats(
        self,
        teacher: Teacher | None,
        fabric: Fabric,
        initial: SpikingNetwork | None = None,
        *,
        begun_from: str | None = None,
        until: int | None = None,
    ) -> NetworkTraining:
        """The network as floats, from scratch or on from `initial`, as far as `until`; on the CPU."""
        trained = train_network(
            self.architecture,
            self.data,
            schedule=self.schedule,
            full_train=self.full_train,
            initial=initial,
            fabric=fabric,
            teacher=teacher,
            device=self.config.device,
            checkpoint=self.checkpoint,
            begun_from=begun_from,
            until=until,
            progress=lambda done, _, loss: self.told(self.taught + done, f"loss {loss:.4f}"),
        )
        trained.network.cpu()
        return trained

    def integers(self, start: FoldedNetwork, teacher: Teacher | None, epochs: int) -> Finetuning:
        """Tuned on with the integers in the loop; after 0 epochs they are those of plain quantisation."""
        before = self.taught + self.schedule.epochs

        def tell(done: int, _: int, right: float) -> None:
            judged = "" if self.full_train else f", {percent(right)} of validation"  # what is trained on judges nothing
            self.told(before + done, f"integers in the loop{judged}")

        return fit(
            start,
            self.data,
            epochs=epochs,
            seed=self.seed,
            target=self.profile,
            full_train=self.full_train,
            regime=self.schedule.regime,
            teacher=None if teacher is None else teacher.cpu(),
            spike_regularisation=self.config.spike_regularisation,
            progress=tell,
        )

    def told(self, done: int, text: str) -> None:
        """How it stands, of all epochs."""
        self.tell(done, training_epochs(self.config), text)


def inherited(
    architecture: Architecture,
    config: SearchConfig,
    supernet: str,
    target: str,
    profile: Profile,
    checkpoint: Path,
    tell: Tell,
    *,
    repeat: int = 0,
) -> Learnt:
    """The super-network's weights, as the search judged them, trained on as floats and then as integers; each step is kept
    only where the validation images, which none of them is trained on, say that it is no worse."""
    tools = tools_of(config, supernet, target)
    data, seed = tools.data, seed_of(config, "tune", architecture, repeat)
    lesson = Lesson(architecture, config, data, profile, seed, False, checkpoint, tell)
    start = calibrated(tools.supernet.to_folded(architecture, data), tools.calibration, profile)
    start = replace(start, timesteps=architecture.timesteps)
    teacher = lesson.teacher()
    trained = trained_on(lesson, tools, supernet, teacher)
    network = trained.network
    folded = network.to_folded(data)
    tuned, steps, kept, curves = tuned_if_better(lesson, folded, "trained", teacher)
    steps = {"inherited": quantised_accuracy(start, data, profile), **steps}
    if steps["inherited"] > steps[kept]:
        folded = tuned = start
        kept = "inherited"
        view = tools.float_view(architecture, data.x_test, data.y_test)
        accuracy, spikes, rate = view["supernet_accuracy"], view["supernet_spikes"], None
    else:
        evaluated = evaluate_network(network, data, data.x_test, data.y_test)
        accuracy, spikes, rate = evaluated.accuracy, evaluated.spikes, evaluated.firing_rate
    return Learnt(
        weights="inherited",
        untuned=folded,
        tuned=tuned,
        float_accuracy=accuracy,
        float_spikes=spikes,
        float_firing_rate=rate,
        parameters=tools.parameters(architecture),
        steps=steps,
        kept=kept,
        curves={"loss": trained.losses, **curves},
        supernet_float=tools.float_view(architecture, *judging_samples(data, config))["supernet_accuracy"],
    )


def judging_samples(data: Dataset, config: SearchConfig) -> tuple[np.ndarray, np.ndarray]:
    """The validation images, and their labels, that a search judges its candidates by."""
    return data.x_val[: config.evaluate], data.y_val[: config.evaluate]


def tools_of(config: SearchConfig, supernet: str, target: str) -> EvaluationTools:
    """Data, super-network and profile of networks that inherit its weights."""
    return evaluation_tools(
        CandidateEvaluator(
            supernet, config.dataset, config.data_dir, target, config.evaluate, config.seed, graded=config.graded
        )
    )


def trained_on(
    lesson: Lesson, tools: EvaluationTools, supernet: str, teacher: Teacher | None, until: int | None = None
) -> NetworkTraining:
    """The floats of a path of the super-network, trained on; with rungs another machine may go on from where this one stops."""
    initial = inherited_network(tools.supernet, lesson.architecture, lesson.data, tools.calibration)
    begun_from = sha256(supernet) if lesson.config.rungs > 1 else None
    return lesson.floats(teacher, initial.fabric, initial, begun_from=begun_from, until=until)


def seed_of(config: SearchConfig, purpose: str, architecture: Architecture, repeat: int = 0) -> int:
    """Of an architecture's training; a repeated one is drawn anew."""
    return derive_seed(config.seed, purpose, str(architecture), *([repeat] if repeat else []))


def quantised_accuracy(floats: FoldedNetwork, data: Dataset, profile: Profile) -> float:
    """Share of the validation images that the plainly quantised network gets right."""
    network = lower(floats, profile)
    return float((exact.run(network, data.x_val).predictions(network.readout) == data.y_val).mean())


def from_scratch(
    architecture: Architecture,
    config: SearchConfig,
    data: Dataset,
    profile: Profile,
    checkpoint: Path,
    tell: Tell,
    *,
    held_out: bool,
    repeat: int = 0,
) -> Learnt:
    """The paper's rule: trained anew on all training images, or with `held_out` without those that judge it.

    Raises:
        NotLoweredError: it was trained, and its integers cannot be made.
    """
    seed = seed_of(config, "retrain", architecture, repeat)
    lesson = Lesson(architecture, config, data, profile, seed, not held_out, checkpoint, tell)
    teacher = lesson.teacher()
    trained = lesson.floats(teacher, Fabric.of(profile, data.is_frames))
    network = trained.network
    folded = network.to_folded(data)
    view = evaluate_network(network, data, data.x_test, data.y_test)
    floats = Floats(view.accuracy, view.spikes, view.firing_rate, parameter_count(network), trained.losses)
    if held_out:
        tuned, steps, kept, curves = tuned_if_better(lesson, folded, "quantised", teacher)
    else:
        with lowering(floats, len(data.x_test)):
            tuning = lesson.integers(folded, teacher, config.finetune_epochs)
        tuned, steps, kept, curves = tuning.folded, {}, "tuned", {"integer_loss": tuning.losses}
    return Learnt(
        weights="scratch",
        untuned=folded,
        tuned=tuned,
        float_accuracy=floats.accuracy,
        float_spikes=floats.spikes,
        float_firing_rate=floats.firing_rate,
        parameters=floats.parameters,
        steps=steps,
        kept=kept,
        curves={"loss": trained.losses, **curves},
    )


def tuned_if_better(
    lesson: Lesson, start: FoldedNetwork, name: str, teacher: Teacher | None
) -> tuple[FoldedNetwork, dict[str, float], str, dict[str, list[float]]]:
    """(floats to deliver, validation accuracy by step, step kept, curves of the tuning): tuned with integers in the loop without the validation
    images, and kept where these say that it is not worse; else `start`, whose step is called `name`."""
    if not lesson.config.finetune_epochs:
        return start, {name: quantised_accuracy(start, lesson.data, lesson.profile)}, name, {}
    tuning = lesson.integers(start, teacher, lesson.config.finetune_epochs)
    steps = {name: tuning.accuracies[0], "tuned": max(tuning.accuracies[1:])}
    curves = {"integer_loss": tuning.losses, "integer_accuracy": tuning.accuracies}
    return (tuning.folded, steps, "tuned", curves) if tuning.best else (start, steps, name, curves)
