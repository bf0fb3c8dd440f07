"""A space priced as far as its bounds ask for: the front and the best are those of the whole space priced."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.ranking.fitness import Constraints, fitness
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.walking.lazily import Bounds, dominated, needed, run_lazily, walk_bounds
from autosnn_hw.search.walking.walk import run_walk, subtrees

SETTINGS = SearchSettings(strategy="walk", generations=1, reference=5, measure=2)
BEST = 5


class Memory(dict):
    """Bounds of subtrees, kept in this process."""

    read, write = dict.get, dict.__setitem__


def bound_of(synthetic):
    """Bounds of a subtree: every cost between seven tenths of its own and its own."""

    def bound(first):
        found = []
        for record in synthetic.evaluate_subtree(first):
            share = 0.7 + 0.3 * synthetic.noise(record.genotype + "bound")
            scaled = {n: getattr(record, n) * share for n in ("energy", "fitness_energy", "latency")}
            fewer = int(record.cores * share)
            found.append(replace(record, **scaled, cores=fewer, violations=record.violations if fewer > 24 else ()))
        return found

    return bound


def lazily(synthetic, folder, settings=SETTINGS, *, evaluate=None, best=BEST, **options):
    bounds = walk_bounds(synthetic.WALKED, bound_of(synthetic), Memory(), settings)
    study = synthetic.study_in(folder, settings, synthetic.WALKED)
    return run_lazily(bounds, evaluate or synthetic.evaluate, study, settings, best=best, **options)


@pytest.fixture(scope="module")
def whole(synthetic, tmp_path_factory):
    """The walk that prices all."""
    study = synthetic.study_in(tmp_path_factory.mktemp("whole"), SETTINGS, synthetic.WALKED)
    return run_walk(synthetic.WALKED, synthetic.evaluate_subtree, study, SETTINGS)


@pytest.fixture(scope="module")
def lazy(synthetic, tmp_path_factory):
    return lazily(synthetic, tmp_path_factory.mktemp("lazy"))


def test_front_and_best_are_those_of_the_whole_space(synthetic, whole, lazy):
    assert synthetic.front(lazy.ranking) == synthetic.front(whole.ranking)
    assert [r.genotype for r in lazy.ranking[:BEST]] == [r.genotype for r in whole.ranking[:BEST]]
    assert lazy.mean_cost == whole.mean_cost and lazy.winner.fitness == whole.winner.fitness


def test_less_than_half_is_priced(whole, lazy):
    assert len(lazy.records) < len(whole.records) / 2


def test_an_interrupted_pricing_goes_on_to_the_same_result(synthetic, lazy, tmp_path):
    priced = []

    def stopping(architecture):
        if len(priced) == 30:
            raise KeyboardInterrupt
        priced.append(str(architecture))
        return synthetic.evaluate(architecture)

    with pytest.raises(KeyboardInterrupt):
        lazily(synthetic, tmp_path, evaluate=stopping)

    def going_on(architecture):
        assert str(architecture) not in priced[:-1], "what is stored is not priced again"
        return synthetic.evaluate(architecture)

    assert lazily(synthetic, tmp_path, evaluate=going_on).records == lazy.records


def test_more_finalists_ask_for_more_and_keep_what_is_there(synthetic, whole, lazy, tmp_path):
    lazily(synthetic, tmp_path)
    more = lazily(synthetic, tmp_path, best=25)
    assert [r.genotype for r in more.ranking[:25]] == [r.genotype for r in whole.ranking[:25]]
    assert {r.genotype for r in lazy.records} <= {r.genotype for r in more.records}


def test_a_subtree_that_is_kept_is_not_walked_again(synthetic):
    kept, walked = Memory(), []

    def bound(first):
        walked.append(first)
        return bound_of(synthetic)(first)

    first = walk_bounds(synthetic.WALKED, bound, kept, SETTINGS)
    for genes in subtrees(synthetic.WALKED)[4:]:
        kept.pop(genes)
    walked.clear()
    again = walk_bounds(synthetic.WALKED, bound, kept, SETTINGS)
    assert walked == subtrees(synthetic.WALKED)[4:]
    assert np.array_equal(again.cost, first.cost) and np.array_equal(again.possible, first.possible)


def test_the_numbers_of_bounds_are_the_order_of_the_tree(synthetic):
    bounds = walk_bounds(synthetic.WALKED, synthetic.evaluate_subtree, Memory(), SETTINGS)
    for number in range(0, 243, 20):
        architecture = bounds.architecture(number)
        assert bounds.number(architecture) == number
        assert bounds.accuracy[number] == synthetic.evaluate(architecture).accuracy


def test_limits_that_a_bound_breaks_are_never_priced(synthetic, tmp_path):
    limited = replace(SETTINGS, constraints=Constraints(max_cores=12), reference=0, mean_cost=1e-5)
    found = lazily(synthetic, tmp_path, limited, best=1)
    assert all(record.cores * 0.7 - 1 <= 12 for record in found.records)
    assert found.winner.cores <= 12


def test_a_limit_that_no_bound_keeps_is_refused(synthetic, tmp_path):
    impossible = replace(SETTINGS, constraints=Constraints(max_cores=1), reference=0, mean_cost=1e-5)
    with pytest.raises(DoesNotFitError, match="none of"):
        lazily(synthetic, tmp_path, impossible)


@st.composite
def spaces(draw):
    """(accuracies, costs, bounds of them, whether each fits) of a few architectures; ties are many."""
    count = draw(st.integers(1, 30))
    accuracies = draw(st.lists(st.integers(0, 8), min_size=count, max_size=count))
    costs = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    shares = draw(st.lists(st.sampled_from([0.3, 0.7, 0.9, 1.0]), min_size=count, max_size=count))
    fits = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(accuracies) / 8, np.array(costs, float), np.array(costs) * np.array(shares), np.array(fits)


@settings(max_examples=150, deadline=None)
@given(spaces(), st.integers(1, 4), st.sampled_from([0.0, -0.08, -1.0]))
def test_whatever_the_accuracies_are_lazy_equals_all(space, best, exponent):
    accuracy, cost, least, fits = space
    # Some of those that do not fit are known not to by their bound.
    bounds = Bounds(None, accuracy, least, fits | (np.arange(len(fits)) % 2 == 0))
    priced = np.zeros(len(accuracy), bool)

    def point(number):
        return accuracy[number], cost[number]

    def values(numbers):
        return sorted((fitness(*point(n), 2.0, exponent) for n in numbers), reverse=True)

    while True:
        feasible = np.flatnonzero(priced & fits)
        known = values(feasible)
        reached = known[best - 1] if len(known) >= best else -np.inf
        numbers = needed(bounds, priced, [point(n) for n in feasible], reached, 2.0, exponent)
        if not len(numbers):
            break
        assert not priced[numbers].any()
        priced[numbers[:2]] = True
    everyone = np.flatnonzero(fits)
    assert values(feasible)[:best] == values(everyone)[:best]
    of_all, of_some = ([point(n) for n in group] for group in (everyone, feasible))
    assert [of_all[i] for i in pareto_front(of_all)] == [of_some[i] for i in pareto_front(of_some)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_dominated_is_what_a_loop_finds(points):
    accuracy, cost = (grid.reshape(-1).astype(float) for grid in np.meshgrid(np.arange(6), np.arange(6)))
    by_loop = [any(a >= x and c <= y for a, c in points) for x, y in zip(accuracy, cost)]
    assert dominated(accuracy, cost, points).tolist() == by_loop
