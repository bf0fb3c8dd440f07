import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from autosnn_hw.documents.accuracy import best_known, confusion, differ, on_samples, wilson, worst_errors


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(pair):
    correct, samples = pair
    expected = binomtest(correct, samples).proportion_ci(0.95, "wilson")
    found = wilson(correct, samples)
    assert found["value"] == correct / samples
    assert found["low"] == pytest.approx(expected.low, abs=1e-9) and found["high"] == pytest.approx(
        expected.high, abs=1e-9
    )
    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_without_samples_nothing_is_known():
    assert wilson(0, 0) == {"value": None, "low": None, "high": None}


def test_an_accuracy_on_so_many_samples_has_their_interval_and_one_sample_is_no_difference():
    one, other = on_samples(355 / 360, 360), on_samples(354 / 360, 360)
    assert one == wilson(355, 360) and differ(one, other) is False and differ(one, on_samples(0.9, 360)) is True
    unknown = {"value": 0.9, "low": None, "high": None}
    assert on_samples(0.9, None) == on_samples(0.9, 0) == unknown and differ(one, unknown) is None
    assert on_samples(None, 360)["value"] is None


def test_a_confusion_matrix_counts_every_sample_and_agrees_with_scikit_learn():
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 7, 200), rng.integers(0, 7, 200)
    matrix = confusion(labels, predictions, 7)
    assert matrix == confusion_matrix(labels, predictions, labels=range(7)).tolist()
    first = worst_errors(matrix)[0]
    assert first[2] == max(n for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j)
    assert first[3] == (labels == first[0]).sum()


def test_a_confusion_matrix_of_strange_labels():
    nothing = np.zeros(0, dtype=np.int64)
    assert confusion(nothing, nothing, 2) == [[0, 0], [0, 0]]
    assert confusion(np.array([3]), np.array([1]), 2)[3][1] == 1  # a label beyond the network's classes
    assert confusion(np.array([-1]), np.array([1]), 2) is None
    assert confusion(np.array([1000]), np.array([1]), 2) is None
    assert worst_errors([[4, 0], [0, 3]]) == []


def test_the_best_known_accuracy_is_measured_before_inherited_and_says_which():
    row = {"accuracy": 0.6, "accuracy_source": "corrected", "final_accuracy": 0.99, "final_accuracy_deviation": 0.01}
    found = best_known(row)
    assert (found["value"], found["source"], found["high"]) == (0.99, "corrected", 1.0)
    assert found["low"] == pytest.approx(0.99 - 1.96 * 0.01, abs=1e-4)
    assert best_known({"accuracy": 0.6}) == {"value": 0.6, "low": None, "high": None, "source": "inherited"}
