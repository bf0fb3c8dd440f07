"""One point of a finished search as a delivered network: its weights made as the winner's were, exported and certified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.cost import check
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.run_and_price import sha256
from autosnn_hw.run_folder import CONFIG, NETWORKS, SUPERNET, RunFolder, write_json, writing
from autosnn_hw.stages.begun_folder import begun, network_of
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging.repricing import require_same_data, require_same_integers
from autosnn_hw.stages.manifest import Prepared, prepare
from autosnn_hw.stages.published import untrained
from autosnn_hw.stages.schedules import training_epochs
from autosnn_hw.stages.winner import delivery
from autosnn_hw.words.progress import Reporter
from hw_profiles.schema import Profile

DEPLOYED = "deployed.json"


@dataclass(frozen=True, eq=False)
class Point:
    """What is to be deployed: an architecture of a run's space, on the run's target or one of the same integers."""

    run: RunFolder
    config: SearchConfig
    prepared: Prepared
    profile: Profile
    target: str
    architecture: Architecture


def point(run: str | Path, text: str, target: str | None = None) -> Point:
    """The point that an architecture's text names, as `front --json` writes it or by a published name.

    Raises:
        InputError: no run, no architecture of its space, other data than the run's, or a target with other neurons or weights.
        DoesNotFitError: the target cannot hold it.
    """
    folder = RunFolder.open(run)
    config = read_config(folder / CONFIG)
    prepared = prepare(config.with_changes(backend="lava"))
    profile = hw_profiles.load(target or config.target)
    architecture = prepared.space.parse(text)
    require_same_integers(folder, prepared, profile)
    require_same_data(folder, prepared)
    if not folder.has(SUPERNET):
        raise InputError(f"{run} holds no {SUPERNET}: its search has not come so far; --resume goes on with it.")
    fit = check(untrained(architecture, prepared.data, profile), profile, remedies=False)
    _require_fit(architecture, profile, [f"{v.layer}: {v.resource} {v.needed:g} > {v.limit:g}" for v in fit.violations])
    return Point(folder, config, prepared, profile, target or config.target, architecture)


def deploy(chosen: Point, out: str | Path, reporter: Reporter) -> dict[str, Any]:
    """Train the point on, export it and run it in Lava; the files of a winner and deployed.json go into a new folder, or into
    the one that the same work was ended in, where what is there is not made again.

    Returns:
        deployed.json: {"architecture", "run", "target", "file", "network" (as `TrainedNetwork.to_json` without its document),
        "certificate", "lava": {"confirmed", "reason"}}.

    Raises:
        InputError: the folder holds something else. DoesNotFitError: the target cannot hold it with its final weights.
        SpikesDifferError: Lava counted other spikes than the exact simulator. RunError: Lava died, the disk is full.
    """
    config, inherits = chosen.config, chosen.config.retrain != "scratch"
    supernet = str(chosen.run / SUPERNET) if inherits else None
    made_of = network_of(
        str(chosen.architecture), config, chosen.prepared.data, chosen.profile, sha256(supernet) if supernet else None
    )
    with begun(out, made_of, DEPLOYED, reporter) as folder:
        document = _delivered(chosen, folder, supernet, reporter)
        write_json(folder / DEPLOYED, document)
    return document


def _delivered(chosen: Point, folder: RunFolder, supernet: str | None, reporter: Reporter) -> dict[str, Any]:
    """The document of `deploy`; every step takes what the folder holds of it already."""
    config, architecture = chosen.config, chosen.architecture
    networks = folder / NETWORKS
    with writing(networks):
        networks.mkdir(exist_ok=True)
    job = NetworkJob.of(config, networks, chosen.target, supernet)
    reporter.stage(f"train {architecture}", training_epochs(config))
    with delivery.lava_process() as child:
        network = job(architecture, progress=lambda done, total, text: reporter.advance(done, text))
        _require_fit(architecture, chosen.profile, network.violations)
        delivery.export(chosen.profile, folder, network)
        lava, why = delivery.imported(child)
        reporter.stage("Lava")
        certificate = delivery.certify_winner(chosen.prepared.data, folder, lava, why)
    confirmed = "lava" in certificate["backends"]
    known = network.to_json()
    del known["document"]
    return {
        "architecture": str(architecture),
        "run": str(chosen.run.path),
        "target": chosen.profile.name,
        "file": str(folder / delivery.WINNER_NET),
        "network": known,
        "certificate": certificate,
        "lava": {"confirmed": confirmed, "reason": None if confirmed else certificate.get("reason")},
    }


def _require_fit(architecture: Architecture, profile: Profile, violations: list[str] | tuple[str, ...]) -> None:
    if violations:
        raise DoesNotFitError(
            f"{architecture} does not fit {profile.name}: {violations[0]}; `front` lists the points of the run that do."
        )
