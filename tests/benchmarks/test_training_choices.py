"""Differences are taken seed by seed, and the interval is Student's."""

import argparse

import numpy as np
import pytest
import training_choices
from scipy import stats

from autosnn_hw.training.regime import Regime


def test_every_choice_differs_from_the_defaults_in_one_thing():
    found = training_choices.regimes(argparse.Namespace(epochs=8))
    default = found.pop(training_choices.DEFAULT)
    assert default == Regime(augment="none") and len(set(found.values())) == len(found)
    for regime in found.values():
        assert sum(value != vars(default)[name] for name, value in vars(regime).items()) == 1


def test_the_table_compares_seed_by_seed():
    rng = np.random.default_rng(0)
    rows = [
        {
            "choice": choice,
            "seed": seed,
            **{measure: rng.random() for measure in training_choices.MEASURES},
            "seconds": 1.0,
        }
        for choice in (training_choices.DEFAULT, "b")
        for seed in range(4)
    ]
    found = training_choices.table(rows, [training_choices.DEFAULT, "b", "c"])
    assert [line["choice"] for line in found] == [training_choices.DEFAULT, "b"]
    ours, theirs = (
        [100 * row["tuned"] for row in rows if row["choice"] == name] for name in ("b", training_choices.DEFAULT)
    )
    difference = found[1]["tuned difference"]
    low, high = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert (difference["low"], difference["high"]) == (pytest.approx(low), pytest.approx(high))


def test_one_seed_has_no_interval():
    assert training_choices.interval([1.5]) == {"mean": 1.5, "low": None, "high": None}
