"""The tables of the AutoSNN paper at a size of one's own: their networks, each trained, priced and certified once.

A folder holds the networks of one size; tables that share a network share its result, and what is finished is not made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import hw_profiles
from autosnn_hw.architecture import front_sentence, layout
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.run_folder import RunFolder, read_json, write_json, writing
from autosnn_hw.stages.manifest import largest_payload, require_payload
from autosnn_hw.stages.paper_tables.row_training import RowTraining, certificate_of, said_of
from autosnn_hw.stages.paper_tables.table_rows import Row, rows_of
from autosnn_hw.stages.winner.delivery import imported, lava_process
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import sentences
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.data.sources.sample_arrays import LOST
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent

SETTINGS, DATA = "tables.json", "data.npz"
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
    """

    images: int | None = None
    test_images: int | None = None
    shrink: int = 1
    seeds: int = 3
    networks: int = 100
    certified: int = 2
    most: int | None = None
    only: str = ""

    @property
    def is_part(self) -> bool:
        """Whether a part of the dataset, or smaller samples, are asked for."""
        return (self.images, self.test_images, self.shrink) != (None, None, 1)


def made(table: str, config: SearchConfig, out: str | Path, amount: Amount, reporter: Reporter) -> dict[str, Any]:
    """Make the networks of a table that the folder `out` has not yet, and say what is there.

    Args:
        config: sizes, schedule, target and dataset; its `seed` is the first.

    Returns:
        {"table", "settings", "rows": [{"name", "space", "architecture", "spike_regularisation", "seeds": [one dict each]}], "missing",
        "notes": what was made of the data, in sentences, which the reporter is told too}.

    Raises:
        InputError: unknown table, missing data, or a folder of another size. SpikesDifferError: Lava counted other spikes.
    """
    folder = RunFolder(out)
    _require_same_size(config, amount, folder)
    profile, loaded = hw_profiles.load(config.target), None
    if not (folder.has(SETTINGS) and amount.is_part):  # bad input is found before a folder is made
        loaded = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
        datasets.require_steps(config.dataset, loaded.timesteps, one_size(config.timesteps, "timesteps"))
        require_payload(loaded, profile)
    with writing(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    with folder.held(then="give the same command again"):
        config, data = _data_of(config, folder, amount, loaded)
        every = rows_of(table, frames=data.is_frames, networks=amount.networks, seed=config.seed)
        rows = [row for row in every if amount.only in row.name]
        if not rows:
            raise InputError(f"--only {amount.only}: the table has {', '.join(row.name for row in every[:20])}.")
        seeds = range(config.seed, config.seed + (1 if table == "spaces" else amount.seeds))
        notes = _notes(data, read_json(folder / SETTINGS).get(WHOLE, []), rows, config, largest_payload(profile))
        for note in notes:
            reporter.say(f"note: {note}")
        fabric = Fabric.of(profile, data.is_frames)
        trainings = [RowTraining.of(row, seed, config, folder, fabric) for row in rows for seed in seeds]
        missing = [training for training in trainings if not training.finished]
        most = len(missing) if amount.most is None else amount.most
        later = {(training.row, training.seed) for training in missing[most:]}
        now = [training for training in trainings if (training.row, training.seed) not in later]
        reporter.stage(f"table {table}", len(now))
        results: dict[tuple[Row, int], dict[str, Any]] = {}
        with lava_process() if amount.certified else nullcontext() as child:
            lava, why = imported(child) if amount.certified else (None, "not asked for")
            for done, training in enumerate(now, 1):
                row, seed = training.row, training.seed
                result = training.result()
                certificate = certificate_of(training, data, amount.certified, lava, why) if seed == seeds[0] else None
                results[row, seed] = said = said_of(seed, result, certificate)
                right = said["accuracy_float"] if said["accuracy"] is None else said["accuracy"]
                reporter.advance(done, f"{row.name}, seed {seed}: {percent(right)}")
    return {
        "table": table,
        "settings": read_json(folder / SETTINGS) | {"seeds": len(seeds), "certified_samples": amount.certified},
        "rows": [
            {
                "name": row.name,
                **_named(row, config),
                "spike_regularisation": row.spike_regularisation,
                "seeds": [results[row, seed] for seed in seeds if (row, seed) in results],
            }
            for row in rows
        ],
        "missing": len(later),
        "notes": notes,
    }


def _notes(
    data: Dataset, whole: Sequence[str], rows: Sequence[Row], config: SearchConfig, payload: float | None
) -> list[str]:
    """What was made of the data, what of them may spoil the table, and what stands before TBD1 in which networks.

    Args:
        whole: what was made of the dataset that `data` are a part of.
        payload: largest value of a graded spike that the target takes; None for spikes alone.
    """
    networks = {row.name: row.architecture(config) for row in rows}
    fronts: dict[str, list[str]] = {}
    for name, architecture in networks.items():
        if architecture is not None and (front := front_sentence(layout(architecture, data.image, data.classes))):
            fronts.setdefault(front, []).append(name)
    before = [
        f"{front}." if len(names) == len(rows) else f"{', '.join(names)}: {front}." for front, names in fronts.items()
    ]
    return [*whole, *sentences(data, payload), *before]


def _named(row: Row, config: SearchConfig) -> dict[str, Any]:
    """What a row is."""
    architecture, width = row.architecture(config), row.width(config)
    if architecture is None:
        return {"space": None, "architecture": row.text, "width": width}
    return {"space": architecture.space, "architecture": str(architecture), "width": width}


def _wanted(config: SearchConfig, amount: Amount) -> dict[str, Any]:
    """What is one for all networks of a folder."""
    part = {
        "dataset": config.dataset,
        "images": amount.images,
        "test_images": amount.test_images,
        "shrink": amount.shrink,
    }
    return part | {name: getattr(config, name) for name in CHOICES}


def _require_same_size(config: SearchConfig, amount: Amount, folder: RunFolder) -> None:
    """Refuse a folder whose networks are of another size.

    Raises:
        InputError: with what differs.
    """
    if not folder.has(SETTINGS):
        return
    there = read_json(folder / SETTINGS)
    differing = [
        f"{name} {there[name]} (asked for: {value})"
        for name, value in _wanted(config, amount).items()
        if name in there and there[name] != value
    ]
    if differing:
        raise InputError(f"{folder.path} holds networks of another size: {', '.join(differing)}; take another --out.")


def _data_of(
    config: SearchConfig, folder: RunFolder, amount: Amount, loaded: Dataset | None
) -> tuple[SearchConfig, Dataset]:
    """The config that names the data of the folder, which is a part of the dataset where a part was asked for, and that data.

    Args:
        loaded: the whole dataset; None where the folder has its part already.

    Raises:
        InputError: the folder's networks were trained on other data.
    """
    data, wanted = loaded, _wanted(config, amount)
    if amount.is_part:
        if loaded is not None:
            _write_part(loaded, amount, folder / DATA)
        config = config.with_changes(dataset=f"npz:{(folder / DATA).resolve()}", download=False)
        data = datasets.load(config.dataset, graded=config.graded)
    assert data is not None
    if not folder.has(SETTINGS):
        sizes = {"trained_on": len(data.x_train) + len(data.x_val), "tested_on": len(data.x_test), "sample": data.image}
        made_of = [] if loaded is None or loaded is data else [note for note in loaded.notes if LOST not in note]
        write_json(folder / SETTINGS, wanted | sizes | {"data_sha256": data.sha256, WHOLE: made_of})
    elif read_json(folder / SETTINGS)["data_sha256"] != data.sha256:
        raise InputError(f"{folder.path} holds networks that were trained on other data; take another --out.")
    return config, data


def _write_part(data: Dataset, amount: Amount, file: Path) -> None:
    """The first samples of a dataset as an npz file, whole or not at all."""
    x, y = data.full_train()
    arrays = {
        "x_train": shrunk(x[: amount.images], amount.shrink),
        "y_train": y[: amount.images],
        "x_test": shrunk(data.x_test[: amount.test_images], amount.shrink),
        "y_test": data.y_test[: amount.test_images],
    }
    with writing(file), whole_file.beside(file) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)


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
