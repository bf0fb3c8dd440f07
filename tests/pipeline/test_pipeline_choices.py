"""Searches with every choice of training other than its default, end to end."""

import numpy as np
import pytest
from support.files.event_frames import easy_arrays

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SIZES = {
    "width": 4, "timesteps": 2, "batch": 8, "epochs": 10, "strategy": "evolution", "generations": 1, "pool": 6,
    "mean_cost_samples": 2, "measure": 0, "retrain_epochs": 3, "finetune_epochs": 1, "finalists": 2, "baselines": False,
    "workers": 1,
}  # fmt: skip
TRAINING = {
    "loss": "steps", "weight_decay": 0.01, "distillation": 0.3, "augment": "crop", "averaged_epochs": 2,
    "rate_decay": "constant", "spike_regularisation": 0.01,
}  # fmt: skip


@pytest.mark.parametrize(
    ("target", "sharing"), [("loihi2", "entangled"), ("loihi2", "separate"), ("truenorth", "entangled")]
)
def test_a_search_with_every_choice_of_training_ends_with_a_winner(target, sharing, tmp_path):
    np.savez(tmp_path / "easy.npz", **easy_arrays(100, 20, timesteps=2))
    config = SearchConfig(dataset=f"npz:{tmp_path / 'easy.npz'}", target=target, sharing=sharing, **SIZES, **TRAINING)
    summary = pipeline.search(config, tmp_path / "run")
    assert summary["certificate"]["mismatches"] == 0 and (tmp_path / "run" / "winner.net").is_file()
    assert summary["winner"]["accuracy"]["exact_test"] > 0.5, "chance is a third"
