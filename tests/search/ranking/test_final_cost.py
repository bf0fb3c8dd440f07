"""Costs with final weights: a network that was made has its own, others what those that were made became."""

from dataclasses import replace
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.cost_report import Interval
from autosnn_hw.search.candidate import INTERVALS, CandidateRecord
from autosnn_hw.search.ranking.final_cost import FinalCosts, final_costs, scaled

factors = st.floats(0.5, 2.0)


def record(name, cost=1.0):
    intervals = {field: Interval(cost, cost / 2, 3 * cost) for field in INTERVALS}
    return CandidateRecord(
        name, accuracy=0.5, spikes={"paper": 10 * cost, "chip": 12 * cost}, synops=100 * cost, cores=4, **intervals
    )


def searched(count):
    return [record(f"net {number}", 1.0 + number) for number in range(count)]


@given(st.lists(factors, min_size=4, max_size=8))
def test_others_are_corrected_by_the_geometric_mean_of_what_the_made_ones_became(times):
    records = searched(len(times) + 2)
    made = {one.genotype: scaled_alike(one, factor) for one, factor in zip(records, times)}
    known = final_costs(records, made)
    mean = prod(times) ** (1 / len(times))
    for objective, cost in OBJECTIVES.items():
        for one in records[len(times) :]:
            told, source = known.of(one)
            assert source == "corrected" and cost.of(told) == pytest.approx(mean * cost.of(one))
        factor = known.factor(objective)
        assert [factor[name] for name in ("value", "low", "high")] == pytest.approx([mean, min(times), max(times)])
    last, _ = known.of(records[-1])
    assert last.energy.low == pytest.approx(mean * records[-1].energy.low)
    assert (last.cores, last.accuracy) == (4, 0.5)


def scaled_alike(one, factor):
    quantities = [*INTERVALS, "synops", "spikes paper", "spikes chip"]
    return scaled(one, dict.fromkeys(quantities, factor))


@given(factors)
def test_a_network_that_was_made_has_its_own_costs_and_elsewhere_what_they_became(factor):
    records = searched(3)
    made = {"net 1": replace(scaled_alike(records[1], factor), cores=7, generation=9, accuracy=0.9)}
    known = final_costs(records, made)
    own, source = known.of(records[1])
    assert (source, own.energy, own.cores) == ("measured", made["net 1"].energy, 7)
    assert (own.generation, own.accuracy) == (0, 0.5)  # of the search
    other_target = record("net 1", 40.0)
    there, source = known.of(other_target, elsewhere=True)
    assert source == "corrected" and there.energy.value == pytest.approx(40 * factor) and there.cores == 4


def test_too_few_say_nothing_of_others_and_what_has_no_price_nothing_at_all():
    records = searched(6)
    few = final_costs(records, {one.genotype: scaled_alike(one, 1.5) for one in records[:3]})
    assert few.of(records[5]) == (records[5], "inherited") and few.factor("energy") is None
    assert FinalCosts().of(records[0]) == (records[0], "inherited")
    unpriced = replace(records[0], energy=None)
    assert final_costs([unpriced], {"net 0": records[0]}).records == {}
    assert final_costs(records, {"a stranger": records[0], "net 1": replace(records[1], energy=None)}).records == {}
