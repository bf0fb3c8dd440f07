"""What a report reads of a run's folder: summary, candidates, the winner's simulation, manifest."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import hw_profiles
from autosnn_hw import run_folder
from autosnn_hw.config import read_config
from autosnn_hw.documents.document_reading import SHOWN
from autosnn_hw.documents.run_models import Certificate, Manifest, Summary
from autosnn_hw.documents.run_reading import checked
from autosnn_hw.documents.winner_models import Behaviour, WinnerDocument
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.files.input_file import text
from autosnn_hw.report.core_map import core_map
from autosnn_hw.words.quantities import at

NEEDED = (
    "genotype",
    "generation",
    "source",
    "feasible",
    "fitness",
    "cost",
    "accuracy",
    "latency",
    "spikes_chip",
    "cores",
    "violation",
)
TEXT_COLUMNS = {"genotype", "source", "accuracy_source", "cost_source", "violation"}
TRUTHS = {"feasible", "final_feasible"}


@dataclass(frozen=True)
class RunDocuments:
    """The documents of one run; winner, manifest and behaviour are None where the folder does not hold them."""

    folder: run_folder.RunFolder
    summary: dict[str, Any]  # summary.json with the certificate beside its keys
    candidates: list[dict[str, Any]]
    winner: dict[str, Any] | None
    manifest: dict[str, Any] | None
    behaviour: dict[str, Any] | None = None  # winner.behaviour.json
    core_map: str | None = None  # SVG of the winner's cores


def read_run(run: str | Path) -> RunDocuments:
    """The documents of the folder of a finished run.

    Raises:
        InputError: the folder is no finished run, or a document of it is damaged.
    """
    folder = run_folder.RunFolder.open(run)

    def document(name: str, model: type[BaseModel]) -> Any:
        return checked(run_folder.read_json(folder / name), model, folder / name)

    def optional(name: str, model: type[BaseModel]) -> Any:
        return document(name, model) if folder.has(name) else None

    summary: dict[str, Any] = document(run_folder.SUMMARY, Summary)
    certificate = optional(run_folder.CERTIFICATE, Certificate)
    if certificate is not None:
        summary = {"certificate": certificate, **summary}
    winner = optional(run_folder.WINNER_SIMULATION, WinnerDocument)
    return RunDocuments(
        folder,
        summary,
        read_candidates(folder / run_folder.CANDIDATES),
        winner,
        optional(run_folder.MANIFEST, Manifest),
        optional(run_folder.WINNER_BEHAVIOUR, Behaviour),
        _core_map(folder, winner),
    )


def _core_map(folder: run_folder.RunFolder, winner: Mapping[str, Any] | None) -> str | None:
    """The winner on the cores of its target; None where file or profile are gone, or the profile is another one now."""
    from exporters import netx

    try:
        profile = hw_profiles.load(read_config(folder / run_folder.CONFIG).target)
        if profile.sha256 != at(winner, "target", "sha256"):
            return None
        return core_map(netx.read(folder / run_folder.WINNER_NET), profile, whole=False)
    except (InputError, DoesNotFitError):
        return None


def read_candidates(path: str | Path) -> list[dict[str, Any]]:
    """Rows of candidates.csv with their numbers; empty cells are None.

    Raises:
        InputError: missing, or not such a file.
    """
    try:
        rows = csv.DictReader(io.StringIO(text(path, "the candidates.csv of a finished search"), newline=""))
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return [_row(row, rows.line_num) for row in rows]
    except (ValueError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path} is not a candidates.csv of a search ({str(error)[:SHOWN]}); "
            f"`autosnn-hw search --resume {shlex.quote(str(Path(path).parent))}` makes it again."
        ) from None


def _row(cells: Mapping[str, str | None], line: int) -> dict[str, Any]:
    if None in cells:  # where DictReader puts what stands beyond the header
        raise ValueError(f"line {line} has more cells than the header")
    row = {name: _value(name, cell) for name, cell in cells.items()}
    if any(row[name] is None for name in ("genotype", "generation", "feasible")):
        raise ValueError(f"line {line} is cut")
    return row


def _value(name: str, cell: str | None) -> Any:
    if not cell:
        return None
    if name in TEXT_COLUMNS:
        return cell
    if name in TRUTHS:
        if cell not in ("True", "False"):
            raise ValueError(f"{name} is {cell!r}; True or False is needed")
        return cell == "True"
    number = float(cell)
    if not isfinite(number):
        raise ValueError(f"{name} is {cell!r}; a finite number is needed")
    return int(number) if name in ("generation", "cores", "final_cores", "parameters", "samples") else number
