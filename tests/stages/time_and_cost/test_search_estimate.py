"""The first line of a search, and where its seconds are from."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from autosnn_hw import pipeline
from autosnn_hw.architecture.own_space import resolved
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.walking.walk import WALK
from autosnn_hw.search.workers.processes import Local
from autosnn_hw.stages import manifest, searching
from autosnn_hw.stages.time_and_cost import search_estimate
from autosnn_hw.stages.time_and_cost.search_estimate import expected, first_line


class Lines:
    """A reporter that remembers what it was told."""

    def __init__(self):
        self.lines = []

    def stage(self, name, total=None):
        self.lines.append(f"stage {name}")

    def advance(self, done, text=""):
        pass

    def say(self, sentence):
        self.lines.append(sentence)


def test_the_seconds_are_epochs_of_paths_times_batches_and_shared_by_the_workers(config, prepared):
    config = config.with_changes(strategy="evolution", generations=2, pool=5, mean_cost_samples=4, baselines=False)
    one, two = (replace(prepared, crew=Local(workers)) for workers in (1, 2))
    batches, paths = 80 // 16, 5  # 80 training images; five blocks a slot
    found, halved = expected(config, one, 0.5), expected(config, two, 0.5)
    assert found.supernet == pytest.approx(batches * 0.5 / paths * searching.epochs_of_paths(config, prepared))
    assert searching.epochs_of_paths(config.with_changes(epochs=8), prepared) == 2 + 5 * 6
    assert found.networks == pytest.approx(batches * 0.5 / paths * 2 * (1 + 1))  # two finalists, an epoch each way
    assert halved.supernet == found.supernet and halved.networks == found.networks / 2
    assert halved.search == found.search / 2
    more = expected(config.with_changes(pool=10), one, 0.5)
    assert more.search == pytest.approx(found.search * 24 / 14)
    assert expected(config.with_changes(supernet="run"), one, 0.5).supernet == 0
    beside = expected(config.with_changes(baselines=True, retrain="scratch"), one, 0.5)
    on_all = 7 / 5  # batches of the 100 images that are not for testing
    assert beside.networks == pytest.approx(found.networks * 5 / 2 * on_all)
    taught = expected(config.with_changes(baselines=True, retrain="scratch", distillation=0.5), one, 0.5)
    assert taught.networks == pytest.approx(beside.networks * 3 / 2)  # each has a teacher of as many epochs as floats
    both = expected(config.with_changes(baselines=True, retrain="both"), one, 0.5)
    assert both.networks == pytest.approx(found.networks * 2 * 6 / 2)
    seeds = expected(config.with_changes(baselines=True, seeds=3), one, 0.5)
    assert seeds.networks == pytest.approx(found.networks * (2 + 4 + 2 * 5 + 1) / 2)
    drawn = expected(config.with_changes(baselines=True), one, 0.5)  # as many random ones again
    assert 1.99 < drawn.search / found.search < 2
    assert found.total == found.supernet + found.search + found.networks


def test_the_line_says_target_data_space_budget_time_and_folder(config, prepared, tmp_path):
    config = config.with_changes(strategy=WALK)
    folder = RunFolder(tmp_path / "run")
    line = first_line(config, prepared, folder, expected(config, prepared, 0.5))
    for part in (
        "loihi2", "80 training, 20 validation, 24 test", "1 x 8 x 8", "SNN_1 at C = 4, T = 2", "3,125 architectures", "walk",
        "2 finalists", "4 baselines", "here (super-network ", str(tmp_path / "run"),
    ):  # fmt: skip
        assert part in line
    assert "\n" not in line
    assert "26 judged (evolution)" in first_line(
        config.with_changes(strategy="evolution", budget=26), prepared, folder, expected(config, prepared, 0.5)
    )


OWN_SPACE = Path(__file__).parents[3] / "examples" / "own_space.toml"


@pytest.mark.parametrize(
    ("changes", "said", "more"),
    [
        ({}, "finalists trained on beside 4 baselines; about", 4),
        ({"baselines": False}, "finalists trained on; about", 0),
        ({"space": str(OWN_SPACE)}, "beside 2 baselines; about", 2),  # all SRB_k3, and the best random one
        (
            {"space": str(OWN_SPACE), "seeds": 3},
            "winner and baselines with 3 seeds, the other finalists with 2; about",
            2 + 2 * 3 + 1,
        ),
        (
            {"baselines": False, "seeds": 2},
            "finalists trained on, winner with 2 seeds, the other finalists with 2; about",
            1 + 1,
        ),
    ],
)
def test_baselines_are_counted_as_the_space_has_them(config, tmp_path, changes, said, more):
    config = config.with_changes(strategy=WALK, **resolved(changes))
    prepared = manifest.prepare(config)
    assert said in first_line(config, prepared, RunFolder(tmp_path), expected(config, prepared, 0.5))
    alone = expected(config.with_changes(baselines=False, seeds=1), prepared, 0.5)
    assert expected(config, prepared, 0.5).networks == pytest.approx(alone.networks * (2 + more) / 2)


def test_for_a_crossbar_the_winner_is_made_once_more(config, tmp_path):
    config = config.with_changes(target="truenorth", strategy="evolution")
    prepared = manifest.prepare(config)
    line = first_line(config, prepared, RunFolder(tmp_path), expected(config, prepared, 0.5))
    assert "beside 4 baselines and the winner as loihi2; about" in line
    one, two = (replace(prepared, crew=Local(workers)) for workers in (1, 2))
    on_all = 7 / 5  # batches of the images that are not for testing: it learns from scratch
    each = expected(config.with_changes(baselines=False), one, 0.5).networks / 2
    assert expected(config, one, 0.5).networks == pytest.approx(each * (2 + 4 + on_all))
    assert expected(config, two, 0.5).networks == pytest.approx(each * ((2 + 4) / 2 + on_all))  # it is made alone


def test_a_space_without_a_published_architecture_has_one_baseline(config, tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(
        '[[slots]]\nwidth = 1\nblocks = ["skip", "SRB_k3"]\n[[slots]]\nwidth = 2\nblocks = ["skip", "SRB_k5"]\n'
    )
    config = config.with_changes(strategy=WALK, **resolved({"space": str(path)}))
    prepared = manifest.prepare(config)
    assert "beside 1 baseline; about" in first_line(
        config, prepared, RunFolder(tmp_path), expected(config, prepared, 0.5)
    )


def test_one_finalist_is_one(config, prepared, tmp_path):
    config = config.with_changes(strategy=WALK, finalists=1)
    line = first_line(config, prepared, RunFolder(tmp_path), expected(config, prepared, 0.5))
    assert ", 1 finalist trained on beside" in line


def test_no_more_are_judged_than_the_space_has(config, tmp_path):
    config = config.with_changes(strategy="evolution", **resolved({"space": str(OWN_SPACE)}), budget=1000)
    prepared = manifest.prepare(config)
    line = first_line(config, prepared, RunFolder(tmp_path), expected(config, prepared, 0.5))
    assert f"{prepared.space.size} architectures, {prepared.space.size} judged (evolution)" in line


def test_it_is_the_first_thing_that_is_said_and_nothing_is_trained_before_but_what_is_timed(
    config, tmp_path, monkeypatch
):
    monkeypatch.setattr(search_estimate, "batch_seconds", lambda *_: 0.25)
    seen = []

    def go_on(config, prepared, folder, reporter):
        seen.extend(reporter.lines)
        return {"folder": sorted(path.name for path in folder.path.iterdir())}

    monkeypatch.setattr(pipeline, "_go_on", go_on)
    document = pipeline.search(config.with_changes(strategy=WALK), tmp_path / "run", Lines())
    assert seen[0].startswith("loihi2: ") and str(tmp_path / "run") in seen[0]
    assert "strategy walk" in seen[-1]
    assert document["folder"] == ["config.toml", "lock", "log.jsonl", "manifest.json"]
    (logged,) = [event for event in RunFolder(tmp_path / "run").events() if event["event"] == "expected"]
    assert logged["seconds"] > 0


@pytest.mark.slow
def test_a_batch_is_timed_by_trainings_of_the_very_sizes(config, prepared, monkeypatch):
    """The trainings are real, the clock counts their images: a batch lasts as long as it is large."""
    train, trained, clock = search_estimate.supernet.train, [], [0]

    def counted(config, prepared, *rest, **kwargs):
        train(config, prepared, *rest, **kwargs)
        trained.append((config.epochs, prepared.data.x_train.shape[1:]))
        clock[0] += config.epochs * len(prepared.data.x_train)

    monkeypatch.setattr(search_estimate.supernet, "train", counted)
    monkeypatch.setattr(search_estimate, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    for batch in (8, 64):
        assert search_estimate.batch_seconds(config.with_changes(batch=batch), prepared) == batch
    assert len({epochs for epochs, _ in trained}) > 1 and {shape for _, shape in trained} == {(1, 8, 8)}
