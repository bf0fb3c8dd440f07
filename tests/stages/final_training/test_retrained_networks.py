"""Which trained network is delivered: the best candidate's, or the next that still fits once it has its own weights."""

import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import RunFolder, write_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.stages import manifest
from autosnn_hw.stages.final_training import retrained_networks as baselines
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.words.progress import Silent

RANKING = tuple(",".join([block] * 5) for block in ("SRB_k5", "SRB_k3", "SCB_k3", "SCB_k5"))


@pytest.mark.parametrize(
    ("fits", "delivered"),
    [
        ((True, True, True, True), 0),
        ((False, True, True, True), 1),
        ((False, False, True, True), 2),
        ((False, False, False, True), 0),  # three are tried; then the best stands, with its violations
    ],
)
def test_the_best_candidate_that_fits_as_trained_is_the_winner(tmp_path, fits, delivered):
    config = SearchConfig(baselines=False, workers=1)
    folder = RunFolder.create(tmp_path / "run")
    job = baselines.network_job(config, folder)
    records = []
    for name, fit in zip(RANKING, fits):
        architecture = Architecture.parse(name, width=config.width, timesteps=config.timesteps)
        records.append(CandidateRecord(genotype=str(architecture), generation=0))
        # What is in the folder already is not trained again.
        job.file(architecture).touch()
        trained = TrainedNetwork(str(architecture), "", Accuracies(0.5, 0.5, 0.5), 1.0, 1, fit, (), 1)
        write_json(job.file(architecture, ".json"), trained.to_json())
    found = SearchResult(records[0], tuple(records), tuple(records), 1.0, {}, (), {})
    prepared = manifest.prepare(config)
    networks = baselines.train_networks(config, prepared, folder, Silent(), found, None, iter(()))
    assert networks.candidate == records[delivered]
    assert networks.winner.architecture == records[delivered].genotype
    assert networks.baselines == {} and networks.reference is None
