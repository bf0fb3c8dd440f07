"""One network of another framework: from a NIR file or a torch module to the chip's integers, calibrated and fine-tuned on data and
beside its floats where data is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.progress import Reporter, Silent
from autosnn_hw.words.quantities import percent

if TYPE_CHECKING:
    from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
    from autosnn_hw.deploy.from_graph.image_input import SeenImages
    from autosnn_hw.deploy.from_graph.layer_maps import Plan
    from autosnn_hw.importing.import_data import ImportData
    from autosnn_hw.training.finetuning.imported_network import Tuned


@dataclass(frozen=True)
class Finetune:
    """How a network is trained on.

    Args:
        epochs: 0: not at all.
    """

    epochs: int = 0
    seed: int = 0
    reporter: Reporter = field(default_factory=Silent)


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that was made elsewhere.

    Args:
        about: what was read, assumed and rounded, JSON-able.
        comparison: its floats beside the integers (`from_graph.comparison.beside`), or None without data.
        calibration: by layer, the share of its largest weight that is told apart, where data chose it.
        finetuning: accuracies, losses and the epoch that was kept, or None.
    """

    network: ChipNetwork
    about: Mapping[str, Any]
    comparison: Mapping[str, Any] | None = None
    calibration: Mapping[str, float] | None = None
    finetuning: Mapping[str, Any] | None = None


def import_network(
    source: str | Path,
    data: ImportData | None = None,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
    input_shape: tuple[int, ...] | None = None,
    timesteps: int | None = None,
    finetune: Finetune | None = None,
) -> Imported:
    """What `autosnn-hw import` does, but for writing.

    Args:
        source: path of a NIR file, or MODULE:NAME of a torch module.
        data: samples to choose scales on and to compare on.
        dt, fires_at_threshold, exponential: of a NIR file.
        input_shape: of a module; that of a frame where it is not given.
        finetune: epochs of training on with the integers in the loop.

    Raises:
        InputError: what cannot be read or mapped; an option that the source has no use for; nothing to fine-tune on.
    """
    from autosnn_hw.deploy.from_torch.module_name import is_source

    finetune = finetune or Finetune()
    if finetune.epochs and (data is None or data.train is None or data.validation is None):
        raise InputError(
            "fine-tuning needs a data set with training samples and labels (--dataset npz:FILE with x_train and y_train)."
        )
    if is_source(str(source)):
        if dt is not None or fires_at_threshold or exponential:
            raise InputError(
                "dt, firing at the threshold and exponential decays are of NIR files; a module says them itself."
            )
        return _module(str(source), data, reset, input_shape, timesteps, finetune)
    _refuse_another_kind(Path(source))
    how = {"fires_at_threshold": fires_at_threshold, "exponential": exponential}
    return _nir(source, data, dt, reset, how, timesteps, finetune)


def _refuse_another_kind(source: Path) -> None:
    if source.suffix == ".py":
        raise InputError(
            f"{source} is a Python file; which module of it is meant, {source}:NAME says: a torch module, or a function that gives it."
        )
    if source.suffix == ".onnx":
        raise InputError(
            f"{source} is an ONNX file, which is not imported; a NIR file, or the torch module itself as MODULE:NAME, is."
        )


def _module(
    source: str,
    data: ImportData | None,
    reset: str | None,
    input_shape: tuple[int, ...] | None,
    timesteps: int | None,
    finetune: Finetune,
) -> Imported:
    from autosnn_hw.deploy.from_torch import compare, from_torch, slayer
    from autosnn_hw.deploy.from_torch import framework_run as framework
    from autosnn_hw.deploy.from_torch.module_name import load
    from autosnn_hw.deploy.from_torch.network import plan_torch
    from autosnn_hw.deploy.from_torch.traced_module import trace

    module = load(source)
    if input_shape is None and data is None:
        raise InputError(
            f"{source} does not say the shape of its input; give --input-shape C,H,W (or N), or --dataset."
        )
    shape = input_shape or tuple(data.samples.shape[2 if data.pixel_max is None else 1 :])  # type: ignore[union-attr]
    if slayer.has_blocks(module):
        _refuse_integers(finetune, "slayer's blocks hold the chip's integers already and were trained with them")
        network = from_torch(module, shape, reset=reset, timesteps=timesteps)
        comparison = None
        if data is not None:
            found = compare(module, network, data.samples, data.labels, lava=_has_lava())
            comparison = {**found, "float_by": "its framework"}
        return Imported(network, network.provenance["import"], comparison)
    traced = trace(module)
    plan = plan_torch(traced, shape, reset)

    def itself(part: np.ndarray, images: SeenImages | None) -> FloatRun:
        if images is None:
            return framework.run(module, traced, part.reshape(*part.shape[:2], *shape))
        return framework.run(module, traced, images.seen(part).reshape(len(part), *shape), images.timesteps)

    return _made(plan, data, timesteps, finetune, itself, "its framework")


