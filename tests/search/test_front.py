"""A finished search can be asked again; the front holds exactly what nothing else beats."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.cost_report import Interval
from autosnn_hw.errors import InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.front import answer, knee, matrix, pareto_front, rule_for
from autosnn_hw.search.ranking.final_accuracy import AccuracyEstimate
from autosnn_hw.search.ranking.final_cost import final_costs
from autosnn_hw.search.ranking.fitness import Constraints

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


def test_the_best_known_accuracy_ranks_and_the_word_stands_beside_it():
    """Measured beats corrected beats inherited as knowledge, and each answer says which it was."""
    records = [record("cheap", 0.6, 1.0), record("middle", 0.7, 1.5), record("dear", 0.8, 2.0)]
    known = {"cheap": AccuracyEstimate(0.95, 0.01, "measured"), "middle": AccuracyEstimate(0.9, 0.03, "corrected")}
    asked = {"objective": "energy", "lam": 0.0, "constraints": Constraints(), "rule": "fittest"}
    plain, told = answer(records, **asked), answer(records, **asked, known=known)
    assert plain["chosen"]["architecture"] == "dear" and plain["accuracies"]["inherited"] == 3
    assert [row["architecture"] for row in told["best"]] == ["cheap", "middle", "dear"]
    assert [row["accuracy_source"] for row in told["best"]] == ["measured", "corrected", "inherited"]
    assert told["accuracies"] == {"measured": 1, "corrected": 1, "inherited": 1}
    middle = told["best"][1]
    assert middle["accuracy_low"] == pytest.approx(0.9 - 1.96 * 0.03, abs=1e-4)
    assert middle["accuracy_high"] == pytest.approx(0.9 + 1.96 * 0.03, abs=1e-4)
    assert (middle["accuracy"], middle["inherited_accuracy"]) == (0.9, 0.7)
    assert told["best"][2]["accuracy_low"] is None and told["best"][2]["accuracy"] == 0.8
    assert [row["architecture"] for row in told["front"]] == ["cheap"]  # nothing dearer is known to be better
    kept = answer(records, **(asked | {"rule": "cheapest"}), known=known, min_accuracy=0.85)
    assert kept["chosen"]["architecture"] == "cheap" and kept["feasible"] == 2
    with pytest.raises(InputError, match="95.0 % accuracy"):
        answer(records, **asked, known=known, min_accuracy=0.99)


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


FRONT = [record("poor", 0.5, 1.0), record("good", 0.9, 2.0), record("best", 0.95, 16.0), record("beaten", 0.7, 4.0)]


def chosen(records=FRONT, *, lam=None, min_accuracy=None, **limits):
    constraints = Constraints(**limits)
    rule = rule_for(lam=lam, min_accuracy=min_accuracy, constraints=constraints)
    options = {"lam": -0.08 if lam is None else lam, "min_accuracy": min_accuracy, "rule": rule}
    found = answer(records, objective="energy", constraints=constraints, **options)["chosen"]
    return found["architecture"], found["rule"]


def test_what_is_asked_for_decides_which_point_is_chosen():
    assert chosen() == ("good", "knee")
    assert chosen(lam=0.0) == ("best", "fittest")
    assert chosen(lam=-2.0) == ("poor", "fittest")
    assert chosen(min_accuracy=0.6) == ("good", "cheapest")
    assert chosen(min_accuracy=0.91) == ("best", "cheapest")
    assert chosen(max_energy=3.0) == ("good", "most accurate")
    assert chosen(max_cores=5) == ("best", "most accurate")


def test_limits_fitness_and_front_go_by_costs_with_final_weights_where_they_are_known():
    """A network that was trained on takes what it takes then, not what it took with other weights."""
    records = [record("cheap", 0.6, 1.0), record("middle", 0.7, 1.5), record("dear", 0.8, 2.0)]
    final = final_costs(records, {"cheap": record("cheap", 0.95, 1.75, cores=6)})
    asked = {"objective": "energy", "lam": -0.5, "final": final}
    told = answer(records, **asked, constraints=Constraints())
    cheap = next(row for row in told["best"] if row["architecture"] == "cheap")
    assert (cheap["cost"], cheap["cost_source"], cheap["inherited_cost"]) == (1.75, "measured", 1.0)
    assert (cheap["energy"]["value"], cheap["cores"]) == (1.75, 6)
    assert cheap["fitness"] == pytest.approx(0.6 * (1.75 / told["mean_cost"]) ** -0.5)
    assert told["mean_cost"] == 1.5  # the search's
    assert [row["architecture"] for row in told["front"]] == ["middle", "dear"]
    assert told["costs"] == {"measured": 1, "corrected": 0, "inherited": 2, "factor": None}
    within = answer(records, **asked, constraints=Constraints(max_energy=1.6))
    assert [row["architecture"] for row in within["best"]] == ["middle"]
    with pytest.raises(InputError, match=r"and take 1.50 J to 2.00 J \(energy\)"):
        answer(records, **asked, constraints=Constraints(max_energy=1.2))
    there = answer(records, **asked, constraints=Constraints(), elsewhere=True)
    assert {row["architecture"]: row["cost_source"] for row in there["best"]}["cheap"] == "corrected"


def test_an_accuracy_that_nobody_reaches_is_said_with_what_is_reached():
    with pytest.raises(InputError, match=r"those that fit reach 95.0 % accuracy, and energy 1.00 J at least"):
        chosen(min_accuracy=0.96)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(1e-9, 1)), min_size=1, max_size=30))
def test_the_knee_is_a_point_of_the_front_that_stays_without_the_others(cloud):
    front = [cloud[index] for index in pareto_front(cloud)]
    assert 0 <= knee(front) < len(front)
    if len(front) > 2:  # an end lies on the line between the ends
        ends = [front[0], front[knee(front)], front[-1]]
        assert knee(ends) in (0, 1) and (knee(front) > 0 or knee(ends) == 0)


def test_few_points_have_no_knee_but_their_last():
    assert knee([(0.5, 1.0)]) == 0
    assert knee([(0.5, 1.0), (0.9, 2.0)]) == 1


def test_the_mean_cost_is_that_of_the_search_where_its_sample_is_known():
    sample = [replace(r, generation=-1) for r in FRONT[:2]]
    assert answer([*sample, *FRONT[2:]], objective="energy", lam=0.0, constraints=Constraints())["mean_cost"] == 1.5
    assert answer(FRONT, objective="energy", lam=0.0, constraints=Constraints())["mean_cost"] == 23 / 4


def test_a_matrix_prices_what_one_target_chose_on_the_others():
    slow = [replace(r, violations=({"layer": "a", "resource": "b", "needed": 2, "limit": 1, "source": "c", "remedies": []},)) for r in FRONT[:1]]  # fmt: skip
    other = [*slow, *(record(r.genotype, r.accuracy, 3 * r.energy.value) for r in FRONT[1:])]
    lists = {"a": FRONT, "b": other}
    answers = {
        name: answer(records, objective="energy", lam=-2.0, constraints=Constraints(), rule="fittest")
        for name, records in lists.items()
    }
    rows = matrix(answers, {name: {r.genotype: r for r in records} for name, records in lists.items()}, "energy")
    assert [(row["chosen_for"], row["architecture"]) for row in rows] == [("a", "poor"), ("b", "good")]
    assert rows[0]["priced_on"]["a"]["cost"] == 1.0
    assert not rows[0]["priced_on"]["b"]["fits"] and rows[0]["priced_on"]["b"]["violation"] == "a: b 2 > 1"
    assert rows[1]["priced_on"]["b"]["cost"] == 6.0
