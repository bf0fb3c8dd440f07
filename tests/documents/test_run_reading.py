"""A run's own documents: what is used of them is checked, whoever reads them."""

import json

import pytest

from autosnn_hw.documents.run_reading import seeds_of
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import SUMMARY


def test_the_seeds_of_a_runs_winner_are_read(tmp_path):
    spread = {"mean": 0.9, "low": 0.8, "high": 1.0}
    winner = {"architecture": "a", "seeds": {"accuracies": [0.85, 0.95], **spread}}
    document = {"target": "loihi2", "dataset": "digits", "objective": "energy", "lambda": -0.08, "winner": winner}
    document |= dict.fromkeys(("evaluated", "measured", "infeasible"), 1)
    (tmp_path / SUMMARY).write_text(json.dumps(document))
    assert seeds_of(tmp_path) == {"seeds": 2, **spread}
    document["winner"]["seeds"] = None
    (tmp_path / SUMMARY).write_text(json.dumps(document))
    assert seeds_of(tmp_path) is None and seeds_of(tmp_path / "simulation.json") is None


def test_a_damaged_summary_is_named(tmp_path):
    for text in ("{", '{"winner": {"architecture": "a", "seeds": {"accuracies": "two"}}}'):
        (tmp_path / SUMMARY).write_text(text)
        with pytest.raises(InputError, match="summary.json"):
            seeds_of(tmp_path)
