"""Finalists in rungs: who begins and who goes on, what is kept, and that a network which climbed is the one that was never stopped."""

import csv
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from support.searches.synthetic_search import SPACE, evaluate, noise

from autosnn_hw.config import SearchConfig
from autosnn_hw.config.halving import cost
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.stages import schedules
from autosnn_hw.stages.final_training import retrained_networks, rungs
from autosnn_hw.stages.final_training.finalists import rounds
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.rung_training import RungJob, RungTask, take_on
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.stages.time_and_cost import search_cost
from autosnn_hw.training import loop
from autosnn_hw.words.progress import Silent

CLIMBING = {"finalists": 4, "rungs": 3, "retrain_epochs": 8, "finetune_epochs": 2}  # 8, 4, 2 of them; to epochs 2, 4, 8


class Killed(Exception):
    pass


@pytest.fixture
def trained(monkeypatch):
    """Networks that need no training: accuracies as a function of the genotype and the epochs. Holds the tasks that were asked for."""
    asked = []

    def train(job, task):
        if len(asked) == job.job.config.budget:
            raise Killed
        asked.append((str(task.architecture), task.epochs))
        record = evaluate(task.architecture)
        known = 0.4 + 0.1 * noise(record.genotype) * task.epochs**0.5 + 0.05 * noise(f"{record.genotype} {task.epochs}")
        return replace(record, accuracy=known, parts={})

    monkeypatch.setattr(RungJob, "_trained", train)
    return asked


def searched(count=40):
    """A search of so many candidates, best first."""
    records = tuple(evaluate(SPACE.at(71 * number % SPACE.size)) for number in range(count))
    ranking = sorted(
        (replace(one, cost=one.energy.value, feasible=True) for one in records if not one.violations),
        key=lambda one: -one.accuracy,
    )
    return SearchResult(ranking[0], tuple(ranking), tuple(ranking), 2e-5, {}, (), {})


@pytest.mark.parametrize("damaged", ["{", "[]", "{}", '"text"'])
def test_a_rung_whose_record_is_damaged_is_done_again(trained, config, tmp_path, damaged):
    job, task = RungJob(NetworkJob.of(config, tmp_path, supernet="none")), RungTask(SPACE.at(7), 2)
    first = job(task)
    assert job.finished(task) and job(task) == first and len(trained) == 1
    job.file(task).write_text(damaged)
    assert not job.finished(task) and job(task) == first and len(trained) == 2 and job.finished(task)


class Said(Silent):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def climbed(prepared, config, folder, said=None):
    config = config.with_changes(**CLIMBING)
    nets = folder / "networks"
    nets.mkdir(exist_ok=True)
    last = NetworkJob.of(config, nets, supernet="none")
    return config, rungs.climb(config, replace(prepared, space=SPACE), folder, said or Silent(), searched(), last)


def test_the_better_half_of_each_rung_goes_on_and_the_budget_is_kept(prepared, config, tmp_path, trained):
    folder, said = RunFolder.create(tmp_path / "run"), Said()
    config, results = climbed(prepared, config, folder, said)
    plan = schedules.rungs(config, 40)
    assert cost(plan) <= config.finalists * (8 + 2)
    assert [(rung.networks, rung.end) for rung in plan] == [(8, 2), (4, 4), (2, 8)]
    assert len(trained) == sum(rung.networks for rung in plan[:-1]) and len(set(trained)) == len(trained)
    for result, following in zip(results, [[one.genotype for one in results[1].measured], results[1].kept()]):
        fitness = {one.genotype: one.fitness for one in result.measured}
        assert result.kept() == following == sorted(fitness, key=fitness.get, reverse=True)[: len(following)]
    assert [one.genotype for one in results[0].measured[:4]] == [one.genotype for one in searched().ranking[:4]]
    documents = [json.loads((folder / "networks" / "rungs" / f"rung-{n}.json").read_text()) for n in (1, 2)]
    assert [one.to_json(last=False) for one in results] == documents
    assert [one["images"] for one in documents] == [8 * 2 * 80, 4 * 2 * 80]
    lines = [event for event in folder.events() if event["event"] == "rung"]
    assert [(line["rung"], line["networks"], line["epochs"]) for line in lines] == [(1, 8, 2), (2, 4, 4)]
    assert said.sentences[0] == (
        "rungs: 8 candidates to epoch 2, 4 to epoch 4, 2 to epoch 8 and 2 with the integers in the loop: 36 epochs x 80 images, "
        "of the 40 epochs that 4 finalists without rungs take"
    )
    assert said.sentences[1].startswith("rung 1: 8 candidates after 2 epochs, 4 go on; best ")


