"""The tables of the AutoSNN paper at a size of one's own: their networks, each trained, priced and certified once.

A folder holds the networks of one size; tables that share a network share its result, and what is finished is not made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import hw_profiles
from autosnn_hw.architecture import front_sentence, layout
from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import RunFolder, writing
from autosnn_hw.stages.manifest import largest_payload, require_payload
from autosnn_hw.stages.paper_tables.checked_rows import checked_rows
from autosnn_hw.stages.paper_tables.row_training import RowTraining, certificate_of, said_of
from autosnn_hw.stages.paper_tables.table_data import (
    WHOLE,
    Amount,
    amount_sentences,
    data_of,
    kept_data,
    loaded_for,
    require_same_size,
    settings_of,
)
from autosnn_hw.stages.paper_tables.table_rows import Row
from autosnn_hw.stages.schedules import averaging_sentences
from autosnn_hw.stages.winner.delivery import imported, lava_process
from autosnn_hw.training import precision
from autosnn_hw.training.data.data_check import require_classes, sentences
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.unlowered_networks import reduction_sentence
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent


def made(table: str, config: SearchConfig, out: str | Path, amount: Amount, reporter: Reporter) -> dict[str, Any]:
    """Make the networks of a table that the folder `out` has not yet, and say what is there.

    Args:
        config: sizes, schedule, target and dataset; its `seed` is the first.

    Returns:
        {"table", "settings", "rows": [{"name", "space", "architecture", "spike_regularisation", "seeds": [one dict each]}], "missing",
        "notes": what was made of the data, in sentences, which the reporter is told too}.

    Raises:
        InputError: unknown table, missing data or data of one class, a device that is not there, samples that are too small for a row, or a folder of another
            size; nothing is made then. SpikesDifferError: Lava counted other spikes.
    """
    folder = RunFolder(out)
    if config.averaged_epochs is None:  # the paper's training, whatever a network alone is trained with
        config = config.with_changes(averaged_epochs=0)
    require_same_size(config, amount, folder)
    precision.require(config.precision, config.device)
    profile = hw_profiles.load(config.target)
    loaded = loaded_for(config, amount, folder)  # bad input is found before a folder is made
    if loaded is not None:
        require_payload(loaded, profile)
    data = data_of(config, folder, amount, loaded)
    require_classes(data)
    rows = checked_rows(table, config, amount, data, loaded)
    with writing(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    with folder.held(then="give the same command again"):
        config, data = kept_data(config, folder, amount, loaded)
        seeds = range(config.seed, config.seed + (1 if table == "spaces" else amount.seeds))
        kept = settings_of(folder)
        notes = [
            *_notes(data, kept.get(WHOLE, []), rows, config, largest_payload(profile)),
            *amount_sentences(kept),
            *averaging_sentences(config),
        ]
        for note in notes:
            reporter.say(f"note: {note}")
        fabric = Fabric.of(profile, data.is_frames)
        trainings = [RowTraining.of(row, seed, config, folder, fabric, data.image) for row in rows for seed in seeds]
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
                if training in missing and training.begun_files:
                    reporter.say(f"note: {row.name}, seed {seed}: its files are not whole, and it is made again.")
                result = training.result()
                before = [results.get((row, earlier), {}) for earlier in seeds if earlier < seed]
                certificate = None
                if all(said.get("not_lowered") for said in before):  # the row's first that has a chip network
                    certificate = certificate_of(training, result, data, amount.certified, lava, why)
                results[row, seed] = said = said_of(seed, result, certificate)
                right = said["accuracy_float"] if said["accuracy"] is None else said["accuracy"]
                reporter.advance(done, f"{row.name}, seed {seed}: {percent(right)}")
    return {
        "table": table,
        "settings": kept | {"seeds": len(seeds), "certified_samples": amount.certified},
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
    floats = [f"{row.name}: {reduction_sentence(row.text, data.image)}." for row in rows if row.text in UNLOWERED]
    return [*whole, *sentences(data, payload), *before, *floats]


def _named(row: Row, config: SearchConfig) -> dict[str, Any]:
    """What a row is."""
    architecture, width = row.architecture(config), row.width(config)
    if architecture is None:
        return {"space": None, "architecture": row.text, "width": width}
    return {"space": architecture.space, "architecture": str(architecture), "width": width}
