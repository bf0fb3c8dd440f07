"""The integers of a planned network: scales chosen on data, trained on with the integers in the loop, beside the floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.importing.imported import Finetune, ImportChoices, Imported
from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.quantities import percent

if TYPE_CHECKING:
    from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
    from autosnn_hw.deploy.from_graph.image_input import SeenImages
    from autosnn_hw.deploy.from_graph.layer_maps import Plan
    from autosnn_hw.importing.import_data import ImportData
    from autosnn_hw.training.finetuning.imported_network import Tuned


def made(
    plan: Plan,
    data: ImportData | None,
    choices: ImportChoices,
    floats: Callable[[np.ndarray, SeenImages | None], FloatRun] | None,
    by: str,
) -> Imported:
    """The integers of a plan; where there is data with scales chosen on it, fine-tuned, and beside the floats.

    Args:
        floats: the network in floats on some samples, None where nothing is compared.
        by: who runs the floats, in words.
    """
    from autosnn_hw.deploy.from_graph.beside_floats import beside
    from autosnn_hw.deploy.from_graph.calibration import calibrated
    from autosnn_hw.deploy.from_graph.network import chip_network
    from autosnn_hw.importing.frames_sent import cut_notes, in_order
    from autosnn_hw.importing.import_data import images_of

    timesteps, finetune = choices.timesteps, choices.finetune
    if data is None:
        network = chip_network(plan, timesteps)
        return Imported(network, network.provenance["import"])
    data, said = in_order(data, tuple(plan.input_shape))
    images = images_of(plan, data, timesteps)
    plan, shares = calibrated(plan, data.samples if data.train is None else data.train[0], images)
    network, rounded, tuned = chip_network(plan, timesteps, images), None, None
    if finetune.epochs:
        rounded = _accuracy(network, data) if floats is not None else None
        plan, tuned = _tuned(plan, data, images, finetune)
        network = chip_network(plan, timesteps, images)
    about = network.provenance["import"]
    if floats is None:
        said = [*said, *cut_notes(network, data, None, by)]
        return Imported(network, about, None, shares, tuned, tuple(said))
    run = floats
    found = beside(network, data.samples, data.labels, lambda part: run(part, images), lava=has_lava())
    accuracy = {**found["accuracy"], **({"rounded": rounded} if tuned else {})}
    said = [*said, *cut_notes(network, data, lambda part: run(part, None), by)]
    return Imported(network, about, {**found, "accuracy": accuracy, "float_by": by}, shares, tuned, tuple(said))


def refuse_without_training_samples(finetune: Finetune, data: ImportData | None) -> None:
    """Refuse epochs without anything to train on, before anything is read.

    Raises:
        InputError: some are asked for.
    """
    if finetune.epochs and (data is None or data.train is None or data.validation is None):
        raise InputError(
            "fine-tuning needs a data set with training samples and labels (--dataset npz:FILE with x_train and y_train)."
        )


def refuse_to_finetune(finetune: Finetune, why: str) -> None:
    """Refuse epochs for integers that are somebody's own.

    Raises:
        InputError: some are asked for.
    """
    if finetune.epochs:
        raise InputError(f"there is nothing to fine-tune: {why}. Leave --finetune-epochs out.")


def integers_alone(network: ChipNetwork, data: ImportData) -> dict[str, Any]:
    """The comparison of a network that has no floats: its integers and Lava."""
    from autosnn_hw.deploy.from_graph.beside_floats import FloatRun, beside
    from autosnn_hw.simulate import exact

    def itself(part: np.ndarray) -> FloatRun:
        return FloatRun({}, exact.run(network, part).votes(network.readout).astype(float))

    found = beside(network, data.samples, data.labels, itself, lava=has_lava())
    accuracy = {**found["accuracy"], "float": None}
    return {**found, "accuracy": accuracy, "equal_predictions": None, "float_by": None}


def has_lava() -> bool:
    from autosnn_hw.simulate.lava import lava_status

    return lava_status()[0]


def _tuned(plan: Plan, data: ImportData, images: SeenImages | None, finetune: Finetune) -> tuple[Plan, dict[str, Any]]:
    from autosnn_hw.training.finetuning.imported_network import fit

    assert data.train is not None and data.validation is not None
    reporter = finetune.reporter
    reporter.stage("fine-tune", finetune.epochs)

    def tell(done: int, total: int, right: float) -> None:
        reporter.advance(done, f"{percent(right)} of validation")

    done: Tuned = fit(
        plan, data.train, data.validation, images=images, epochs=finetune.epochs, seed=finetune.seed, progress=tell
    )
    document = {
        "epochs": finetune.epochs,
        "validation_accuracies": done.accuracies,
        "losses": done.losses,
        "best_epoch": done.best,
    }
    return done.plan, document


def _accuracy(network: ChipNetwork, data: ImportData) -> float | None:
    from autosnn_hw.simulate import exact

    if data.labels is None:
        return None
    return float((exact.run(network, data.samples).predictions(network.readout) == data.labels).mean())
