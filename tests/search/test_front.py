"""A finished search can be asked again; the front holds exactly what nothing else beats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.cost_report import Interval
from autosnn_hw.errors import InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.fitness import Constraints
from autosnn_hw.search.front import answer, pareto_front

points = st.lists(st.tuples(st.floats(0, 1), st.floats(1e-9, 1)), min_size=1, max_size=30)


@given(points)
def test_a_point_is_on_the_front_exactly_when_nothing_beats_it(cloud):
    front = pareto_front(cloud)
    for index, (accuracy, cost) in enumerate(cloud):
        beaten = any(a >= accuracy and c <= cost and (a, c) != (accuracy, cost) for a, c in cloud)
        twin = any(cloud[i] == (accuracy, cost) for i in front)
        assert twin != beaten
        assert index not in front or not beaten


def record(name, accuracy, energy, cores=5):
    interval = Interval(energy, energy / 2, energy * 2)
    return CandidateRecord(
        name, accuracy=accuracy, energy=interval, fitness_energy=interval, latency=interval, cores=cores
    )


def test_a_lower_lambda_prefers_the_cheaper_candidate():
    records = [record("rich", 0.9, 2.0), record("poor", 0.8, 1.0)]
    best = [
        answer(records, objective="energy", lam=lam, constraints=Constraints())["best"][0]["architecture"]
        for lam in (0.0, -0.5)
    ]
    assert best == ["rich", "poor"]


def test_limits_leave_candidates_out_and_none_left_is_said():
    records = [record("rich", 0.9, 2.0), record("poor", 0.8, 1.0)]
    kept = answer(records, objective="energy", lam=0.0, constraints=Constraints(max_energy=1.5))
    assert [row["architecture"] for row in kept["best"]] == ["poor"]
    with pytest.raises(InputError, match="none of the 2 candidates"):
        answer(records, objective="energy", lam=0.0, constraints=Constraints(max_cores=1))


def test_a_least_accuracy_leaves_candidates_out_of_ranking_and_front_and_keeps_the_mean_cost():
    records = [record("rich", 0.9, 2.0), record("poor", 0.8, 1.0)]
    free = answer(records, objective="energy", lam=-0.5, constraints=Constraints())
    kept = answer(records, objective="energy", lam=-0.5, constraints=Constraints(), min_accuracy=0.9)
    assert [row["architecture"] for row in kept["best"]] == [row["architecture"] for row in kept["front"]] == ["rich"]
    assert kept["mean_cost"] == free["mean_cost"] and kept["best"][0] in free["best"]
    with pytest.raises(InputError, match="--min-accuracy"):
        answer(records, objective="energy", lam=0.0, constraints=Constraints(), min_accuracy=0.95)
