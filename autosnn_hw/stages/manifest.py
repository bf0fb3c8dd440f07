"""What a run is made of: its inputs, loaded and checked once, and the manifest that says which they were."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

import hw_profiles
from autosnn_hw import __version__
from autosnn_hw.architecture import SEARCH_BLOCKS, layout, pool_choices
from autosnn_hw.architecture.own_space import blocks_of
from autosnn_hw.architecture.pool_list import placements_of
from autosnn_hw.architecture.size_list import all_of
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import CONFIG, MANIFEST, RunFolder, read_json
from autosnn_hw.search.database.study import NAME
from autosnn_hw.search.groups import slot_groups
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.search.workers.processes import Crew, Local, worker_count
from autosnn_hw.simulate.lava.board import board_status
from autosnn_hw.training import precision
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import require_classes
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.ranks.meeting import Meeting
from hw_profiles.schema import Profile

HASHES = (("dataset", "sha256"), ("target", "sha256"), ("tool", "code_sha256"))  # of the manifest
PACKAGES = ("torch", "numpy", "numba", "lava-nc", "lava-dl", "optuna", "onnx", "h5py", "scikit-learn")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run's data, profile, search space, what the target asks of training, where evaluations run, and the other processes of
    torchrun, if any, that train the super-network along."""

    data: Dataset
    profile: Profile
    space: SearchSpace
    fabric: Fabric
    crew: Crew = field(default_factory=Local)
    meeting: Meeting | None = None


def prepare(config: SearchConfig) -> Prepared:
    """Load what a run needs.

    Raises:
        InputError: unknown or missing data or target, data of one class, or images that do not fit the space, or a precision that this machine is too slow for.
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
    steps = all_of(config.timesteps)[-1]
    datasets.require_steps(config.dataset, datasets.timesteps_of(config.dataset), steps)  # before anything is loaded
    data = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download, graded=config.graded)
    require_classes(data, chosen_by_validation=True)
    require_payload(data, profile)
    datasets.require_steps(data.name, data.timesteps, steps)
    if data.timesteps is not None and len(all_of(config.timesteps)) > 1:
        raise InputError(
            f"{data.name} has frames of {data.timesteps} steps, and a network of fewer would miss the last of them; leave --timesteps out."
        )
    grouped = profile.searches_groups if config.grouped is None else config.grouped
    width = all_of(config.width)[-1]
    fabric = Fabric.of(profile, data.is_frames)
    if len(all_of(config.width)) > 1 and fabric.readout_block is not None:
        raise InputError(
            f"--widths {','.join(map(str, all_of(config.width)))}: on {profile.name} groups and readout follow from the width; give one width."
        )
    macro, blocks = blocks_of(config.space)
    groups = slot_groups(macro, width, profile, config.groupings == "fewest") if grouped else None
    space = search_space(
        macro,
        width=config.width,
        timesteps=config.timesteps,
        blocks=blocks or SEARCH_BLOCKS,
        groups=groups,
        pools=pool_choices.ordered(macro, placements_of(config.pools), data.image),
    )
    layout(space.largest, data.image, data.classes)  # refuses images that are too small
    crew = Local(worker_count(config.workers))
    return Prepared(data, profile, space, fabric, crew)


def require_payload(data: Dataset, profile: Profile) -> None:
    """Refuse graded frames for a chip that takes none, or none so large.

    Raises:
        InputError: with what it takes.
    """
    limit = largest_payload(profile)
    if data.payload > 1 and (limit is None or data.payload > limit):
        most = "spikes alone" if limit is None else f"values up to {limit:g}"
        raise InputError(
            f"--graded sends frame values up to {data.payload}; {profile.name} takes {most}. Without --graded values above 0 are spikes."
        )


def largest_payload(profile: Profile) -> float | None:
    """Largest value of a graded spike that a chip takes; None where it takes spikes alone."""
    return None if profile.limits.payload is None else profile.limits.payload.value


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
            "split": prepared.data.split,
            "preprocessing": prepared.data.preprocessing,
            "pixel_max": prepared.data.pixel_max,
            "pixel_mean": prepared.data.pixel_mean.tolist(),
            "pixel_std": prepared.data.pixel_std.tolist(),
        },
        "study": study,
        "target": {"name": prepared.profile.name, "sha256": prepared.profile.sha256},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
    }


def require_same_inputs(folder: RunFolder, prepared: Prepared) -> str | None:
    """Refuse to go on with a run whose inputs are others now: what it holds and what would follow could not be compared.

    Returns:
        A sentence where the code is another now, which may or may not matter.

    Raises:
        InputError: data or profile differ from those of the manifest, or it is damaged.
    """
    known = read_json(folder / MANIFEST)
    try:
        data, target, code = (known[part][key] for part, key in HASHES)
    except (KeyError, TypeError):
        raise InputError(
            f"{folder / MANIFEST} is damaged: it names no hashes of data and target; begin a new run."
        ) from None
    for what, was, now in (
        (f"the data set {prepared.data.name}", data, prepared.data.sha256),
        (f"the profile {prepared.profile.name}", target, prepared.profile.sha256),
    ):
        if was != now:
            raise InputError(
                f"{what} is another than when {folder.path} was begun (sha256 {str(was)[:12]}.. then, {now[:12]}.. now); with the old "
                f"one --resume goes on, for the new one begin a run: autosnn-hw search --config {shlex.quote(str(folder / CONFIG))}."
            )
    if code != code_sha256():
        return f"{folder.path} was begun with another version of this program: what it holds is kept as it was computed then."
    return None


def code_sha256() -> str:
    """One hash over all Python and TOML files of the three packages, in path order."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for package in ("autosnn_hw", "exporters", "hw_profiles"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml", ".j2", ".html"):
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def version(name: str) -> str | None:
    """Of an installed distribution; None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
