"""One network of a table, trained by one seed: its files, its result, what Lava says of it, and what the table does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_and_price import sha256
from autosnn_hw.run_folder import NETWORKS, RunFolder, read_json, write_json, writing
from autosnn_hw.simulate.certificate import certify
from autosnn_hw.simulate.lava import LavaChild
from autosnn_hw.stages.final_training.not_lowered import NotLoweredError
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.unlowered import architecture_as_floats, kept_as_floats, trained_as_floats
from autosnn_hw.stages.paper_tables.table_rows import Row
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import unbuildable
from autosnn_hw.training.unlowered_networks import why_unlowered


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
    def of(
        cls, row: Row, seed: int, config: SearchConfig, folder: RunFolder, fabric: Fabric, image: tuple[int, int, int]
    ) -> RowTraining:
        """The training of a row by a seed on samples (Cin, H, W) in the folder of a table, whose networks are of `fabric`.

        Raises:
            RunError: its folder could not be made.
        """
        place = folder / NETWORKS / row.key / f"seed-{seed}"
        with writing(place):
            place.mkdir(parents=True, exist_ok=True)
        own = {"seed": seed, "spike_regularisation": row.spike_regularisation, "width": row.width(config)}
        architecture = row.architecture(config)
        as_floats = why_unlowered(row.text, image) if architecture is None else unbuildable(architecture, fabric)
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
        """Whether its files are there already, and sound."""
        architecture = self.architecture
        if self._floats() is not None:
            return True
        if architecture is None or self.as_floats is not None:
            return False
        return NetworkJob.of(self.config, self.folder).finished(architecture)

    @property
    def begun_files(self) -> bool:
        """Whether a file of its result is there, whole or not."""
        return any(self.file(suffix).exists() for suffix in (".json", ".net"))

    def _floats(self) -> dict[str, Any] | None:
        """The finished document of a network that has no chip network."""
        architecture = self.architecture
        if architecture is None or self.as_floats is not None:
            return kept_as_floats(self.row.text, self.file(".json"))
        found = kept_as_floats(str(architecture), self.file(".json"))
        return found if found is not None and found.get("not_lowered") else None

    def result(self) -> dict[str, Any]:
        """As `train --json` prints it, from the folder where it is there already."""
        architecture = self.architecture
        if architecture is None:
            return trained_as_floats(self.row.text, self.config, self.folder, lambda *_: None)
        if self.as_floats is not None:
            return architecture_as_floats(
                self.row.text, architecture, self.as_floats, self.config, self.folder, lambda *_: None
            )
        kept = self._floats()
        if kept is not None:
            return kept
        try:
            return NetworkJob.of(self.config, self.folder)(architecture).to_json()
        except NotLoweredError as error:
            found = error.floats.document(str(architecture), architecture.space, error.why, error.samples)
            write_json(self.file(".json"), found)
            return found


def certificate_of(
    training: RowTraining,
    result: Mapping[str, Any],
    data: Dataset,
    samples: int,
    lava: LavaChild | None,
    why: str | None,
) -> dict[str, Any]:
    """How many samples Lava ran of a network, all of whose spikes were the exact simulator's; or why none.

    Args:
        result: of the training.
    """
    if result.get("not_lowered"):
        return {"samples": 0, "mismatches": None, "reason": "no chip network"}
    kept = training.file(".certificate.json")
    known = _kept_certificate(kept, training.file(".net"))
    if known is not None and known["samples"] >= samples:
        return {"samples": known["samples"], "mismatches": known["mismatches"], "reason": None}
    if lava is None or not samples:
        return {"samples": 0, "mismatches": None, "reason": why}
    images, labels = data.x_test[:samples], data.y_test[:samples]
    document = certify(training.file(".net"), images, labels=labels, child=lava).certificate.to_json()
    write_json(kept, document)
    return {"samples": document["samples"], "mismatches": document["mismatches"], "reason": None}


def _kept_certificate(file: Path, network: Path) -> dict[str, Any] | None:
    """The certificate in a file; None where it is missing, damaged or of another network than that in `network`."""
    try:
        known = read_json(file) if file.is_file() else None
    except InputError:
        return None
    if not isinstance(known, dict) or not isinstance(known.get("samples"), int) or "mismatches" not in known:
        return None
    return known if known.get("network_sha256") == sha256(network) else None


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
