"""F = accuracy x (cost / mean cost)^lambda: the exchange rates of the paper, and a mean cost that ranks nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking.fitness import Constraints, feasible, fitness, mean_cost, modelled_cost

costs = st.floats(1e-9, 1e9)
candidates = st.lists(st.tuples(st.floats(0, 1), costs), min_size=2, max_size=20)


@given(candidates, costs, costs, st.floats(-0.3, 0))
def test_the_ranking_does_not_depend_on_the_mean_cost(points, one, other, exponent):
    def values(mean):
        return [fitness(accuracy, cost, mean, exponent) for accuracy, cost in points]

    for a, b, c, d in zip(values(one), values(one)[1:], values(other), values(other)[1:]):
        if abs(a - b) > 1e-9 * max(a, b):
            assert (a > b) == (c > d)


@pytest.mark.parametrize(("exponent", "factor"), [(-0.08, 1.057), (-0.16, 1.117), (-0.24, 1.181)])
def test_half_the_cost_is_worth_what_the_paper_says(exponent, factor):
    assert fitness(0.8, 1.0, 2.0, exponent) / fitness(0.8, 2.0, 2.0, exponent) == pytest.approx(factor, abs=5e-4)


def test_a_network_that_does_nothing_is_worth_nothing():
    assert fitness(0.1, 0.0, 1.0) == 0.0


def test_every_objective_reads_its_own_figure(synthetic):
    record = synthetic.evaluate(synthetic.SPACE.at(7))
    assert modelled_cost(record, "energy") == record.fitness_energy.value
    assert modelled_cost(record, "spikes") == record.spikes["paper"] == record.spikes["chip"] - record.spikes["relay"]
    assert len({modelled_cost(record, name) for name in OBJECTIVES}) == 6
    assert all(modelled_cost(CandidateRecord("x"), name) is None for name in OBJECTIVES)
    with pytest.raises(InputError, match="unknown objective 'flops'"):
        modelled_cost(record, "flops")


def test_the_mean_leaves_out_what_has_no_cost_and_needs_one_that_has(synthetic):
    records = [synthetic.evaluate(synthetic.SPACE.at(i)) for i in (3, 5)]
    expected = sum(record.energy.value for record in records) / 2
    assert mean_cost([*records, CandidateRecord("unplaceable")], "energy") == pytest.approx(expected)
    bad = CandidateRecord("x", violations=({"layer": "TBD1.a", "resource": "axons", "needed": 300, "limit": 256},))
    with pytest.raises(DoesNotFitError, match=r"TBD1\.a: axons 300 > 256"):
        mean_cost([bad], "energy")


def test_each_limit_makes_infeasible_and_measurements_count(synthetic):
    record = synthetic.evaluate(synthetic.SPACE.at(0))
    energy, latency, cores = record.energy.value, record.latency.value, record.cores
    assert feasible(record, Constraints())
    assert feasible(record, Constraints(energy, latency, cores))
    for limits in (Constraints(max_energy=energy / 2), Constraints(max_latency=latency / 2), Constraints(max_cores=1)):
        assert not feasible(record, limits)
    assert not feasible(record, Constraints(max_energy=energy), {"energy": 1.2})
    assert Constraints(max_energy=energy / 2).excesses(record) == {"fits": -1.0, "max_energy": pytest.approx(1.0)}
    assert not feasible(CandidateRecord("unpriced"), Constraints())
    with pytest.raises(InputError, match="--max-cores is 0"):
        Constraints(max_cores=0)
