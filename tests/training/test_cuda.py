"""Training on a CUDA device (the machine's, or the stand-in): the same arithmetic as on a CPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.trainer import evaluate_network, train_network
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet
from autosnn_hw.training.weight_sharing.supernet_verdict import evaluate_path

SCHEDULE = Schedule(2, 1e-2, 8)


@pytest.fixture(scope="module")
def tiny(few):
    return replace(few, x_train=few.x_train[:16], y_train=few.y_train[:16], x_val=few.x_val[:8], y_val=few.y_val[:8])


def alike(ours, theirs, real_cuda):
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-4)
    if not real_cuda:  # a real device adds in another order everywhere, the stand-in in the gradient of k only
        moved = ours.network.to("cpu").state_dict()
        for name, value in theirs.network.state_dict().items():
            torch.testing.assert_close(moved[name], value, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("blocks", "made_of"),
    [
        ("SRB_k3,SCB_k5,skip,SRB_k3,SRB_k5", {}),
        ("SRB_k3/2,skip/1,SCB_k3/1,SRB_k5/2,skip/1", {"fabric": Fabric("memoryless", True, 16)}),
    ],
)
def test_a_network(cuda, real_cuda, one_thread, tiny, tmp_path, blocks, made_of):
    architecture = Architecture.parse(blocks, width=2, timesteps=2)
    ours = train_network(architecture, tiny, schedule=SCHEDULE, device=cuda, checkpoint=tmp_path / "a", **made_of)
    theirs = train_network(architecture, tiny, schedule=SCHEDULE, **made_of)
    there = evaluate_network(ours.network, tiny, tiny.x_val, tiny.y_val, device=cuda)
    here = evaluate_network(theirs.network, tiny, tiny.x_val, tiny.y_val)
    assert there.spikes == pytest.approx(here.spikes, rel=1e-3)
    again = train_network(architecture, tiny, schedule=SCHEDULE, device=cuda, checkpoint=tmp_path / "a", **made_of)
    assert again.losses == ours.losses  # read back onto the device
    alike(ours, theirs, real_cuda)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sharing", "made_of"),
    [("separate", {}), ("entangled", {"fabric": Fabric("memoryless", True, 16)})],
)
def test_a_super_network(cuda, real_cuda, one_thread, tiny, tmp_path, made_of, sharing):
    genes = [[("skip", 1), ("SRB_k3", 1), ("SRB_k3", 2), ("SCB_k5", 2)]] * 5
    settings = {
        "width": 2, "timesteps": 2, "genes": genes, "schedule": SCHEDULE, "sharing": sharing, "warm_up": 1, "must_learn": False,
    }  # fmt: skip
    ours = train_supernet(tiny, **settings, **made_of, device=cuda, checkpoint=tmp_path / "a")
    theirs = train_supernet(tiny, **settings, **made_of)
    loaded = load_supernet(tmp_path / "a", device=cuda)
    there = evaluate_path(loaded, loaded.anchor, tiny, device=cuda)
    assert there.spikes == pytest.approx(evaluate_path(theirs.network, loaded.anchor, tiny).spikes, rel=1e-3)
    alike(ours, theirs, real_cuda)