def _nir(
    source: str | Path,
    data: ImportData | None,
    dt: float | None,
    reset: str | None,
    how: dict[str, bool],
    timesteps: int | None,
    finetune: Finetune,
) -> Imported:
    from autosnn_hw.deploy.from_graph import float_run
    from autosnn_hw.deploy.from_nir import plan_nir, read_back

    own = read_back(source, dt, reset, any(how.values()))
    if own is not None:
        _refuse_integers(finetune, "the file holds the integers of a network that was exported here")
        network = own if timesteps is None else replace(own, timesteps=timesteps)
        about = {"format": "nir", "read_back": True, "layers": []}
        return Imported(network, about, None if data is None else _integers(network, data))
    if reset == "subtract" and data is not None:
        raise InputError(_cost_of_hard_reset(plan_nir(source, dt, "hard", **how), data))
    plan = plan_nir(source, dt, reset, **how)
    return _made(
        plan, data, timesteps, finetune, lambda part, images: float_run.run(plan, part, images), "the file's equations"
    )


def _refuse_integers(finetune: Finetune, why: str) -> None:
    if finetune.epochs:
        raise InputError(f"there is nothing to fine-tune: {why}. Leave --finetune-epochs out.")


def _made(
    plan: Plan,
    data: ImportData | None,
    timesteps: int | None,
    finetune: Finetune,
    floats: Callable[[np.ndarray, SeenImages | None], FloatRun],
    by: str,
) -> Imported:
    """The integers of a plan; where there is data with scales chosen on it, fine-tuned, and beside the floats."""
    from autosnn_hw.deploy.from_graph.beside_floats import beside
    from autosnn_hw.deploy.from_graph.calibration import calibrated
    from autosnn_hw.deploy.from_graph.network import chip_network
    from autosnn_hw.importing.import_data import images_of

    if data is None:
        network = chip_network(plan, timesteps)
        return Imported(network, network.provenance["import"])
    images = images_of(plan, data, timesteps)
    plan, shares = calibrated(plan, data.samples if data.train is None else data.train[0], images)
    network, rounded, tuned = chip_network(plan, timesteps, images), None, None
    if finetune.epochs:
        rounded, (plan, tuned) = _accuracy(network, data), _tuned(plan, data, images, finetune)
        network = chip_network(plan, timesteps, images)
    found = beside(network, data.samples, data.labels, lambda part: floats(part, images), lava=_has_lava())
    accuracy = {**found["accuracy"], **({"rounded": rounded} if tuned else {})}
    comparison = {**found, "accuracy": accuracy, "float_by": by}
    return Imported(network, network.provenance["import"], comparison, shares, tuned)


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


def _cost_of_hard_reset(plan: Plan, data: ImportData) -> str:
    """The refusal of reset by subtraction, with what reset to 0 costs."""
    from autosnn_hw.deploy.from_graph import float_run
    from autosnn_hw.deploy.from_graph.network import chip_network
    from autosnn_hw.simulate import exact

    count = len(data.samples)
    soft = float_run.run(replace(plan, how=replace(plan.how, subtracts=True)), data.samples).outputs.argmax(axis=1)
    network = chip_network(plan)
    hard = exact.run(network, data.samples).predictions(network.readout)
    if data.labels is None:
        cost = f"its predictions are then the same for {percent(float((soft == hard).mean()))} of {count} samples"
    else:
        one, two = (percent(float((found == data.labels).mean())) for found in (soft, hard))
        cost = (
            f"of {count} samples {two} are then right, and {one} by its equations in floats with reset by subtraction"
        )
    return (
        "reset by subtraction cannot be mapped: a chip's neuron that fires is set to 0. --reset hard runs the network so: "
        f"{cost}; --finetune-epochs trains it on with that reset."
    )


def _integers(network: ChipNetwork, data: ImportData) -> dict[str, Any]:
    """The comparison of a network that has no floats: its integers and Lava."""
    from autosnn_hw.deploy.from_graph.beside_floats import FloatRun, beside
    from autosnn_hw.simulate import exact

    def itself(part: np.ndarray) -> FloatRun:
        return FloatRun({}, exact.run(network, part).votes(network.readout).astype(float))

    found = beside(network, data.samples, data.labels, itself, lava=_has_lava())
    accuracy = {**found["accuracy"], "float": None}
    return {**found, "accuracy": accuracy, "equal_predictions": None, "float_by": None}


def _has_lava() -> bool:
    from autosnn_hw.simulate.lava import lava_status

    return lava_status()[0]
