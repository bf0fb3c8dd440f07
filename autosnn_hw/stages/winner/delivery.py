"""From the best candidate to the delivered network: trained, exported, certified in Lava, set beside baselines, summed up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autosnn_hw.architecture.pool_list import in_text
from autosnn_hw.config import SearchConfig
from autosnn_hw.documents.run_models import Certificate as CertificateDocument
from autosnn_hw.documents.run_reading import sound
from autosnn_hw.files import whole_file
from autosnn_hw.run_and_price import Samples, sha256
from autosnn_hw.run_folder import (
    CERTIFICATE,
    WINNER_CORES,
    WINNER_NET,
    WINNER_ONNX,
    WINNER_SCRIPT,
    WINNER_SIMULATION,
    WINNER_STEP_ONNX,
    RunFolder,
    write_json,
    writing,
)
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.simulate.certificate import Certificate, certify
from autosnn_hw.simulate.lava import LavaChild, LavaUnavailable, lava_status
from autosnn_hw.stages.final_training.finalists import ranking
from autosnn_hw.stages.final_training.retrained_networks import AS_REFERENCE, REFERENCE, Networks
from autosnn_hw.stages.final_training.retraining import accuracy_of
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.time_and_cost.clock import Clock
from autosnn_hw.training.data.datasets import Dataset
from exporters import lava_script, netx, onnx
from hw_profiles.schema import Profile

WHOLE_TEST_SPLIT = 1000  # test images; of a larger split Lava runs the first `CERTIFIED`
CERTIFIED = 500


@contextmanager
def lava_process() -> Iterator[LavaChild | None]:
    """One long-lived Lava process for the run, or None where there is no Lava."""
    if not lava_status()[0]:
        yield None
        return
    with LavaChild() as child:
        yield child


def imported(child: LavaChild | None) -> tuple[LavaChild | None, str | None]:
    """(the process, None) once Lava is imported in it, else (None, why): what is installed may still be broken."""
    if child is None:
        return None, lava_status()[1]
    try:
        child.wait_ready()
    except LavaUnavailable as error:
        return None, str(error)
    return child, None


def export(profile: Profile, folder: RunFolder, winner: TrainedNetwork) -> None:
    """winner.net, both ONNX forms, the script for Lava alone and, for crossbar targets, winner.cores.json."""
    network = netx.read(winner.file)
    with writing(folder / WINNER_NET), whole_file.beside(folder / WINNER_NET) as copy:
        shutil.copyfile(winner.file, copy)
    onnx.write(network, folder / WINNER_ONNX, form="scan")
    onnx.write(network, folder / WINNER_STEP_ONNX, form="step")
    lava_script.write(folder / WINNER_SCRIPT)
    if winner.document is not None:
        document = winner.document
        known = {**document["network"], "file": WINNER_NET, "sha256": sha256(folder / WINNER_NET)}
        write_json(folder / WINNER_SIMULATION, document | {"network": known})
    if profile.writes_cores:
        from autosnn_hw.cost.cores import core_network
        from exporters import cores

        cores.write(core_network(network, profile), folder / WINNER_CORES)


def certify_winner(data: Dataset, folder: RunFolder, lava: LavaChild | None, why: str | None = None) -> dict[str, Any]:
    """Run winner.net in Lava on test data, compare every spike with the exact simulator, and write the certificate.

    Without Lava the certificate says so, and `why`: its only backend is the exact simulator, and nothing was compared.

    Raises:
        SpikesDifferError: names the first layer, sample, step and neuron that differ.
    """
    count = len(data.x_test) if len(data.x_test) <= WHOLE_TEST_SPLIT else CERTIFIED
    images, labels = data.x_test[:count], data.y_test[:count]
    digest = sha256(folder / WINNER_NET)
    known: dict[str, Any] | None = sound(folder / CERTIFICATE, CertificateDocument)
    if known is not None and known.get("network_sha256") == digest and (lava is None or "lava" in known["backends"]):
        return known
    if lava is not None:
        certificate = certify(folder / WINNER_NET, images, labels=labels, child=lava).certificate
    else:
        network = netx.read(folder / WINNER_NET)
        exact_accuracy = accuracy_of(network, Samples(images, labels, data.name, "test"))
        certificate = Certificate.uncompared(network, digest, samples=count, accuracy=exact_accuracy, reason=why)
    document = certificate.to_json()
    write_json(folder / CERTIFICATE, document)
    return document


def summary(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    learnt: dict[str, Any],
    found: SearchResult,
    networks: Networks,
    certificate: dict[str, Any],
    clock: Clock,
) -> dict[str, Any]:
    """summary.json."""
    stages = clock.stages()
    winner, space = networks.winner, prepared.space
    genotype = space.parse(winner.architecture)
    accuracies = certificate.get("accuracy") or {}
    confirmed = "lava" in certificate["backends"]
    return {
        "target": prepared.profile.name,
        "dataset": prepared.data.name,
        "objective": config.objective,
        "lambda": config.lam,
        "limits": {"max_energy": config.max_energy, "max_latency": config.max_latency, "max_cores": config.max_cores},
        "winner": {
            "architecture": winner.architecture,
            "name": WINNER_NET,
            "width": genotype.width,
            "timesteps": genotype.timesteps,
            **({} if space.pools is None else {"pools": in_text(genotype.placement)}),
            "accuracy": {
                "supernet": networks.candidate.accuracy,
                **winner.accuracy.to_json(),
                "supernet_float": _known(winner.accuracy.supernet_float, networks.candidate.supernet_accuracy),
                "searched": found.winner.accuracy,
                "exact": accuracies.get("exact"),
                "lava": accuracies.get("lava") if confirmed else None,
            },
            **winner.figures(),
            "curves": dict(winner.curves),
            "float_spikes": winner.float_spikes,
            "generation": networks.candidate.generation,
            "fitness": networks.candidate.fitness if networks.fitness is None else networks.fitness,
            "accuracy_source": "measured" if networks.fitness is not None else "inherited",
        },
        "ranking": ranking(
            [*(one.network for one in networks.finalists), *networks.baselines.values()],
            {record.genotype: record.accuracy for record in found.records},
            config.seed,
        ),
        "evaluated": len(found.records),
        "finalists": [one.to_json() for one in networks.finalists],
        "rungs": list(networks.rungs),
        "retrain": config.retrain,
        "measured": len(found.measurements),
        "infeasible": found.infeasible,
        "mean_cost": found.mean_cost,
        "feedback": dict(found.feedback),
        "best_by_generation": [list(pair) for pair in found.best_by_generation],
        "baselines": _baselines(prepared, networks),
        "against_loihi2": _against_reference(networks),
        "supernet": learnt,
        "certificate": certificate,
        "lava": {"confirmed": confirmed, "reason": None if confirmed else certificate.get("reason")},
        "seed": config.seed,
        "width": space.width,
        "timesteps": space.timesteps,
        "widths": list(space.widths or (space.width,)),
        "timesteps_searched": list(space.reads),
        **({} if space.pools is None else {"pools": [in_text(one) for one in space.placements or (space.pools,)]}),
        "test_samples": len(prepared.data.x_test),
        "held_out_samples": len(prepared.data.x_val),
        "validation_samples": len(prepared.data.x_val[: config.evaluate]),
        "wall_time": round(sum(float(stage["seconds"]) for stage in stages), 3),
        "stages": stages,
    }


def _known(*values: float | None) -> float | None:
    """The first that is known."""
    return next((value for value in values if value is not None), None)


def _baselines(prepared: Prepared, networks: Networks) -> list[dict[str, Any]]:
    entries = [(name, prepared.profile.name, result) for name, result in networks.baselines.items()]
    if networks.reference is not None:
        entries.append((AS_REFERENCE, REFERENCE, networks.reference))
    return [
        {
            "name": name,
            "target": target,
            "architecture": result.architecture,
            "accuracy": result.accuracy.exact_test,
            "accuracy_float": result.accuracy.float_view,
            **result.figures(),
        }
        for name, target, result in entries
    ]


def _against_reference(networks: Networks) -> dict[str, Any] | None:
    """What the target cost in accuracy: winner minus the same architecture, trained from scratch, as Loihi 2 runs it."""
    if networks.reference is None:
        return None
    here, there = (result.accuracy.exact_test for result in (networks.winner, networks.reference))
    return {
        "architecture": networks.reference.architecture,
        "accuracy": there,
        "difference": here - there,
        "weights": networks.reference.weights,
    }
