"""What the benchmarks would do with a GPU runs, on the machine's own or on the stand-in; of speed it says nothing."""

from __future__ import annotations

import importlib.util

import autosnn16
import pytest
import sim_vs_lava
import torch
import train_vs_peers


@pytest.mark.slow
def test_the_simulator(cuda, real_cuda, monkeypatch):
    if not real_cuda:
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "stand-in")
    monkeypatch.setattr(sim_vs_lava, "CUDA_BATCHES", (1,))
    monkeypatch.setattr(sim_vs_lava, "EQUAL_ON", 1)
    monkeypatch.setattr(sim_vs_lava, "best_of", lambda work, repetitions: 1.0 if work() is not None else 0.0)
    monkeypatch.setattr(autosnn16, "TIMESTEPS", 2)
    folded = autosnn16.folded_network()
    found = sim_vs_lava.on_cuda(autosnn16.chip_network(folded), folded, 1.0)
    assert found["equal"] and set(found["seconds_per_image"]) == {"exact", "float_forward"}


@pytest.mark.parametrize(
    "name",
    [pytest.param("ours", marks=pytest.mark.slow), "spikingjelly", "spikingjelly_channels_last", "snntorch", "norse"],
)
def test_a_training_step(cuda, real_cuda, one_thread, name):
    if name != "ours":
        assert name in train_vs_peers.peers_on("cuda")
        pytest.importorskip(name.split("_")[0])
        if not real_cuda and name.startswith("spikingjelly"):
            pytest.skip("its own C++ needs a real device")
    there, _ = train_vs_peers.contender(name, 2, 2, 2, cuda)
    here, _ = train_vs_peers.contender(name, 2, 2, 2)
    assert there() == pytest.approx(here(), rel=1e-4)


def test_peers_are_those_that_a_device_has(monkeypatch):
    assert "spikingjelly_cupy" not in train_vs_peers.peers_on("cpu")
    assert "spikingjelly_kept_memory" in train_vs_peers.peers_on("cpu")
    for there in (True, False):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, there=there: there or None)
        assert ("spikingjelly_cupy" in train_vs_peers.peers_on("cuda")) == there
