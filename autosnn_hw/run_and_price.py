"""One network, one data split, one backend, one target: run it, price it, and say it as a document."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost_report import CostReport
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.quantities import percent
from hw_profiles.schema import Profile

COMPARED = 256  # samples that say what cutting values to spikes costs
BACKENDS = ("exact", "lava", "board")


@dataclass(frozen=True, eq=False)
class Samples:
    """What is run: inputs (N, C, H, W) images or (N, T, ...) frames, labels int64 (N,) or None, and where they are from."""

    inputs: np.ndarray
    labels: np.ndarray | None
    dataset: str
    split: str

    def first(self, count: int | None) -> Samples:
        """The first `count` samples, or all of them."""
        if count is None or count >= len(self.inputs):
            return self
        if count < 1:
            raise InputError(f"samples is {count}; at least 1 is needed.")
        return Samples(
            self.inputs[:count], None if self.labels is None else self.labels[:count], self.dataset, self.split
        )


@dataclass(frozen=True, eq=False)
class PricedRun:
    """A run, its price and its document; `notes` say what was made of samples and file."""

    network: ChipNetwork
    activity: Activity
    cost: CostReport
    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def load_samples(name: str, split: str, *, data_dir: str | None = None, download: bool = False) -> Samples:
    """The `train`, `val` or `test` samples of a dataset, with or without labels.

    Raises:
        InputError: unknown dataset or split, or missing files.
    """
    from autosnn_hw.training.data import datasets

    data = datasets.load(name, data_dir=data_dir, download=download, labelled=False)
    splits = {
        "train": (data.x_train, data.y_train),
        "val": (data.x_val, data.y_val),
        "test": (data.x_test, data.y_test),
    }
    if split not in splits:
        raise InputError(f"unknown split {split!r}; known are {', '.join(splits)}.")
    inputs, labels = splits[split]
    if not len(inputs):
        raise InputError(f"{data.name} has no {split} samples; --split test takes those it has.")
    return Samples(inputs, labels if len(labels) else None, data.name, split)


def run_backend(
    network: ChipNetwork,
    inputs: np.ndarray,
    backend: str,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    device: str = "cpu",
) -> Activity:
    """Activity of `network` on `inputs`, measured by the named backend.

    Raises:
        InputError: unknown backend, or one that is not there on this machine.
    """
    if backend == "exact":
        from autosnn_hw.simulate import exact

        return exact.run(network, inputs, timesteps=timesteps, graded=graded, device=device)
    if backend == "lava":
        from autosnn_hw.simulate import lava

        return lava.run(network, inputs, timesteps=timesteps, graded=graded)
    if backend == "board":
        from autosnn_hw.simulate.lava import board

        return board.run(network, inputs, timesteps=timesteps, graded=graded)
    raise InputError(f"unknown backend {backend!r}; known are {', '.join(BACKENDS)}.")


def _cost_of_cutting(network: ChipNetwork, samples: Samples) -> str:
    """What is right with values as they are, beside what is with those that were sent, on the first of the samples; "" without labels."""
    from autosnn_hw.simulate import exact

    some = samples.first(COMPARED)
    if some.labels is None or (some.inputs != np.trunc(some.inputs)).any():
        return ""
    cut, whole = (
        (exact.run(network, some.inputs, graded=graded).predictions(network.readout) == some.labels).mean()
        for graded in (False, True)
    )
    payload = network.input_layer.payload
    sent = "single spikes" if payload == 1 else f"values of 0 to {payload}"
    return f": {percent(whole)} of the first {len(some.inputs)} samples are right so, and {percent(cut)} with {sent}"


def _refuse_foreign_classes(samples: Samples, classes: int, file: str | Path | None) -> None:
    """Refuse labels of classes that a network has no output for: it would be wrong of every one of them, whatever it does.

    Args:
        classes: outputs of the network, one a class.

    Raises:
        InputError: there are some.
    """
    if samples.labels is None or samples.labels.max(initial=0) < classes:
        return
    low, high = int(samples.labels.min()), int(samples.labels.max())
    known = f"tells {classes} classes apart, 0 to {classes - 1}" if classes > 1 else "has one output, whose class is 0"
    raise InputError(
        f"{samples.dataset} ({samples.split}): labels go {f'from {low} ' if low else ''}up to {high}; {file or 'the network'} {known}. "
        "Samples without labels are run, and their accuracy is unknown."
    )


def measure(
    network: ChipNetwork,
    samples: Samples,
    profile: Profile,
    *,
    backend: str = "exact",
    timesteps: int | None = None,
    graded: bool = False,
    device: str = "cpu",
    file: str | Path | None = None,
    with_predictions: bool = False,
) -> PricedRun:
    """Run `network` on `samples` and price what it did on `profile`, whether that can hold it (the document says so) or not.

    Raises:
        InputError: inputs that do not fit the network, or labels that it has no output for.
    """
    from autosnn_hw.cost import check, price
    from autosnn_hw.cost.input_limits import input_violations, with_inputs
    from autosnn_hw.cost.limits import weight_range
    from autosnn_hw.documents.simulation import is_part, simulation_document
    from autosnn_hw.simulate.frame_values import cut_values
    from autosnn_hw.simulate.health import examine
    from autosnn_hw.simulate.sample_inputs import remarks, suited

    if not is_part(network):
        outputs = int(np.prod(network.layers[-1].shape))
        _refuse_foreign_classes(samples, outputs if network.readout is None else network.readout.classes, file)
    inputs, notes = suited(network, samples.inputs)
    activity = run_backend(network, inputs, backend, timesteps=timesteps, graded=graded, device=device)
    cost = price(network, activity, profile)
    limit = profile.limits.bias
    found = examine(
        network,
        activity,
        inputs,
        timesteps=timesteps,
        graded=graded,
        bias_limit=None if limit is None else limit.value,
        weight_range=lambda weight: weight_range(weight, profile.weights),
    )
    document = simulation_document(
        network,
        activity,
        cost,
        with_inputs(check(network, profile, remedies=False), network, inputs, graded, profile),
        file=None if file is None else str(file),
        file_sha256=None if file is None else sha256(file),
        dataset=samples.dataset,
        split=samples.split,
        labels=samples.labels,
        with_predictions=with_predictions,
        health=[asdict(finding) for finding in found],
    )
    cut = cut_values(network, inputs, graded)
    if cut:
        # --graded is no advice where the chip refuses what it sends.
        if input_violations(network, inputs, True, profile):
            cut = cut_values(network, inputs, graded, None)
        labels = None if is_part(network) else samples.labels
        cut = [cut[0] + _cost_of_cutting(network, Samples(inputs, labels, samples.dataset, samples.split))]
    part = ["the network was read in part (--layers): its last layer gives no votes, and accuracy is unknown"]
    notes += [*cut, *(part if is_part(network) else []), *remarks(network, inputs)]
    document["notes"] = notes
    return PricedRun(network, activity, cost, document, tuple(notes))


def run_onnx(
    file: str | Path,
    samples: Samples,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    with_predictions: bool = False,
) -> dict[str, Any]:
    """The `simulate` document of one of our ONNX files in onnxruntime.

    Raises:
        InputError: onnxruntime is missing, a file that is none of ours, or samples that it does not take, with `graded` as they are.
    """
    from autosnn_hw.documents.onnx_simulation import onnx_document
    from autosnn_hw.simulate import onnx_run

    done = onnx_run.run(file, samples.inputs, timesteps=timesteps, graded=graded)
    _refuse_foreign_classes(samples, done.votes.shape[1], file)
    return onnx_document(
        done.layers,
        done.spikes,
        done.predictions,
        file=str(file),
        file_sha256=sha256(file),
        timesteps=done.timesteps,
        version=done.version,
        dataset=samples.dataset,
        split=samples.split,
        labels=samples.labels,
        with_predictions=with_predictions,
        notes=done.notes,
    )
