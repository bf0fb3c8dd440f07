"""Two gloo processes, started by torchrun, against one."""

import json

import numpy as np
import pytest
import torch
from support.networks.training_runs import Stopped, stop_after
from support.processes import rank_processes, trained_by_ranks

from autosnn_hw.training.checkpoint import read_checkpoint
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


@pytest.mark.parametrize("settings", [{}, {"strict": False}, {"width": 4, "widths": [2, 4]}], ids=str)
def test_two_processes_train_what_one_trains(tmp_path, settings):
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


def test_one_process_goes_on_from_two_and_two_from_one(tmp_path):
    """Stopped after the first of two epochs by an error of rank 0, which ends rank 1, too."""
    whole, _ = trained_by_ranks.trained({"epochs": 2})
    by_two, by_one = tmp_path / "by two", tmp_path / "by one"
    by_two.mkdir(), by_one.mkdir()
    file = "supernet.safetensors"

    stopped = run(by_two, {"epochs": 2, "stop_after": 1})
    assert stopped.returncode != 0 and "Stopped" in stopped.stderr and not list(by_two.glob("*.pt"))
    assert len(read_checkpoint(by_two / file)[1]["losses"]) == 1
    resumed, _ = trained_by_ranks.trained({"epochs": 2}, by_two / file)

    with pytest.raises(Stopped):
        trained_by_ranks.trained({"epochs": 2}, by_one / file, progress=stop_after(1))
    first, second = by_ranks(by_one, {"epochs": 2})

    for state, losses in ((resumed.network.state_dict(), resumed.losses), (first["state"], first["losses"])):
        assert apart(state, whole.network.state_dict()) < CLOSE
        np.testing.assert_allclose(losses, whole.losses, rtol=CLOSE)
    assert second["losses"] == first["losses"]
