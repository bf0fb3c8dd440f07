"""The winner's accuracy step by step: known steps only, each with the interval of its own samples."""

from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.documents.searches.accuracy_chain import accuracy_chain


def test_each_known_step_has_the_interval_of_its_samples():
    accuracy = {"supernet": 0.9, "exact_test": 0.95, "lava": 0.95, "float": None}
    summary = {
        "winner": {"accuracy": accuracy},
        "validation_samples": 100,
        "test_samples": 200,
        "certificate": {"samples": 40},
    }
    chain = accuracy_chain(summary)
    assert [(s["images"].split(",")[0], s["value"], s["samples"]) for s in chain] == [
        ("validation", 0.9, 100),
        ("test", 0.95, 200),
        ("test", 0.95, 40),
    ]
    assert (chain[1]["low"], chain[1]["high"]) == (wilson(190, 200)["low"], wilson(190, 200)["high"])
    assert accuracy_chain({}) == []
    assert accuracy_chain({"winner": {"accuracy": {"float": 0.5}}})[0]["low"] is None


def test_what_stood_before_the_tuning_is_a_step_where_it_was_tuned_alone():
    accuracy = {"float": 0.97, "quantised": 0.96, "delivered_float": 0.98, "exact_test": 0.99}

    def values(accuracy, kept):
        return [step["value"] for step in accuracy_chain({"winner": {"accuracy": accuracy, "kept": kept}})]

    assert values(accuracy, "tuned") == [0.97, 0.96, 0.98, 0.99]
    assert values(accuracy, "trained") == [0.98, 0.99]
    del accuracy["delivered_float"]  # a run from before it was measured
    assert values(accuracy, "trained") == [0.97, 0.96, 0.99]
    held_out = {"supernet_float": 0.6, "supernet": 0.5, "delivered_float_validation": 0.8, "validation": 0.7}
    told = accuracy_chain({"winner": {"accuracy": held_out}, "validation_samples": 10, "held_out_samples": 20})
    assert [(step["value"], step["samples"]) for step in told] == [(0.6, 10), (0.5, 10), (0.8, 20), (0.7, 20)]
