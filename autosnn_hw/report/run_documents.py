"""What a report reads of a run's folder: summary, candidates, the winner's simulation, manifest."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autosnn_hw import run_folder
from autosnn_hw.errors import InputError

TEXT_COLUMNS = {"genotype", "source", "accuracy_source", "violation"}


@dataclass(frozen=True)
class RunDocuments:
    """The documents of one run; winner and manifest are None where the folder does not hold them."""

    folder: run_folder.RunFolder
    summary: dict[str, Any]  # summary.json with the certificate beside its keys
    candidates: list[dict[str, Any]]
    winner: dict[str, Any] | None
    manifest: dict[str, Any] | None


def read_run(run: str | Path) -> RunDocuments:
    """The documents of the folder of a finished run.

    Raises:
        InputError: the folder is no finished run.
    """
    folder = run_folder.RunFolder.open(run)
    summary = run_folder.read_json(folder / run_folder.SUMMARY)
    if folder.has(run_folder.CERTIFICATE):
        summary = {"certificate": run_folder.read_json(folder / run_folder.CERTIFICATE), **summary}

    def optional(name: str) -> Any:
        return run_folder.read_json(folder / name) if folder.has(name) else None

    return RunDocuments(
        folder,
        summary,
        read_candidates(folder / run_folder.CANDIDATES),
        optional(run_folder.WINNER_SIMULATION),
        optional(run_folder.MANIFEST),
    )


def read_candidates(path: str | Path) -> list[dict[str, Any]]:
    """Rows of candidates.csv with their numbers; empty cells are None.

    Raises:
        InputError: missing, or not such a file.
    """
    try:
        with open(path, newline="") as file:
            return [{name: _value(name, cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise InputError(f"{path} was not found; the folder of a finished search is needed.") from None
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise InputError(f"{path} is not a candidates.csv of a search ({error}).") from None


def _value(name: str, cell: str | None) -> Any:
    if not cell:
        return None
    if name in TEXT_COLUMNS:
        return cell
    if cell in ("True", "False"):
        return cell == "True"
    number = float(cell)
    return int(number) if name in ("generation", "cores", "parameters", "samples") else number
