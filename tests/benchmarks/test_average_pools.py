"""What average_pools.py trains, and what it makes of it."""

import argparse
import json
import math

import average_pools
import pytest
import torch
from scipy import stats

from autosnn_hw.training.data.datasets import load
from autosnn_hw.training.modules.neurons import Plif

OPTIONS = argparse.Namespace(width=4, timesteps=4, epochs=1, learning_rate=1e-2, batch=64)


@pytest.mark.parametrize("name, fires", [("SNN_4", 5), ("SNN_4, twice the mean", 3), ("SNN_4, four times the mean", 2)])
def test_a_pool_fires_from_so_many_of_four_on(name, fires):
    neuron = average_pools.Gained(*average_pools.POOLS[name])
    sent = [float(neuron(torch.full((4, 1), share), 4).sum()) for share in (0.25, 0.5, 0.75, 1.0)]
    assert [bool(spikes) for spikes in sent] == [count >= fires for count in (1, 2, 3, 4)]


def test_without_a_gain_it_is_the_library_s_own():
    neuron, own = average_pools.Gained(0.5, 1.0), Plif()
    x = torch.rand(12, 5, generator=torch.Generator().manual_seed(0)) * 2
    assert torch.equal(neuron(x, 4), own(x, 4)) and neuron.k == own.k


def test_networks_differ_in_their_pools_alone():
    data = load("digits")
    made = {name: average_pools.initial(name, data, OPTIONS, 0) for name in ("SNN_1", *average_pools.POOLS)}
    kinds = {name: [layer.stage.kind for layer in network.layers] for name, network in made.items()}
    assert "max_pool" in kinds.pop("SNN_1") and all("avg_pool" in found for found in kinds.values())
    plain, other = made["SNN_4"].state_dict(), made["SNN_4, k from .99"].state_dict()
    assert [name for name in plain if not torch.equal(plain[name], other[name])] == [
        f"layers.{index}.neurons.0.w" for index, kind in enumerate(kinds["SNN_4"]) if kind == "avg_pool"
    ]


def test_the_table_compares_seed_by_seed():
    numbers = [(0.5, 100.0), (0.52, 120.0), (0.45, 90.0)]
    rows = [
        {
            "name": name,
            "seed": seed,
            "accuracy": accuracy - lost,
            "spikes": spikes * more[seed],
            "pool_spikes": 1.0,
            "seconds": 1.0,
        }
        for seed, (accuracy, spikes) in enumerate(numbers)
        for name, lost, more in (("SNN_1", 0.0, (1, 1, 1)), ("SNN_4", 0.1, (2, 3, 4)))
    ]
    one, four = average_pools.table(rows, ["SNN_1", "SNN_4"])
    assert "spikes_ratio" not in one and four["accuracy_difference"]["mean"] == pytest.approx(-10)
    logs = [math.log(ratio) for ratio in (2, 3, 4)]
    low, high = stats.t.interval(0.95, 2, loc=sum(logs) / 3, scale=stats.sem(logs))
    assert four["spikes_ratio"] == pytest.approx({"mean": 24 ** (1 / 3), "low": math.exp(low), "high": math.exp(high)})


@pytest.mark.timeout(600)
def test_trainings_are_kept_and_not_made_again(tmp_path, monkeypatch, capsys):
    words = [
        "average_pools.py",
        "--dataset",
        "digits",
        "--epochs",
        "1",
        "--width",
        "2",
        "--timesteps",
        "2",
        "--seeds",
        "1",
        "--json",
    ]
    file = tmp_path / "runs.jsonl"
    monkeypatch.setattr("sys.argv", [*words, "--only", "SNN_1", "SNN_4", "--runs", str(file)])
    average_pools.main()
    once, kept = json.loads(capsys.readouterr().out), file.read_text()
    assert [line["name"] for line in once] == ["SNN_1", "SNN_4"] and len(kept.splitlines()) == 2
    assert once[1]["pool_spikes"]["mean"] == 0
    monkeypatch.setattr(average_pools, "one", None)
    average_pools.main()
    assert json.loads(capsys.readouterr().out) == once and file.read_text() == kept
