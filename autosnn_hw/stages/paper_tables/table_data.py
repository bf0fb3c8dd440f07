"""What the networks of a table are trained on: a dataset, or a part of it that the table's folder keeps, and what else they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.architecture.published_results import WEIGHTS
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.run_folder import NETWORKS, RunFolder, read_json, write_json, writing
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.data.graded_frames import without_cuts
from autosnn_hw.training.data.sources import npz_file

SETTINGS, DATA = "tables.json", "data.npz"
NEEDED = (
    "dataset",
    "data_sha256",
    "trained_on",
    "tested_on",
    "sample",
)  # keys of SETTINGS that every version has written
WHOLE = "source_notes"  # in SETTINGS: what was made of the dataset before its part was taken
CHOICES = (
    "target", "width", "timesteps", "retrain_epochs", "finetune_epochs", "learning_rate", "batch", "precision", "graded", "loss",
    "distillation", "weight_decay", "augment", "averaged_epochs", "rate_decay",
)  # fmt: skip
"""Choices of `SearchConfig` that are one for all networks of a folder."""


@dataclass(frozen=True)
class Amount:
    """How much of the data and how often: None is all of it.

    Args:
        images, test_images: the first so many for training and for the test.
        shrink: side of the square of pixels whose mean is one pixel.
        seeds: trainings of each network. networks: random architectures of each macro-architecture in the table of spaces.
        certified: test samples that Lava runs of each network's first seed.
        most: networks that are trained this time, None all.
        only: rows whose names hold this text; the others are left out.
        weights: lambda_reg of the rows of regularisation.
    """

    images: int | None = None
    test_images: int | None = None
    shrink: int = 1
    seeds: int = 3
    networks: int = 100
    certified: int = 2
    most: int | None = None
    only: str = ""
    weights: tuple[float, ...] = WEIGHTS

    @property
    def is_part(self) -> bool:
        """Whether a part of the dataset, or smaller samples, are asked for."""
        return (self.images, self.test_images, self.shrink) != (None, None, 1)

    @property
    def in_options(self) -> str:
        """The part, as it is asked for."""
        asked = {"images": self.images, "test-images": self.test_images, "shrink": self.shrink}
        return ", ".join(f"--{name} {number}" for name, number in asked.items() if number not in (None, 1))


def _wanted(config: SearchConfig, amount: Amount) -> dict[str, Any]:
    """What is one for all networks of a folder."""
    part = {
        "dataset": config.dataset,
        "images": amount.images,
        "test_images": amount.test_images,
        "shrink": amount.shrink,
    }
    return part | {name: getattr(config, name) for name in CHOICES}


def settings_of(folder: RunFolder) -> dict[str, Any]:
    """What the folder says that its networks are of.

    Raises:
        InputError: the file is missing or damaged.
    """
    file = folder / SETTINGS
    found = read_json(file, "tables")
    missing = [name for name in NEEDED if name not in found] if isinstance(found, dict) else list(NEEDED)
    if missing:
        raise InputError(
            f"{file} is damaged: it has no {missing[0]}, and of which size the networks are that lie there is unknown; the file as "
            "`autosnn-hw tables` wrote it is needed, or another --out."
        )
    return dict(found)


def require_same_size(config: SearchConfig, amount: Amount, folder: RunFolder) -> None:
    """Refuse a folder whose networks are of another size, or of one that it does not say.

    Raises:
        InputError: with what differs.
    """
    if not folder.has(SETTINGS):
        # SETTINGS comes before the first network: an end in the first moment leaves none.
        if any(file.is_file() for file in (folder / NETWORKS).rglob("*")):
            raise InputError(
                f"{folder.path} holds networks of an unknown size: it has no {SETTINGS}; take another --out."
            )
        return
    there = settings_of(folder)
    differing = [
        f"{name} {there[name]} (asked for: {value})"
        for name, value in _wanted(config, amount).items()
        if name in there and there[name] != value
    ]
    if differing:
        raise InputError(f"{folder.path} holds networks of another size: {', '.join(differing)}; take another --out.")


def amount_sentences(settings: Mapping[str, Any]) -> list[str]:
    """Which part of the dataset was asked for that is larger than all of it.

    Args:
        settings: of `settings_of`.
    """
    found = []
    for asked, taken, kind in (("images", "trained_on", "training"), ("test_images", "tested_on", "test")):
        wanted, there = settings.get(asked), settings[taken]
        if wanted is not None and wanted > there:
            found.append(
                f"--{asked.replace('_', '-')} {wanted}: there are {there:,} {kind} samples, all of which are taken."
            )
    return found


def loaded_for(config: SearchConfig, amount: Amount, folder: RunFolder) -> Dataset | None:
    """The whole dataset; None where the folder has its part already.

    Raises:
        InputError: missing data, or frames of another T.
    """
    if folder.has(SETTINGS) and amount.is_part:
        return None
    loaded = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
    datasets.require_steps(config.dataset, loaded.timesteps, one_size(config.timesteps, "timesteps"))
    return loaded


def data_of(config: SearchConfig, folder: RunFolder, amount: Amount, loaded: Dataset | None) -> Dataset:
    """What networks will be trained on, without a file of it where the folder has none: a part of frames as spikes, whatever is asked for.

    Args:
        loaded: of `loaded_for`.

    Raises:
        InputError: too small a part to train on, by the options that ask for it.
    """
    if loaded is None:
        return datasets.load(_part_name(folder), graded=config.graded)
    if not amount.is_part:
        return loaded
    said = f"{config.dataset} with {amount.in_options}"
    return datasets.of_parts(said, npz_file.from_arrays(_part(loaded, amount), Path(said), labelled=True))


def kept_data(
    config: SearchConfig, folder: RunFolder, amount: Amount, loaded: Dataset | None
) -> tuple[SearchConfig, Dataset]:
    """The config that names the data of the folder, which is a part of the dataset where a part was asked for, and that data.

    Args:
        loaded: of `loaded_for`.

    Raises:
        InputError: the folder's networks were trained on other data.
    """
    data, wanted = loaded, _wanted(config, amount)
    if amount.is_part:
        file = folder / DATA
        if loaded is not None:
            with writing(file), whole_file.beside(file) as temporary, open(temporary, "wb") as stream:
                np.savez(stream, **_part(loaded, amount))
        config = config.with_changes(dataset=_part_name(folder), download=False)
        data = datasets.load(config.dataset, graded=config.graded)
    assert data is not None
    if not folder.has(SETTINGS):
        sizes = {"trained_on": len(data.x_train) + len(data.x_val), "tested_on": len(data.x_test), "sample": data.image}
        made_of = [] if loaded is None or loaded is data else without_cuts(loaded.notes)
        write_json(folder / SETTINGS, wanted | sizes | {"data_sha256": data.sha256, WHOLE: made_of})
    elif settings_of(folder)["data_sha256"] != data.sha256:
        raise InputError(f"{folder.path} holds networks that were trained on other data; take another --out.")
    return config, data


def _part_name(folder: RunFolder) -> str:
    return f"npz:{(folder / DATA).resolve()}"


def _part(loaded: Dataset, amount: Amount) -> dict[str, np.ndarray]:
    """The first samples of a dataset, as an npz file holds them."""
    x, y = loaded.full_train()
    return {
        "x_train": shrunk(x[: amount.images], amount.shrink),
        "y_train": y[: amount.images],
        "x_test": shrunk(loaded.x_test[: amount.test_images], amount.shrink),
        "y_test": loaded.y_test[: amount.test_images],
    }


def shrunk(samples: np.ndarray, side: int) -> np.ndarray:
    """Images (N, C, H / side, W / side): means of squares of pixels, rounded where they are bytes; what is left over is cut.

    Raises:
        InputError: event frames, whose spikes have no mean.
    """
    if side == 1:
        return samples
    if samples.ndim != 4:
        raise InputError("--shrink takes means of pixels; event frames have spikes. Leave it out.")
    count, channels, height, width = samples.shape
    height, width = height // side * side, width // side * side
    squares = samples[:, :, :height, :width].reshape(count, channels, height // side, side, width // side, side)
    means = squares.mean(axis=(3, 5))
    return np.round(means).astype(np.uint8) if samples.dtype == np.uint8 else means.astype(samples.dtype)