@pytest.mark.parametrize("moment", [2, 3, 6, 8, 9, 11])
def test_stopped_anywhere_it_goes_on_to_the_same(prepared, config, tmp_path, trained, moment):
    whole = climbed(prepared, config, RunFolder.create(tmp_path / "whole"))[1]
    once = list(trained)
    trained.clear()
    folder = RunFolder.create(tmp_path / "stopped")
    with pytest.raises(Killed):
        climbed(prepared, config.with_changes(budget=moment), folder)
    assert climbed(prepared, config, folder)[1] == whole
    assert trained == once  # nothing is trained twice
    assert len([event for event in folder.events() if event["event"] == "rung"]) == 2
    climbed(prepared, config, folder)
    assert trained == once and len([event for event in folder.events() if event["event"] == "rung"]) == 2


def test_the_winner_is_the_fittest_of_the_last_rung_and_all_say_where_they_were_measured(
    prepared, config, tmp_path, trained, monkeypatch
):
    def made(job, architecture):
        record = evaluate(architecture)
        known = Accuracies(0.5, 0.5, 0.5, validation=record.accuracy)
        return TrainedNetwork(record.genotype, "", known, 1.0, 1, True, (), 1, as_candidate=record.to_json())

    stored = {}
    monkeypatch.setattr(NetworkJob, "__call__", made)
    monkeypatch.setattr(retrained_networks, "store_accuracies", lambda known, **more: stored.update(more))
    folder, config = RunFolder.create(tmp_path / "run"), config.with_changes(**CLIMBING, baselines=False)
    found = retrained_networks.train_networks(
        config, replace(prepared, space=SPACE), folder, Silent(), searched(), None, iter(())
    )
    assert [len(one["candidates"]) for one in found.rungs] == [8, 4, 2]
    last = {one["architecture"]: one for one in found.rungs[-1]["candidates"]}
    assert {one.candidate.genotype for one in found.finalists} == set(last)
    assert last[found.winner.architecture]["fitness"] == found.fitness == max(one["fitness"] for one in last.values())
    rows = {row["genotype"]: row for row in csv.DictReader((folder / "candidates.csv").read_text().splitlines())}
    begun = [one["architecture"] for one in found.rungs[0]["candidates"]]
    for genotype, row in rows.items():
        said = stored["beside"].get(genotype)
        assert (said is not None) == (genotype in begun) == bool(row["rung"])
        if said is not None:
            assert (int(row["rung"]), float(row["rung_accuracy"])) == (said["rung"], said["rung_accuracy"])
            assert (row["rung"] == "3") == (genotype in last)
    assert [event["rung"] for event in folder.events() if event["event"] == "rung"] == [1, 2, 3]


def test_in_the_first_rung_measured_accuracies_choose_who_begins_next(prepared, config, tmp_path, trained):
    _, results = climbed(prepared, config, RunFolder.create(tmp_path / "run"))
    begun = [one.genotype for one in results[0].measured]
    ranking = [one.genotype for one in searched().ranking]
    assert rounds(8) == [4, 2, 2] and begun[:4] == ranking[:4] and begun != ranking[:8]


def test_what_breaks_a_limit_goes_on_only_where_nothing_else_is_left():
    rung = schedules.rungs(SearchConfig(**CLIMBING), 40)[0]
    values = (("a", 0.5), ("b", None), ("c", 0.7), ("d", 0.5), ("e", None))
    measured = tuple(rungs.MeasuredAtRung(name, 0.9, fitness) for name, fitness in values)
    assert rungs.RungResult(rung, measured, 80).kept() == ["c", "a", "d"]
    assert rungs.RungResult(rung, measured[1:2] + measured[4:], 80).kept() == ["b"]
    document = rungs.RungResult(rung, measured, 80).to_json(last=True)
    assert document["cost"] == 5 * 2 and {one["kept"] for one in document["candidates"]} == {None}


