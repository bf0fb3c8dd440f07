"""One network of a table, trained by one seed: its files, its result, what Lava says of it, and what the table does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import RunFolder, read_json, write_json, writing
from autosnn_hw.simulate.certificate import certify
from autosnn_hw.simulate.lava import LavaChild
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.unlowered import architecture_as_floats, trained_as_floats
from autosnn_hw.stages.paper_tables.table_rows import Row
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import unbuildable


@dataclass(frozen=True)
class RowTraining:
    """One training of one network, in a folder of its own.

    Args:
        as_floats: why no chip network is made of it on the config's target; None where one is.
    """

    row: Row
    seed: int
    config: SearchConfig
    folder: Path
    as_floats: str | None = None

    @classmethod
    def of(cls, row: Row, seed: int, config: SearchConfig, folder: RunFolder, fabric: Fabric) -> RowTraining:
        """The training of a row by a seed in the folder of a table, whose networks are of `fabric`.

        Raises:
            RunError: its folder could not be made.
        """
        place = folder / "networks" / row.key / f"seed-{seed}"
        with writing(place):
            place.mkdir(parents=True, exist_ok=True)
        own = {"seed": seed, "spike_regularisation": row.spike_regularisation, "width": row.width(config)}
        architecture = row.architecture(config)
        as_floats = UNLOWERED[row.text] if architecture is None else unbuildable(architecture, fabric)
        return cls(row, seed, config.with_changes(**own), place, as_floats)

    @property
    def architecture(self) -> Architecture | None:
        return replace(self.row, widths=1).architecture(self.config)  # the config's width is the network's own

    def file(self, suffix: str) -> Path:
        """Where a file of the network is."""
        architecture = self.architecture
        if architecture is None or self.as_floats is not None:
            return self.folder / f"{self.row.text}{suffix}"
        return NetworkJob.of(self.config, self.folder).file(architecture, suffix)

    @property
    def finished(self) -> bool:
        return self.file(".json").is_file() and (self.as_floats is not None or self.file(".net").is_file())

    def result(self) -> dict[str, Any]:
        """As `train --json` prints it, from the folder where it is there already."""
        architecture = self.architecture
        if architecture is None:
            return trained_as_floats(self.row.text, self.config, self.folder, lambda *_: None)
        if self.as_floats is not None:
            return architecture_as_floats(
                self.row.text, architecture, self.as_floats, self.config, self.folder, lambda *_: None
            )
        return NetworkJob.of(self.config, self.folder)(architecture).to_json()


def certificate_of(
    training: RowTraining, data: Dataset, samples: int, lava: LavaChild | None, why: str | None
) -> dict[str, Any]:
    """How many samples Lava ran of a network, all of whose spikes were the exact simulator's; or why none."""
    if training.as_floats is not None:
        return {"samples": 0, "mismatches": None, "reason": "no chip network"}
    kept = training.file(".certificate.json")
    if kept.is_file() and (known := read_json(kept))["samples"] >= samples:
        return {"samples": known["samples"], "mismatches": known["mismatches"], "reason": None}
    if lava is None or not samples:
        return {"samples": 0, "mismatches": None, "reason": why}
    images, labels = data.x_test[:samples], data.y_test[:samples]
    document = certify(training.file(".net"), images, labels=labels, child=lava).certificate.to_json()
    write_json(kept, document)
    return {"samples": document["samples"], "mismatches": document["mismatches"], "reason": None}


def said_of(seed: int, result: Mapping[str, Any], certificate: dict[str, Any] | None) -> dict[str, Any]:
    """What a table says of one training of a network."""
    health = (result.get("document") or {}).get("health") or []
    known = ("firing_rate", "spikes", "synops", "latency", "cores", "fits", "parameters", "samples")
    return {
        "seed": seed,
        "accuracy_float": result["accuracy"]["float"],
        "accuracy": result["accuracy"]["exact_test"],
        "spikes_float": result["float_spikes"],
        **{name: result["float_firing_rate" if name == "firing_rate" else name] for name in known},
        "energy": None if result["energy"] is None else result["energy"]["total"],
        "silent": [e["layer"] for e in health if e["kind"] == "silent" and e["count"] == e["total"]],
        "not_lowered": result.get("not_lowered"),
        "left_out": result.get("left_out", []),
        "lava": certificate,
    }
