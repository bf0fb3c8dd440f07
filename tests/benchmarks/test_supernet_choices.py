"""What supernet_choices.py trains and how it compares orders."""

from dataclasses import replace

import numpy as np
import pytest
import supernet_choices
import torch

from autosnn_hw.architecture import SKIP
from autosnn_hw.config import SearchConfig
from autosnn_hw.search.space import search_space
from autosnn_hw.training.data import datasets
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.regime import Regime
from autosnn_hw.training.weight_sharing import supernet_trainer

SMALL = Schedule(epochs=4, learning_rate=3e-3, batch=32, regime=Regime(decay="constant"))
CONFIG = SearchConfig(width=2, timesteps=2)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def few():
    digits = datasets.load("digits")
    return replace(digits, x_train=digits.x_train[:96], y_train=digits.y_train[:96], sha256="few")


def trained(few, name, epochs=4):
    with supernet_choices.CHOICES[name].instead(CONFIG):
        return supernet_trainer.train_supernet(
            few, width=2, timesteps=2, schedule=replace(SMALL, epochs=epochs), must_learn=False, warm_up=1
        )


def test_the_mean_is_that_of_the_last_epochs(few):
    """At a constant rate the weights after fewer epochs are those of a shorter training."""
    after = [dict(trained(few, "defaults", epochs).network.named_parameters()) for epochs in (3, 4)]
    for name, value in trained(few, "mean of the last quarter").network.named_parameters():
        torch.testing.assert_close(value, (after[0][name] + after[1][name]) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["sandwich", "in-place distillation"])
def test_a_choice_changes_what_is_learnt_and_leaves_nothing_behind(few, name):
    plain, other = trained(few, "defaults"), trained(few, name)
    assert np.isfinite(other.losses).all() and plain.losses[0] == other.losses[0], "the warm-up is the same"
    assert plain.losses != other.losses and plain.losses == trained(few, "defaults").losses


def test_architectures_have_none_to_all_slots_filled():
    space = search_space("SNN_1", width=2, timesteps=2)
    chosen = supernet_choices.spread(space, CONFIG, 12, 0)
    filled = [sum(block != SKIP for block in one.blocks) for one in chosen]
    assert len(set(chosen)) == len(chosen) and sorted(set(filled)) == [0, 1, 2, 3, 4, 5] and filled.count(0) == 1


def test_a_better_order_is_a_gain_with_its_interval():
    final = np.linspace(0.5, 0.9, 20)[None]
    random = np.random.default_rng(0)
    found = final + random.normal(0, 0.01, (3, 20))
    row = supernet_choices.ranked(found, random.permuted(final)[[0, 0, 0]], final, 0)
    assert row["tau"]["value"] > 0.9 and row["tau"]["low"] < row["tau"]["value"] <= row["tau"]["high"]
    assert row["gain"]["low"] > 0.2 and row["seeds"] == 3
    same = supernet_choices.ranked(found, found, final, 0)["gain"]
    assert same == {"value": 0.0, "low": 0.0, "high": 0.0}
