import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from autosnn_hw.documents.accuracy import wilson


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
