"""Two gloo processes, started by torchrun, against one."""

import json

import numpy as np
import pytest
import torch
from support import rank_processes, trained_by_ranks

from autosnn_hw.training.loop import TrainingRun

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def run(folder, settings, count=2):
    script, file = trained_by_ranks.__file__, folder / "supernet.safetensors"
    return rank_processes.torchrun(script, folder, file, json.dumps(settings), count=count)


def by_ranks(folder, settings, count=2):
    """What each rank has, as `trained_by_ranks.main` stores it."""
    done = run(folder, settings, count)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"rank{rank}.pt") for rank in range(count)]


def apart(one, other):
    """Root mean square difference of all weights."""
    assert one.keys() == other.keys()
    differences = torch.cat([(one[name].double() - other[name].double()).reshape(-1) for name in one])
    return float(differences.square().mean().sqrt())


# float64 has 16 digits, six updates and their surrogate gradients leave more than ten of them.
CLOSE = 1e-10


def test_two_processes_train_what_one_trains(tmp_path):
    settings = {"strict": False}  # one path an update: blocks that it has not are left alone
    first, second = by_ranks(tmp_path, settings)
    training, paths = trained_by_ranks.trained(settings)
    assert first["paths"] == second["paths"] == paths and len(paths) >= 6
    assert all(torch.equal(value, second["state"][name]) for name, value in first["state"].items())
    assert apart(first["state"], training.network.state_dict()) < CLOSE
    np.testing.assert_allclose(first["losses"], training.losses, rtol=CLOSE)
    assert first["accuracies"] == second["accuracies"] == training.accuracies


def test_in_float32_they_drift_as_one_process_from_itself_with_its_samples_in_another_order(tmp_path, monkeypatch):
    settings = {"float64": False}
    first, _ = by_ranks(tmp_path, settings)
    training, _ = trained_by_ranks.trained(settings)
    own = TrainingRun._own
    monkeypatch.setattr(TrainingRun, "_own", lambda run, *given: tuple(part.flip(0) for part in own(run, *given)))
    control, _ = trained_by_ranks.trained(settings)
    theirs, drift = (
        apart(state, training.network.state_dict()) for state in (first["state"], control.network.state_dict())
    )
    assert 0 < theirs < 2 * drift
    np.testing.assert_allclose(first["losses"], training.losses, rtol=0.03)
