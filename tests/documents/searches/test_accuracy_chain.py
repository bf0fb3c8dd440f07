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
