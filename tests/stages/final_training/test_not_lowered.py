"""The error of a network that has no integers: it keeps what was trained, between processes, too."""

import pickle

import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.stages.final_training.not_lowered import Floats, NotLoweredError, lowering

FLOATS = Floats(0.5, 10.0, 0.1, 7, [1.0, 0.5])


def test_it_says_its_sentence_and_travels():
    with pytest.raises(NotLoweredError, match="^too large$") as refused, lowering(FLOATS, 6):
        raise InputError("too large")
    there = pickle.loads(pickle.dumps(refused.value))
    assert (str(there), there.floats, there.samples, there.exit_code) == ("too large", FLOATS, 6, 2)


def test_other_errors_are_left_as_they_are():
    with pytest.raises(KeyError), lowering(FLOATS, 6):
        raise KeyError("a defect")


def test_its_document_has_null_where_only_a_chip_network_has_a_number():
    document = FLOATS.document("SCB_k3", "SNN_1", "too large", 6)
    assert document["fits"] is None and document["accuracy"] == {"float": 0.5, "quantised": None, "exact_test": None}
    assert document["not_lowered"] == "too large" and document["samples"] == 6
