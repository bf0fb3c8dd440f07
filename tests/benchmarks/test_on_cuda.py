"""What the benchmarks would do with a GPU runs, on the machine's own or on the stand-in; of speed it says nothing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def module():
    def load(name):
        specification = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        found = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(found)
        return found

    sys.path.insert(0, str(BENCHMARKS))
    yield load
    sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
def test_the_simulator(cuda, real_cuda, module, monkeypatch):
    benchmark, network = module("sim_vs_lava"), module("autosnn16")
    if not real_cuda:
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "stand-in")
    monkeypatch.setattr(benchmark, "CUDA_BATCHES", (1,))
    monkeypatch.setattr(benchmark, "EQUAL_ON", 1)
    monkeypatch.setattr(benchmark, "best_of", lambda work, repetitions: 1.0 if work() is not None else 0.0)
    monkeypatch.setattr(network, "TIMESTEPS", 2)
    folded = network.folded_network()
    found = benchmark.on_cuda(network.chip_network(folded), folded, 1.0)
    assert found["equal"] and set(found["seconds_per_image"]) == {"exact", "float_forward"}


@pytest.mark.parametrize(
    "name",
    [pytest.param("ours", marks=pytest.mark.slow), "spikingjelly", "spikingjelly_channels_last", "snntorch", "norse"],
)
def test_a_training_step(cuda, real_cuda, one_thread, module, name):
    benchmark = module("train_vs_peers")
    if name != "ours":
        assert name in benchmark.peers_on("cuda")
        pytest.importorskip(name.split("_")[0])
        if not real_cuda and name.startswith("spikingjelly"):
            pytest.skip("its own C++ needs a real device")
    there, _ = benchmark.contender(name, 2, 2, 2, cuda)
    here, _ = benchmark.contender(name, 2, 2, 2)
    assert there() == pytest.approx(here(), rel=1e-4)


def test_peers_are_those_that_a_device_has(module, monkeypatch):
    benchmark = module("train_vs_peers")
    assert "spikingjelly_cupy" not in benchmark.peers_on("cpu")
    assert "spikingjelly_kept_memory" in benchmark.peers_on("cpu")
    for there in (True, False):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, there=there: there or None)
        assert ("spikingjelly_cupy" in benchmark.peers_on("cuda")) == there
