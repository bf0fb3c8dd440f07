"""What a run is made of: its inputs, loaded and checked once, and the manifest that says which they were."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import hw_profiles
from autosnn_hw import __version__
from autosnn_hw.architecture import layout
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.search.groups import slot_groups
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.search.study import NAME
from autosnn_hw.simulate.lava.board import board_status
from autosnn_hw.training import datasets, precision
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.fabric import Fabric
from autosnn_hw.training.trainer import check_timesteps
from hw_profiles.schema import Profile

PACKAGES = ("torch", "numpy", "numba", "lava-nc", "lava-dl", "optuna", "onnx", "h5py", "scikit-learn")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run's data, profile, search space, and what the target asks of training."""

    data: Dataset
    profile: Profile
    space: SearchSpace
    fabric: Fabric


def prepare(config: SearchConfig) -> Prepared:
    """Load what a run needs.

    Raises:
        InputError: unknown or missing data or target, or images that do not fit the space, or a precision that this machine is too slow for.
    """
    profile = hw_profiles.load(config.target)
    if config.backend == "board":
        if not profile.measured_on_a_board:
            raise InputError(
                f"--backend board measures on a Loihi 2 board; for {profile.name} take --backend lava or no measurement."
            )
        reachable, sentence = board_status()
        if not reachable:
            raise InputError(sentence)
    precision.require(config.precision, config.device)
    data = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
    require_payload(data, profile)
    check_timesteps(data, config.timesteps)
    grouped = profile.searches_groups if config.grouped is None else config.grouped
    groups = slot_groups(config.space, config.width, profile, config.groupings == "fewest") if grouped else None
    space = search_space(config.space, width=config.width, timesteps=config.timesteps, groups=groups)
    layout(space.at(0), data.image, data.classes)  # refuses images that are too small
    return Prepared(data, profile, space, Fabric.of(profile, data.is_frames))


def require_payload(data: Dataset, profile: Profile) -> None:
    """Refuse graded frames for a chip that takes none, or none so large.

    Raises:
        InputError: with what it takes.
    """
    limit = profile.limits.payload
    if data.payload > 1 and (limit is None or data.payload > limit.value):
        most = "spikes alone" if limit is None else f"values up to {limit.value:g}"
        raise InputError(
            f"--graded sends frame values up to {data.payload}; {profile.name} takes {most}. Without --graded values above 0 are spikes."
        )


def manifest(config: SearchConfig, prepared: Prepared) -> dict[str, Any]:
    """manifest.json: arguments, seed, versions, where the study is, and hashes of data, profile and code."""
    # In a database that runs may share, each has a study of its own.
    study = None if config.storage is None else {"storage": config.storage, "name": f"{NAME}-{uuid4().hex[:12]}"}
    return {
        "tool": {"name": "autosnn-hw", "version": __version__, "code_sha256": code_sha256()},
        "arguments": config.model_dump(),
        "command": sys.argv[1:],
        "seed": config.seed,
        "dataset": {
            "name": prepared.data.name,
            "sha256": prepared.data.sha256,
            "train": len(prepared.data.x_train),
            "validation": len(prepared.data.x_val),
            "test": len(prepared.data.x_test),
        },
        "study": study,
        "target": {"name": prepared.profile.name, "sha256": prepared.profile.sha256},
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
    }


def code_sha256() -> str:
    """One hash over all Python and TOML files of the three packages, in path order."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for package in ("autosnn_hw", "exporters", "hw_profiles"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml", ".j2", ".html"):
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
