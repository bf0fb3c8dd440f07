"""The networks that a run has made with their final weights, as candidates judged again: read from its folder."""

from __future__ import annotations

from collections.abc import Collection

from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import NETWORKS, RunFolder
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork


def made_records(folder: RunFolder, genotypes: Collection[str]) -> dict[str, CandidateRecord]:
    """By genotype, what networks are on the validation samples with their final weights; those whose document is missing or
    damaged, and those that were trained on these samples, are left out."""
    found = {}
    for path in sorted((folder / NETWORKS).glob("*.json")):
        try:
            network = TrainedNetwork.read(path, path.with_suffix(".net"))
        except InputError:
            continue
        if network.architecture in genotypes and network.as_candidate is not None:
            found[network.architecture] = CandidateRecord.from_json(network.as_candidate)
    return found
