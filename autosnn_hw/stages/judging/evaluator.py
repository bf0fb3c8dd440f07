"""Judging one architecture as the integer network that the chip runs: inherited weights to a priced `CandidateRecord`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.architecture import Architecture
from autosnn_hw.network import ChipNetwork
from autosnn_hw.search.candidate import CandidateRecord, priced_record, unpriced_record
from autosnn_hw.seeds import generator
from autosnn_hw.training.compute.threads import one_thread
from hw_profiles.schema import Profile

CALIBRATION_IMAGES = 64  # training images that batch norm is re-estimated on (docs/deployment.md)


@dataclass(frozen=True)
class CandidateEvaluator:
    """A picklable function of an architecture alone; what it needs is loaded once a process.

    Args:
        supernet: checkpoint of the trained super-network.
        dataset, data_dir: where the images are from.
        target: profile name or file.
        samples: validation samples, or None for all.
        seed: the run's seed; it draws the calibration images.
        float_view: also record what the float super-network would have said (a third of the time of a candidate).
        graded: event frames are counts.
    """

    supernet: str
    dataset: str
    data_dir: str | None
    target: str
    samples: int | None = None
    seed: int = 0
    float_view: bool = True
    graded: bool = False

    def deploy(self, architecture: Architecture) -> ChipNetwork:
        """The integer network of a candidate with inherited weights, batch norm re-estimated on its own spikes.

        It is estimated over all steps of the super-network; a candidate of fewer is the same integers, stopped earlier.
        """
        from autosnn_hw.deploy.batch_norm import deploy_candidate

        tools = evaluation_tools(self)
        folded = tools.supernet.to_folded(architecture, tools.data)
        with one_thread():
            network = deploy_candidate(
                folded, tools.calibration, tools.profile, architecture=str(architecture), dataset=tools.data.name
            )
        return replace(network, timesteps=architecture.timesteps)

    def inputs(self, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Validation images and labels: the first `count` of them, or those that candidates are judged on."""
        data = evaluation_tools(self).data
        count = self.samples if count is None else count
        return data.x_val[:count], data.y_val[:count]

    def view(self, architecture: Architecture) -> dict[str, Any]:
        """The float super-network's view of a candidate: fields of its record."""
        with one_thread():
            return evaluation_tools(self).float_view(architecture, *self.inputs())

    def __call__(self, architecture: Architecture) -> CandidateRecord:
        """Accuracy, spikes, cost and fit of one candidate."""
        from autosnn_hw.simulate import exact

        with one_thread():
            tools = evaluation_tools(self)
            images, labels = self.inputs()
            known = {"parameters": tools.parameters(architecture)}
            if self.float_view:
                known |= tools.float_view(architecture, images, labels)
            network = self.deploy(architecture)
            return judged(architecture, network, lambda: exact.run(network, images), labels, tools.profile, known)


def judged(
    architecture: Architecture,
    network: ChipNetwork,
    run: Callable[[], Activity],
    labels: np.ndarray,
    profile: Profile,
    known: Mapping[str, Any],
) -> CandidateRecord:
    """The record of a candidate's integer network.

    Args:
        run: what the network did on the samples that `labels` belong to; asked only where it has a place on the target.
        known: further fields of the record.
    """
    from autosnn_hw.cost import check, price

    fit = check(network, profile, remedies=False)
    if fit.cores_used is None:
        return unpriced_record(str(architecture), fit, **known)
    activity = run()
    accuracy = float((activity.predictions(network.readout) == labels).mean())
    cost = price(network, activity, profile, per_core=False, estimates=False)
    return priced_record(str(architecture), accuracy, activity, cost, fit=fit, **known)


def bounded(
    architecture: Architecture,
    network: ChipNetwork,
    run: Callable[[], Activity],
    labels: np.ndarray,
    profile: Profile,
    known: Mapping[str, Any],
) -> CandidateRecord:
    """The record of a candidate that is not placed: its own accuracy and spikes, and of everything else what it takes at least.

    Without accuracy where a layer fits on no core. Arguments as of `judged`.
    """
    from autosnn_hw.cost import least_price

    activity = run()
    cost = least_price(network, activity, profile)
    if cost is None:
        return CandidateRecord(str(architecture), **known)
    accuracy = float((activity.predictions(network.readout) == labels).mean())
    record = replace(priced_record(str(architecture), accuracy, activity, cost, **known), parts={}, part_bounds={})
    if cost.cores_used <= profile.cores:
        return record
    excess = {"layer": "network", "resource": "cores", "needed": cost.cores_used, "limit": profile.cores}
    return replace(record, violations=({**excess, "source": "at least so many", "remedies": []},))


class EvaluationTools:
    """What an evaluator needs in its process."""

    def __init__(self, evaluator: CandidateEvaluator) -> None:
        import hw_profiles
        from autosnn_hw.training.data import datasets
        from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet

        self.data = datasets.load(evaluator.dataset, data_dir=evaluator.data_dir, graded=evaluator.graded)
        self.profile = hw_profiles.load(evaluator.target)
        self.supernet = load_supernet(Path(evaluator.supernet))
        chosen = generator(evaluator.seed, "calibration").permutation(len(self.data.x_train))[:CALIBRATION_IMAGES]
        self.calibration = self.data.x_train[np.sort(chosen)]

    def float_view(self, architecture: Architecture, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
        """What the float super-network would have said, kept only to report how badly it would have ranked."""
        from autosnn_hw.training.weight_sharing.supernet_verdict import evaluate_path

        view = evaluate_path(self.supernet, architecture, self.data, images, labels, estimated_on=self.calibration)
        return {"supernet_accuracy": view.accuracy, "supernet_spikes": view.spikes}

    def parameters(self, architecture: Architecture) -> int:
        """Learnable numbers of a path."""
        from autosnn_hw.training.modules.spiking_network import parameter_count

        return parameter_count(*self.supernet.modules_of(architecture))


@lru_cache(maxsize=2)
def evaluation_tools(evaluator: CandidateEvaluator) -> EvaluationTools:
    """The tools of an evaluator, loaded once a process."""
    return EvaluationTools(evaluator)


@dataclass(frozen=True)
class Remembering:
    """An evaluator that first looks among records of candidates that are known already."""

    evaluate: CandidateEvaluator
    known: dict[str, CandidateRecord]

    def __call__(self, architecture: Architecture) -> CandidateRecord:
        return self.known.get(str(architecture)) or self.evaluate(architecture)
