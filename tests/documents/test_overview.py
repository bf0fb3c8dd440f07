"""Networks beside each other: what was not run alike stands first, and noise is not called a difference."""

import json
from copy import deepcopy

import pytest

from autosnn_hw.documents.accuracy import differ, wilson
from autosnn_hw.documents.overview import overview


@pytest.fixture
def other(document):
    return deepcopy(document)


def test_runs_alike_differ_in_nothing(document, other):
    found = overview([document, other], ["x.json", "y.json"])
    assert json.loads(json.dumps(found)) == found
    assert found["settings_that_differ"] == []
    assert [(row["label"], row["file"]) for row in found["networks"]] == [("a", "x.json"), ("b", "y.json")]
    assert found["networks"][0]["energy"] == document["energy"]["total"] and found["networks"][0]["cores"] == 3
    (against,) = found["against_first"]
    assert against["accuracy"] == {"difference": 0.0, "noise": True}
    assert against["energy_ratio"] == {"value": 1.0, "low": 1.0, "high": 1.0}


@pytest.mark.parametrize(
    ("keys", "value", "what"),
    [
        (("network", "timesteps"), 8, "timesteps: a 3, b 8"),
        (("dataset", "name"), "cifar10", "dataset: a d, b cifar10"),
        (("dataset", "split"), "val", "split: a test, b val"),
        (("dataset", "samples"), 32, "samples: a 2, b 32"),
        (("target", "sha256"), "00" * 32, "target: chip had other constants"),
    ],
)
def test_what_was_not_run_alike_is_said(document, other, keys, value, what):
    other[keys[0]][keys[1]] = value
    (setting,) = overview([document, other], ["x", "y"])["settings_that_differ"]
    assert setting["sentence"].startswith(what) and setting["values"]["b"] == value


def test_two_targets_may_be_compared_and_their_ratio_spans_both_intervals(document, other):
    other["target"] = {"name": "other", "sha256": "00" * 32}
    found = overview([document, other], ["x", "y"])
    assert found["settings_that_differ"] == []
    assert found["against_first"][0]["energy_ratio"] == {"value": 1.0, "low": 0.25, "high": 4.0}


def test_a_difference_is_noise_while_the_intervals_overlap(document, other):
    document["accuracy"], other["accuracy"] = wilson(940, 1000), wilson(950, 1000)
    third = deepcopy(other)
    third["accuracy"] = wilson(980, 1000)
    second, last = overview([document, other, third], list("xyz"))["against_first"]
    assert second["label"] == "b" and second["accuracy"] == {"difference": pytest.approx(0.01), "noise": True}
    assert last["accuracy"] == {"difference": pytest.approx(0.04), "noise": False}


def test_accuracies_of_other_data_or_without_labels_are_not_judged(document, other):
    other["dataset"]["name"] = "cifar10"
    assert overview([document, other], ["x", "y"])["against_first"][0]["accuracy"] == {"difference": 0.0, "noise": None}
    other["accuracy"] = wilson(0, 0)
    assert overview([document, other], ["x", "y"])["against_first"][0]["accuracy"] == {
        "difference": None,
        "noise": None,
    }


def test_an_unknown_energy_has_no_ratio(document, other):
    other["energy"]["total"] = None
    assert overview([document, other], ["x", "y"])["against_first"][0]["energy_ratio"] is None


def test_intervals_that_touch_overlap():
    def interval(low, high):
        return {"value": (low + high) / 2, "low": low, "high": high}

    assert differ(interval(0.1, 0.2), interval(0.2, 0.3)) is False
    assert differ(interval(0.1, 0.2), interval(0.21, 0.3)) is differ(interval(0.21, 0.3), interval(0.1, 0.2)) is True
    assert differ(interval(0.1, 0.2), wilson(0, 0)) is None


def test_means_over_seeds_are_compared_where_both_have_several(document, other):
    spreads = [{"seeds": 3, "mean": mean, "low": mean - 0.01, "high": mean + 0.01} for mean in (0.9, 0.95)]
    found = overview([document, other, other], list("xyz"), [*spreads, None])
    assert [row["over_seeds"] for row in found["networks"]] == [*spreads, None]
    second, last = found["against_first"]
    assert second["over_seeds"] == {"difference": pytest.approx(0.05), "noise": False} and last["over_seeds"] is None
    other["dataset"]["name"] = "cifar10"
    (against,) = overview([document, other], ["x", "y"], spreads)["against_first"]
    assert against["over_seeds"]["noise"] is None
