"""Generations: new, distinct, reproducible; AutoSNN's 400 architectures; nothing infeasible has children."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError
from autosnn_hw.search.space import search_space
from autosnn_hw.search.strategies.evolution import STRATEGIES, reference_architectures, strategy

SPACE = search_space(width=8, timesteps=4)
SMALL = search_space(blocks=("skip", "SRB_k3"))  # 32 architectures


def walk(name, generations, *, space=SPACE, seed=0, score=lambda a: space_score(a), shuffle=None):
    """Run a strategy with a known score; returns the generations."""
    asking, seen, history = strategy(name, space, seed), {}, []
    for generation in range(generations):
        asked = asking.ask(generation, sorted(seen, key=lambda a: (-seen[a], str(a))), seen.keys())
        history.append(asked)
        order = list(asked)
        if shuffle is not None:
            random.Random(shuffle).shuffle(order)
        seen.update((architecture, score(architecture)) for architecture in order)
    return history


def space_score(architecture):
    return sum(len(block) * (slot + 1) * (block == "SRB_k5") for slot, block in enumerate(architecture.blocks))


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_twenty_generations_of_the_paper_are_400_distinct_architectures(name):
    history = walk(name, 20)
    assert [len(asked) for asked in history] == [20] * 20
    assert len({architecture for asked in history for architecture in asked}) == 20 + 19 * 20


@settings(max_examples=20)
@given(st.integers(0, 2**40), st.integers(0, 100))
def test_the_order_of_evaluation_changes_nothing(seed, shuffle):
    assert walk("evolution", 4, seed=seed) == walk("evolution", 4, seed=seed, shuffle=shuffle)


def test_another_seed_draws_other_architectures():
    assert walk("evolution", 1, seed=0) != walk("evolution", 1, seed=1)
    assert reference_architectures(SPACE, 0, 20) != walk("evolution", 1, seed=0)[0]


def test_evolution_finds_more_than_random_search():
    best = {
        name: sum(max(space_score(a) for asked in walk(name, 6, seed=seed) for a in asked) for seed in range(10))
        for name in STRATEGIES
    }
    assert best["evolution"] > best["random"]


def test_ten_children_are_near_their_parents():
    """A mutant or a child of one cut holds at least one slot of one of the ten best, unless all slots mutated."""
    first, second = walk("evolution", 2)
    best = sorted(first, key=lambda a: (-space_score(a), str(a)))[:10]
    near = [any(sum(x == y for x, y in zip(a.blocks, b.blocks)) >= 3 for b in best) for a in second]
    assert sum(near) >= 18


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_a_used_up_space_gives_what_is_left_and_then_nothing(name):
    history = walk(name, 3, space=SMALL)
    assert [len(asked) for asked in history] == [20, 12, 0]
    assert {a for asked in history for a in asked} == set(SMALL)


def test_without_parents_a_generation_is_random_and_new():
    asking = strategy("evolution", SPACE, 0)
    seen = set(asking.ask(0, [], set()))
    asked = asking.ask(1, [], seen)
    assert len(set(asked)) == 20
    assert not seen & set(asked)


def test_unknown_strategies_and_empty_generations_are_refused():
    with pytest.raises(InputError, match="unknown strategy 'annealing'; known are evolution, random"):
        strategy("annealing", SPACE, 0)
    with pytest.raises(InputError, match="at least 1"):
        strategy("random", SPACE, 0, population=0)
