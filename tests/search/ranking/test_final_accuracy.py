"""What measured networks say of the others: exact where there is nothing to learn, right where there is, honest about the rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.search.ranking.final_accuracy import ENOUGH, estimates, promising


@pytest.fixture(scope="module")
def records(synthetic):
    found = [synthetic.evaluate(synthetic.SPACE.at(i)) for i in range(0, 3125, 25)]
    return [replace(record, accuracy=0.9 + 0.05 * i / len(found)) for i, record in enumerate(found)]


@pytest.fixture(scope="module")
def costs(records):
    return {record.genotype: record.energy.value for record in records}


def test_with_few_measured_nothing_is_carried(records, costs):
    measured = {record.genotype: 0.95 for record in records[: ENOUGH - 1]}
    known = estimates(records, measured, 100, costs)
    assert {known[r.genotype].source for r in records[: ENOUGH - 1]} == {"measured"}
    assert all(
        known[r.genotype] == known[r.genotype].__class__(r.accuracy, None, "inherited") for r in records[ENOUGH:]
    )


def test_a_trend_over_searched_accuracy_is_carried_to_the_others(records, costs):
    """Final accuracy = .97 + .4 (searched - .9) with the noise of 300 images: the others are nearer than without, and within two
    deviations about as often as they should be."""
    random = np.random.default_rng(0)
    truth = {r.genotype: 0.97 + 0.4 * (r.accuracy - 0.9) for r in records}
    teachers = records[::8]
    measured = {r.genotype: random.binomial(300, truth[r.genotype]) / 300 for r in teachers}
    known = estimates(records, measured, 300, costs)
    others = [r for r in records if r.genotype not in measured]
    assert {known[r.genotype].source for r in others} == {"corrected"}
    errors = np.array([known[r.genotype].accuracy - truth[r.genotype] for r in others])
    deviations = np.array([known[r.genotype].deviation for r in others])
    assert abs(errors).mean() < 0.25 * np.mean([abs(r.accuracy - truth[r.genotype]) for r in others])
    assert (abs(errors) <= 2 * deviations).mean() > 0.9


def test_a_measured_network_keeps_its_accuracy_and_its_neighbours_believe_little_of_its_luck(records, costs):
    measured = {r.genotype: 0.97 for r in records[:12]}
    lucky = records[5].genotype
    known = estimates(records, measured | {lucky: 0.99}, 300, costs)
    assert (known[lucky].accuracy, known[lucky].source) == (0.99, "measured")
    assert known[lucky].deviation == pytest.approx((0.99 * 0.01 / 300) ** 0.5, rel=0.2)
    others = [known[r.genotype].accuracy for r in records if r.genotype not in measured]
    assert min(others) > 0.965 and max(others) < 0.985


@given(st.lists(st.floats(0, 1), min_size=ENOUGH, max_size=20), st.integers(1, 10_000))
@settings(deadline=None, max_examples=30)
def test_estimates_are_shares_and_never_certain(synthetic, values, samples):
    records = [synthetic.evaluate(synthetic.SPACE.at(31 * i)) for i in range(30)]
    costs = {record.genotype: record.energy.value for record in records}
    measured = {record.genotype: value for record, value in zip(records, values)}
    for estimate in estimates(records, measured, samples, costs).values():
        assert 0 <= estimate.accuracy <= 1 and estimate.deviation > 0


def test_who_could_be_best_is_measured_next(records, costs):
    known = estimates(records, {r.genotype: 0.97 for r in records[:8]}, 300, costs)
    chosen = promising(known, costs, -0.08, 3, [records[0].genotype])
    bounds = {g: (e.accuracy + e.deviation) * costs[g] ** -0.08 for g, e in known.items() if g != records[0].genotype}
    assert chosen == sorted(bounds, key=lambda g: (-bounds[g], g))[:3]
