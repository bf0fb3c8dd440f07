"""Every choice of training reaches the trainers."""

from dataclasses import asdict, fields

import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.stages.final_training.learnt import Lesson
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.schedules import network_schedule, regime_of, supernet_schedule, training_epochs
from autosnn_hw.training.data.datasets import load
from autosnn_hw.training.regime import Regime

CHANGED = {
    "loss": "steps", "distillation": 0.3, "weight_decay": 0.01, "augment": "crop", "averaged_epochs": 4,
    "rate_decay": "constant",
}  # fmt: skip


def test_what_is_not_chosen_is_as_it_was():
    assert regime_of(SearchConfig()) == Regime()


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_each_choice_changes_one_thing_of_the_regime(name):
    regime, usual = regime_of(SearchConfig(**{name: CHANGED[name]})), asdict(Regime())
    (changed,) = [key for key, value in asdict(regime).items() if value != usual[key]]
    assert getattr(regime, changed) == CHANGED[name]


@pytest.mark.parametrize(
    "retrain, chosen, averaged",
    [("inherit", None, 0), ("scratch", None, 3), ("scratch", 0, 0), ("scratch", 5, 5), ("inherit", 2, 2)],
)
def test_weights_are_averaged_where_it_pays_or_as_chosen(retrain, chosen, averaged):
    config = SearchConfig(retrain=retrain, averaged_epochs=chosen, retrain_epochs=14)
    assert regime_of(config).averaged == averaged
    assert regime_of(config, frames=True).averaged == (chosen or 0)
    assert supernet_schedule(config, 0).regime.averaged == 0


def test_a_network_alone_is_averaged(tmp_path):
    job = NetworkJob.of(SearchConfig(retrain_epochs=20), tmp_path)
    assert network_schedule(job.config, 0).regime.averaged == 5


def test_a_lesson_knows_what_it_is_on(tmp_path):
    config = SearchConfig(retrain="scratch", retrain_epochs=8)
    for name, averaged in (("digits", 2), ("events", 0)):
        lesson = Lesson(None, config, load(name), None, 0, False, tmp_path, print)
        assert lesson.schedule.regime.averaged == averaged


def test_every_field_of_the_regime_is_chosen():
    regime, usual = regime_of(SearchConfig(**CHANGED)), Regime()
    assert all(getattr(regime, field.name) != getattr(usual, field.name) for field in fields(Regime))


def test_schedules_of_network_and_super_network():
    config = SearchConfig(**CHANGED, epochs=7, retrain_epochs=3, finetune_epochs=2, learning_rate=0.5, batch=9)
    network, supernet = network_schedule(config, 4), supernet_schedule(config, 4)
    assert (network.epochs, supernet.epochs) == (3, 7)
    assert {(one.learning_rate, one.batch, one.seed) for one in (network, supernet)} == {(0.5, 9, 4)}
    assert (supernet.regime.distillation, supernet.regime.averaged, supernet.regime.loss) == (0.0, 0, "steps")
    assert training_epochs(config) == 3 + 3 + 2
    assert training_epochs(config.with_changes(distillation=0.0)) == 3 + 2


@pytest.mark.slow
def test_a_job_with_every_choice_says_how_it_stands_and_goes_on(tmp_path):
    config = SearchConfig(**CHANGED, width=2, timesteps=2, retrain_epochs=2, finetune_epochs=1)
    job, told = NetworkJob.of(config, tmp_path), []
    architecture = Architecture.parse("all_SCB_k3", width=2, timesteps=2)
    first = job(architecture, lambda done, total, text: told.append((done, total, text)))
    assert [done for done, *_ in told] == [1, 2, 3, 4, 5] and {total for _, total, _ in told} == {5}
    assert "teacher" in told[0][2] and told[-1][2] == "integers in the loop"
    job.file(architecture, ".json").unlink()  # as if it had been interrupted while it was tuned
    assert job(architecture).accuracy == first.accuracy
