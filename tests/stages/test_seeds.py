"""Other seeds of the final training: drawn anew, the same for the same seed, never made twice, and their spread as statistics has it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.stages.final_training import retraining
from autosnn_hw.stages.final_training.finalists import Finalist
from autosnn_hw.stages.final_training.other_seeds import ceiling, repeated, spread, with_seeds
from autosnn_hw.stages.final_training.retrained_networks import Networks, network_job
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.words.progress import Silent


def network(accuracy, name="x"):
    return TrainedNetwork(name, "", Accuracies(accuracy, accuracy, accuracy, None, accuracy), 1.0, 1, True, (), 24)


def test_the_interval_is_students_and_stays_within_0_and_1():
    values = [0.9, 0.94, 0.92, 0.97]
    found = spread([network(value) for value in values])
    low, high = scipy.stats.t.interval(0.95, 3, np.mean(values), scipy.stats.sem(values))
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((np.mean(values), low, high))
    assert found["accuracies"] == values == found["validation"]
    assert spread([network(0.0), network(1.0)])["low"] == 0.0 and spread([network(0.0), network(1.0)])["high"] == 1.0
    same = spread([network(0.5)] * 3)
    assert same["low"] == same["mean"] == same["high"] == 0.5
    assert spread([network(0.5)]) is None


def test_winner_and_baselines_of_a_summary_get_theirs_and_others_none():
    networks = Networks(network(0.9, "a"), None, {"first": network(0.8, "b"), "the winner": network(0.9, "a")})
    summary = {"winner": {"x": 1}, "baselines": [{"name": "first"}, {"name": "the winner"}, {"name": "as loihi2"}]}
    made = {"a": [network(0.9, "a"), network(0.7, "a")], "b": [network(0.8, "b"), network(0.6, "b")]}
    told = with_seeds(summary, networks, made)
    assert told["seeds"] == 2 and told["winner"]["x"] == 1
    assert told["winner"]["seeds"]["mean"] == pytest.approx(0.8)
    assert [one["delivered"] for one in told["winner"]["seeds"]["networks"]] == [True, False]
    assert not any(one["delivered"] for one in told["baselines"][0]["seeds"]["networks"])
    first, winner, other = (baseline["seeds"] for baseline in told["baselines"])
    assert first["mean"] == pytest.approx(0.7) and winner == told["winner"]["seeds"] and other is None
    alone = with_seeds(summary, networks, {})
    assert alone["seeds"] == 1 and alone["winner"]["seeds"] is None


def test_energies_have_an_interval_where_all_are_known():
    values = [2e-6, 3e-6, 2.5e-6]
    priced = [
        replace(network(0.9), energy={"total": {"value": value}}, spikes={"chip": 7.0}, cores=4) for value in values
    ]
    found = spread(priced)
    low, high = scipy.stats.t.interval(0.95, 2, np.mean(values), scipy.stats.sem(values))
    assert found["energy"] == pytest.approx({"mean": np.mean(values), "low": low, "high": high})
    assert [(one["seed"], one["energy"], one["spikes"], one["cores"]) for one in found["networks"]] == [
        (seed, value, 7.0, 4) for seed, value in enumerate(values)
    ]
    partly = spread([*priced, network(0.9)])
    assert partly["energy"] is None and partly["networks"][3]["energy"] is None


def test_the_ceiling_is_how_well_other_seeds_rank_the_same_networks():
    by_seed = ([0.90, 0.80, 0.70, 0.60], [0.91, 0.82, 0.70, 0.65], [0.80, 0.90, 0.70, 0.75])
    made = {name: [network(values[i], name) for values in by_seed] for i, name in enumerate("abcd")}
    pairs = [scipy.stats.kendalltau(by_seed[i], by_seed[j]).statistic for i, j in ((0, 1), (0, 2), (1, 2))]
    assert pairs[0] == pytest.approx(1) and pairs[1] < 1
    assert ceiling(made) == {"ceiling": pytest.approx(np.mean(pairs)), "ceiling_networks": 4}
    trained_on = {**made, "a": [replace(one, accuracy=Accuracies(1, 1, 1)) for one in made["a"]]}
    assert ceiling(trained_on)["ceiling_networks"] == 3
    twice = {
        **made,
        **{name: made[name][:2] for name in "cd"},
    }  # finalists that have two seeds: the third says nothing of two networks
    assert ceiling(twice) == {"ceiling": pytest.approx(1), "ceiling_networks": 4}
    assert ceiling({name: made[name] for name in "ab"}) == {"ceiling": None, "ceiling_networks": 2}
    summary = {"winner": {}, "baselines": [], "ranking": {"tau": 0.5, "ceiling": None}}
    networks = Networks(made["a"][0], None, {})
    assert with_seeds(summary, networks, made)["ranking"] == {"tau": 0.5, **ceiling(made)}
    assert with_seeds(summary, networks, {})["ranking"]["ceiling"] is None


def test_finalists_are_made_twice_and_winner_and_baselines_with_every_seed(config, prepared, folder, monkeypatch):
    asked = []

    def made(job, architecture):
        asked.append((job.repeat, str(architecture)))
        return network(0.9, str(architecture))

    monkeypatch.setattr(retraining.NetworkJob, "__call__", made)
    names = [str(prepared.space.at(number)) for number in range(4)]
    first = [network(0.9, name) for name in names]
    finalists = tuple(Finalist(None, one, 0.9) for one in first[:3])
    networks = Networks(first[0], None, {"baseline": first[3]}, finalists=finalists)
    found = repeated(config.with_changes(seeds=3), prepared, folder, Silent(), networks)
    assert asked == [(1, names[0]), (1, names[3]), (1, names[1]), (1, names[2]), (2, names[0]), (2, names[3])]
    assert [len(found[name]) for name in names] == [3, 2, 2, 3]
    asked.clear()
    none = Networks(first[0], None, {}, finalists=finalists)  # --no-baselines
    assert ceiling(repeated(config.with_changes(seeds=2), prepared, folder, Silent(), none))["ceiling_networks"] == 3


@pytest.mark.slow
def test_another_seed_is_another_network_and_the_same_one_is_made_once(
    config, prepared, folder, architecture, monkeypatch
):
    one = network_job(config, folder)(architecture)
    judge = CandidateEvaluator(str(folder / SUPERNET), config.dataset, None, config.target, None, config.seed)
    networks = Networks(one, judge(architecture), {"itself": one})
    assert repeated(config, prepared, folder, Silent(), networks) == {}
    two = config.with_changes(seeds=2)
    made = repeated(two, prepared, folder, Silent(), networks)
    first, second = made[str(architecture)]
    assert len(made) == 1 and first is one
    assert list(first.curves["loss"]) != list(second.curves["loss"])
    assert first.accuracy.inherited == second.accuracy.inherited  # one super-network
    assert (folder / "networks" / "seed-1").is_dir()
    monkeypatch.setattr(retraining.NetworkJob, "_train", lambda *_: pytest.fail("trained again"))
    again = repeated(two, prepared, folder, Silent(), networks)
    assert [json.dumps(n.to_json()) for n in again[str(architecture)]] == [
        json.dumps(n.to_json()) for n in made[str(architecture)]
    ]
    assert replace(network_job(two, folder), repeat=0).folder == network_job(two, folder).folder