def test_a_candidate_says_the_last_rung_that_it_was_measured_at():
    def document(number, **accuracies):
        return {"rung": number, "candidates": [{"architecture": n, "accuracy": a} for n, a in accuracies.items()]}

    found = rungs.by_candidate([document(1, a=0.5, b=0.6), document(2, b=0.7)])
    assert found == {"a": {"rung": 1, "rung_accuracy": 0.5}, "b": {"rung": 2, "rung_accuracy": 0.7}}


def test_images_at_rungs_are_counted_once(prepared):
    def document(begin, end, *names):
        return {"begin": begin, "epochs": end, "candidates": [{"architecture": name} for name in names]}

    networks = SimpleNamespace(
        rungs=(document(0, 2, *"abcd"), document(2, 4, *"ab"), document(4, 8, "a")), baselines={}
    )
    # c and d to epoch 2, b to epoch 4; each judged twice on 20 validation images at every rung.
    assert search_cost._at_rungs(prepared, networks) == (2 * 2 + 4) * 80 + (4 + 2) * 2 * 20
    networks.baselines = {"x": SimpleNamespace(architecture="a")}  # made apart, from its own beginning
    assert search_cost._at_rungs(prepared, networks) == (2 * 2 + 4 + 4) * 80 + (4 + 2) * 2 * 20
    networks.rungs = ()
    assert search_cost._at_rungs(prepared, networks) == 0


def test_rungs_that_cannot_be_are_refused():
    assert SearchConfig(rungs=5, retrain_epochs=16).rungs == 5
    with pytest.raises(InputError, match="rungs is 6; 1 to 5 are allowed: the 16 retrain_epochs"):
        SearchConfig(rungs=6, retrain_epochs=16)
    for retrain in ("scratch", "both"):
        with pytest.raises(InputError, match=f"rungs is 2; with retrain {retrain} only 1 is allowed"):
            SearchConfig(rungs=2, retrain=retrain)
    job = NetworkJob.of(SearchConfig(rungs=2), "nowhere")  # from scratch, as the winner of a crossbar on Loihi 2
    assert (job.config.rungs, job.config.retrain) == (1, "scratch")


@pytest.mark.slow
@pytest.mark.parametrize("distillation", [0.0, 0.3])
def test_a_network_that_climbed_is_the_one_that_was_never_stopped(
    config, supernet_file, architecture, tmp_path, monkeypatch, distillation
):
    config = config.with_changes(retrain_epochs=4, finetune_epochs=1, rungs=3, distillation=distillation)
    places = [tmp_path / name for name in ("rungs", "last", "whole")]
    for place in places:
        place.mkdir()
    whole = NetworkJob.of(config.with_changes(rungs=1), places[2], supernet=str(supernet_file))(architecture)
    climbing, last = (NetworkJob.of(config, place, supernet=str(supernet_file)) for place in places[:2])
    epochs, drawn = [], loop.generator
    monkeypatch.setattr(loop, "generator", lambda *words: (epochs.append(words[-1]), drawn(*words))[1])
    records = [RungJob(climbing)(RungTask(architecture, end)) for end in (1, 2)]
    take_on(climbing, last, architecture)
    climbed = last(architecture)
    teacher = [0, 1, 2, 3] if distillation else []
    assert epochs == [*teacher, 0, 1, 2, 3]  # each once
    assert climbed.steps == whole.steps and climbed.curves == whole.curves and climbed.accuracy == whole.accuracy
    assert last.file(architecture).read_bytes() == NetworkJob.of(config, places[2]).file(architecture).read_bytes()
    assert [RungJob(climbing)(RungTask(architecture, end)) for end in (1, 2)] == records
    assert all(record.samples == 20 and record.energy is not None for record in records)


@pytest.mark.slow
def test_a_rung_is_judged_as_the_plainly_quantised_network_so_far(config, supernet_file, architecture, tmp_path):
    """With a constant rate, a rung of all epochs is a training of so many: "trained" in the steps of a whole network."""
    config = config.with_changes(retrain_epochs=2, rungs=2, rate_decay="constant")
    job = NetworkJob.of(config, tmp_path, supernet=str(supernet_file))
    short = config.with_changes(retrain_epochs=1, rungs=1)
    (tmp_path / "short").mkdir()
    network = NetworkJob.of(short, tmp_path / "short", supernet=str(supernet_file))(architecture)
    assert RungJob(job)(RungTask(architecture, 1)).accuracy == network.steps["trained"]
