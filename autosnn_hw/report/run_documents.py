"""What a report reads of a run's folder: summary, candidates, the winner's simulation, manifest."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hw_profiles
from autosnn_hw import run_folder
from autosnn_hw.config import read_config
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.report.core_map import core_map
from autosnn_hw.words.quantities import at

TEXT_COLUMNS = {"genotype", "source", "accuracy_source", "violation"}


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
        InputError: the folder is no finished run.
    """
    folder = run_folder.RunFolder.open(run)
    summary = run_folder.read_json(folder / run_folder.SUMMARY)
    if folder.has(run_folder.CERTIFICATE):
        summary = {"certificate": run_folder.read_json(folder / run_folder.CERTIFICATE), **summary}

    def optional(name: str) -> Any:
        return run_folder.read_json(folder / name) if folder.has(name) else None

    winner = optional(run_folder.WINNER_SIMULATION)
    return RunDocuments(
        folder,
        summary,
        read_candidates(folder / run_folder.CANDIDATES),
        winner,
        optional(run_folder.MANIFEST),
        optional(run_folder.WINNER_BEHAVIOUR),
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
