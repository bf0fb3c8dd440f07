"""Weights of a delivered network: inherited, tuned only where held-out images say that it helps, or learnt from scratch."""

from dataclasses import replace

import pytest
from support.searches.untrained_run import FABRICS, SIZES, untrained_supernet

from autosnn_hw.config import SearchConfig
from autosnn_hw.documents.searches import verdict
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.stages.final_training import learnt
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging import evaluator
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.training.data import datasets
from autosnn_hw.training.finetuning import finetune
from exporters import netx


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few images; what a process keeps of other images is dropped before and after."""
    digits = datasets.load("digits")
    cut = {
        f"{axis}_{part}": getattr(digits, f"{axis}_{part}")[:48] for axis in "xy" for part in ("train", "val", "test")
    }
    monkeypatch.setattr(datasets, "load", lambda *_, **__: replace(digits, **cut, sha256="few"))
    evaluator.evaluation_tools.cache_clear()
    yield
    evaluator.evaluation_tools.cache_clear()


def job(folder, target="loihi2", **changes):
    """(job, evaluator, architecture) of an untrained super-network; batch norm makes its neurons fire all the same."""
    supernet = folder / "supernet.safetensors"
    config = SearchConfig(target=target, **{**SIZES, **changes})
    space = untrained_supernet(supernet, target, width=config.width, timesteps=config.timesteps)
    (folder / "networks").mkdir()
    judge = CandidateEvaluator(str(supernet), "digits", None, target, float_view=False)
    return NetworkJob.of(config, folder / "networks", supernet=str(supernet)), judge, space.at(0)


@pytest.mark.parametrize("target", FABRICS)
def test_where_nothing_helps_what_is_delivered_is_what_the_search_judged(tmp_path, target, monkeypatch):
    """Training on floats that makes it worse is dropped: the network is then bit for bit the one that was judged."""
    make, judge, architecture = job(tmp_path, target, finetune_epochs=0)
    monkeypatch.setattr(learnt, "tuned_if_better", lambda lesson, start, *_: (start, {"trained": -1.0}, "trained", {}))
    result = make(architecture)
    searched = judge(architecture)
    assert (result.weights, result.kept) == ("inherited", "inherited")
    assert result.accuracy.inherited == result.accuracy.validation == searched.accuracy
    assert result.parameters == searched.parameters
    wanted = judge.deploy(architecture)
    for own, theirs in zip(netx.read(make.file(architecture)).layers[1:], wanted.layers[1:]):
        assert (getattr(own, "weight", None) is None) == (getattr(theirs, "weight", None) is None)
        if getattr(own, "weight", None) is not None:
            assert (own.weight == theirs.weight).all()
    assert make(architecture) is not result and make(architecture).to_json() == result.to_json()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "sizes"), [("truenorth", {"timesteps": (2, 5)}), ("loihi2", {"width": (3, 4), "timesteps": (2, 5)})]
)
def test_a_smaller_network_is_what_the_search_judged_too(tmp_path, target, sizes, monkeypatch):
    make, judge, first = job(tmp_path, target, finetune_epochs=0, **sizes)
    monkeypatch.setattr(learnt, "tuned_if_better", lambda start, *_: (start, {"trained": -1.0}, "trained", {}))
    for architecture in (first, replace(first, width=4, timesteps=5)):
        result, searched = make(architecture), judge(architecture)
        assert (result.architecture, result.kept) == (str(architecture), "inherited")
        assert result.architecture.endswith(f"T{architecture.timesteps}")
        assert result.parameters == searched.parameters
        assert result.accuracy.inherited == result.accuracy.validation == searched.accuracy
        assert CandidateRecord.from_json(result.as_candidate).energy == searched.energy
        assert netx.read(make.file(architecture)).timesteps == architecture.timesteps


def test_tuning_that_makes_it_worse_is_dropped_and_said(tmp_path, monkeypatch):
    make, judge, architecture = job(tmp_path)

    def spoil(folded, data, **_):
        return finetune.Finetuning(folded, [0.375, 0.25], [1.0], 0)

    monkeypatch.setattr(learnt, "fit", spoil)
    monkeypatch.setattr(learnt, "quantised_accuracy", lambda *_: 0.5)
    result = make(architecture)
    assert result.kept == "inherited" and result.steps == {"inherited": 0.5, "trained": 0.375, "tuned": 0.25}
    assert result.accuracy.validation == judge(architecture).accuracy
    winner = {"accuracy": {**result.accuracy.to_json(), "supernet": 0.5, "validation": 0.5}, **result.figures()}
    first = verdict.sentences({"winner": winner, "held_out_samples": 48, "validation_samples": 48})[0]
    assert "was dropped" in first and "50.0 % to 37.5 %" in first


def test_training_leaves_the_validation_images_out(tmp_path, monkeypatch):
    make, _, architecture = job(tmp_path)
    asked = []
    real = learnt.fit
    monkeypatch.setattr(learnt, "fit", lambda *a, **k: asked.append(k.get("full_train", False)) or real(*a, **k))
    result = make(architecture)
    assert asked == [False] and set(result.steps) == {"inherited", "trained", "tuned"}
    assert result.accuracy.validation == pytest.approx(max(result.steps.values()))
    curve = result.curves["integer_accuracy"]
    assert (curve[0], max(curve[1:])) == (result.steps["trained"], result.steps["tuned"])
    assert (
        len(result.curves["integer_loss"]) == len(curve) - 1 and len(result.curves["loss"]) == SIZES["retrain_epochs"]
    )


def test_scratch_is_the_papers_rule(tmp_path):
    make, _, architecture = job(tmp_path, retrain="scratch")
    result = make(architecture)
    assert result.weights == "scratch" and result.accuracy.validation is None and result.accuracy.inherited is None


def test_both_takes_the_better_by_validation_and_reports_the_other(tmp_path):
    make, _, architecture = job(tmp_path, retrain="both")
    result = make(architecture)
    assert {result.weights, result.other["weights"]} == {"inherited", "scratch"}
    assert result.accuracy.validation >= result.other["validation"]
    assert make.file(architecture).is_file() and make(architecture).other == result.other


def test_a_delivered_network_worse_than_the_searched_one_is_the_first_sentence():
    accuracy = {"supernet": 0.979, "validation": None, "exact_test": 0.61}
    summary = {"winner": {"weights": "scratch", "accuracy": accuracy}, "test_samples": 360, "validation_samples": 287}
    assert "worse than the searched one by more than noise" in verdict.sentences(summary)[0]
    near = {**accuracy, "exact_test": 0.97}
    assert "worse" not in verdict.sentences(summary | {"winner": {"weights": "scratch", "accuracy": near}})[0]
