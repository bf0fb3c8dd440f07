"""The range of lambda of a point holds exactly those at which its fitness is the largest."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.documents.searches.trade_off import energy_once_trained, lambda_ranges

POINTS = st.lists(st.tuples(st.floats(0.1, 1.0), st.floats(1e-7, 1e-3)), min_size=1, max_size=8, unique=True)


@settings(max_examples=200, deadline=None)
@given(POINTS, st.floats(-3.0, 0.0))
def test_the_chosen_is_the_fittest(points, lam):
    fitness = [accuracy * (cost / 1e-5) ** lam for accuracy, cost in points]
    for value, within in zip(fitness, lambda_ranges(points)):
        inside = within is not None and within[0] + 1e-9 < lam < within[1] - 1e-9
        outside = within is None or lam < within[0] - 1e-9 or lam > within[1] + 1e-9
        assert not inside or value >= max(fitness) * (1 - 1e-9)
        assert not outside or value <= max(fitness) * (1 + 1e-12)


def test_ranges_of_a_front_follow_each_other_and_a_dent_has_none():
    cheap, dent, middle, dear = (0.5, 1.0), (0.51, 1.9), (0.8, 2.0), (0.9, 4.0)
    ranges = lambda_ranges([cheap, dent, middle, dear])
    assert ranges[1] is None and ranges[0][0] == -inf and ranges[3][1] == 0.0
    assert ranges[0][1] == pytest.approx(ranges[2][0]) and ranges[2][1] == pytest.approx(ranges[3][0])


def test_energy_once_trained_is_finalists_own_against_what_the_search_priced():
    rows = [{"genotype": name, "energy": energy} for name, energy in (("a", 1.0), ("b", 2.0), ("c", None), ("d", 4.0))]
    finalists = [
        {"architecture": name, "energy": {"value": value}} for name, value in (("a", 1.5), ("b", 2.0), ("c", 1.0))
    ]
    finalists += [{"architecture": "gone", "energy": {"value": 1.0}}, {"architecture": "d", "energy": None}]
    assert energy_once_trained(finalists, rows) == {"networks": 2, "median": 1.25, "least": 1.0, "most": 1.5}
    assert energy_once_trained(finalists[2:], rows) is None
