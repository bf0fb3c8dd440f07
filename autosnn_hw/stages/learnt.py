"""Weights for one architecture, in two ways: inherited from the super-network and tuned, or learnt from scratch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.deploy.batch_norm import calibrated
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.seeds import derive_seed
from autosnn_hw.simulate import exact
from autosnn_hw.stages.evaluator import CandidateEvaluator, evaluation_tools
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.fabric import Fabric
from autosnn_hw.training.finetune import fit
from autosnn_hw.training.inherited import inherited_network
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.network import parameter_count
from autosnn_hw.training.trainer import evaluate_network, train_network
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


def inherited(
    architecture: Architecture,
    config: SearchConfig,
    supernet: str,
    target: str,
    profile: Profile,
    checkpoint: Path,
    tell: Tell,
) -> Learnt:
    """The super-network's weights, as the search judged them, trained on as floats and then as integers; each step is kept
    only where the validation images, which none of them is trained on, say that it is no worse."""
    tools = evaluation_tools(
        CandidateEvaluator(
            supernet, config.dataset, config.data_dir, target, config.evaluate, config.seed, graded=config.graded
        )
    )
    data, seed = tools.data, derive_seed(config.seed, "tune", str(architecture))
    start = calibrated(tools.supernet.to_folded(architecture, data), tools.calibration, profile)
    start = replace(start, timesteps=architecture.timesteps)
    first = config.retrain_epochs
    total = first + config.finetune_epochs
    trained = train_network(
        architecture,
        data,
        schedule=_schedule(config, first, seed),
        full_train=False,
        initial=inherited_network(tools.supernet, architecture, data, tools.calibration),
        device=config.device,
        checkpoint=checkpoint,
        progress=lambda done, _, loss: tell(done, total, f"loss {loss:.4f}"),
    )
    network = trained.network.cpu()
    folded = network.to_folded(data)
    tuned, steps, kept, curves = tuned_if_better(
        folded,
        data,
        "trained",
        config.finetune_epochs,
        seed,
        profile,
        config.spike_regularisation,
        lambda done, _, text: tell(first + done, total, text),
    )
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
    )


def _schedule(config: SearchConfig, epochs: int, seed: int) -> Schedule:
    return Schedule(
        epochs,
        config.learning_rate,
        config.batch,
        seed,
        precision=config.precision,
        spike_regularisation=config.spike_regularisation,
    )


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
) -> Learnt:
    """The paper's rule: trained anew on all training images, or with `held_out` without those that judge it."""
    seed, first = derive_seed(config.seed, "retrain", str(architecture)), config.retrain_epochs
    total = first + config.finetune_epochs
    trained = train_network(
        architecture,
        data,
        schedule=_schedule(config, first, seed),
        full_train=not held_out,
        fabric=Fabric.of(profile, data.is_frames),
        device=config.device,
        checkpoint=checkpoint,
        progress=lambda done, _, loss: tell(done, total, f"loss {loss:.4f}"),
    )
    network = trained.network.cpu()
    folded = network.to_folded(data)
    if held_out:
        tuned, steps, kept, curves = tuned_if_better(
            folded,
            data,
            "quantised",
            config.finetune_epochs,
            seed,
            profile,
            config.spike_regularisation,
            lambda done, _, text: tell(first + done, total, text),
        )
    else:
        tuning = fit(
            folded,
            data,
            epochs=config.finetune_epochs,
            seed=seed,
            target=profile,
            full_train=True,
            spike_regularisation=config.spike_regularisation,
            progress=lambda done, _, accuracy: tell(first + done, total, "integers in the loop"),
        )
        tuned, steps, kept, curves = tuning.folded, {}, "tuned", {"integer_loss": tuning.losses}
    view = evaluate_network(network, data, data.x_test, data.y_test)
    return Learnt(
        weights="scratch",
        untuned=folded,
        tuned=tuned,
        float_accuracy=view.accuracy,
        float_spikes=view.spikes,
        float_firing_rate=view.firing_rate,
        parameters=parameter_count(network),
        steps=steps,
        kept=kept,
        curves={"loss": trained.losses, **curves},
    )


def tuned_if_better(
    start: FoldedNetwork,
    data: Dataset,
    name: str,
    epochs: int,
    seed: int,
    profile: Profile,
    lambda_reg: float,
    tell: Tell,
) -> tuple[FoldedNetwork, dict[str, float], str, dict[str, list[float]]]:
    """(floats to deliver, validation accuracy by step, step kept, curves of the tuning): tuned with integers in the loop without the validation
    images, and kept where these say that it is not worse; else `start`, whose step is called `name`."""
    if not epochs:
        return start, {name: quantised_accuracy(start, data, profile)}, name, {}
    tuning = fit(
        start,
        data,
        epochs=epochs,
        seed=seed,
        target=profile,
        spike_regularisation=lambda_reg,
        progress=lambda done, total, _: tell(done, total, "integers in the loop"),
    )
    steps = {name: tuning.accuracies[0], "tuned": max(tuning.accuracies[1:])}
    curves = {"integer_loss": tuning.losses, "integer_accuracy": tuning.accuracies}
    return (tuning.folded, steps, "tuned", curves) if tuning.best else (start, steps, name, curves)
