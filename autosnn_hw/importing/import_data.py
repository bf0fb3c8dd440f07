"""Samples for an import: what is compared on, trained on, and what a network sees of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.deploy.from_graph.image_input import SeenImages
from autosnn_hw.deploy.from_graph.layer_maps import Plan
from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.parts import Parts

Part = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class ImportData:
    """Samples for an import.

    Args:
        samples, labels: spike frames (N, T, ..) or images, and int64 (N,) or None, to be compared on; in Lava, too, where it is
            installed.
        train, validation: samples and labels to choose scales and fine-tune on, or None.
        pixel_max: what a pixel is divided by before the network sees it; None where the samples are frames.
    """

    samples: np.ndarray
    labels: np.ndarray | None = None
    train: Part | None = None
    validation: Part | None = None
    pixel_max: float | None = None


def load_data(
    name: str, samples: int | None = None, data_dir: str | None = None, pixel_max: float | None = None
) -> ImportData:
    """A data set for an import: `samples` of its test part to compare on, its training part where it has labels.

    Args:
        pixel_max: what a pixel of images is divided by; None: 255 for bytes (16 for digits), 1 for floats.

    Raises:
        InputError: as `training.datasets.load`.
    """
    found = datasets.load(name, data_dir=data_dir, labelled=False)
    return _data(found, samples, pixel_max, found.is_frames)


def given_data(
    inputs: np.ndarray, labels: np.ndarray | None = None, samples: int | None = None, pixel_max: float | None = None
) -> ImportData:
    """Samples that are given themselves: with labels they are a training part (its last fifth for validation), whose first `samples` are
    compared on, too; without, they are what scales are chosen on alone.

    Raises:
        InputError: fewer than 5 with labels.
    """
    none = inputs[:0], np.zeros(0, np.int64)
    parts = Parts(*none, inputs, none[1]) if labels is None else Parts(inputs, labels, inputs, labels)
    return _data(datasets.of_parts("the data", parts), samples, pixel_max, inputs.ndim in (3, 5))


def _data(found: datasets.Dataset, samples: int | None, pixel_max: float | None, frames: bool) -> ImportData:
    def grey(x: np.ndarray) -> np.ndarray:
        return x if frames or x.ndim != 3 else x[:, None]

    def part(x: np.ndarray, y: np.ndarray) -> Part | None:
        return (grey(x), y) if len(x) and len(x) == len(y) else None

    labels = found.y_test[:samples] if len(found.y_test) else None
    train, validation = part(found.x_train, found.y_train), part(found.x_val, found.y_val)
    if frames and pixel_max is not None:
        raise InputError(f"{found.name} holds spike frames; --pixel-max is for images.")
    divisor = None if frames else (pixel_max or found.pixel_max)
    return ImportData(grey(found.x_test[:samples]), labels, train, validation, divisor)


def images_of(plan: Plan, data: ImportData, timesteps: int | None) -> SeenImages | None:
    """What the network sees of images, None where the samples are frames.

    Raises:
        InputError: samples of another shape than the network takes, or images without a number of steps.
    """
    lead = 2 if data.pixel_max is None else 1
    one, wanted = data.samples.shape[lead:], ", ".join(map(str, plan.input_shape))
    if not one or int(np.prod(one)) != int(np.prod(plan.input_shape)):
        raise InputError(
            f"the samples have shape {data.samples.shape}; spike frames (N, T, {wanted}), or images (N, {wanted}) with --timesteps, are needed."
        )
    if data.pixel_max is None:
        return None
    if timesteps is None:
        raise InputError(
            "images stand for some steps as a constant current; give as many as the network was trained with: --timesteps."
        )
    known = data.samples if data.train is None else data.train[0]
    shape = (*one,) if len(one) == 3 else (*one, *(1,) * (3 - len(one)))
    peak = float(np.abs(known).max()) / data.pixel_max
    if known.dtype == np.uint8:
        peak = max(peak, 1.0) if data.pixel_max <= 255 else peak
    if peak <= 0 or not np.isfinite(peak):
        raise InputError("the images are all 0, or hold values that are not finite.")
    return SeenImages(shape, timesteps, data.pixel_max, peak, known.dtype == np.uint8)
