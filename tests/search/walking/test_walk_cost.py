"""A walk's size, and when it is worth taking."""

import pytest

from autosnn_hw.search.space import search_space
from autosnn_hw.search.walking.walk_cost import walk_cost, with_bounds, worth_walking

DIGITS = search_space(width=8, timesteps=4)


def test_passes_are_the_nodes_of_the_tree():
    cost = walk_cost(DIGITS, (1, 8, 8), 351)
    assert (cost.architectures, cost.passes, cost.alone) == (3125, 5 + 25 + 125 + 625 + 3125, 15625)
    assert walk_cost(search_space(blocks=("skip", "SRB_k3")), (3, 32, 32), 10).passes == 2 + 4 + 8 + 16 + 32


def test_more_images_steps_and_channels_take_longer():
    base = walk_cost(DIGITS, (1, 8, 8), 351).seconds
    assert walk_cost(DIGITS, (1, 8, 8), 3510).seconds > base
    assert walk_cost(search_space(width=8, timesteps=8), (1, 8, 8), 351).seconds > base
    assert walk_cost(search_space(width=16, timesteps=4), (1, 8, 8), 351).seconds > base


def test_the_sentence_says_size_and_time():
    sentence = walk_cost(DIGITS, (1, 8, 8), 351).sentence(2)
    assert sentence.startswith("the whole space: 3,125 architectures in 3,905 block passes (one by one 15,625), about ")
    assert sentence.endswith(" s on 2 processes")
    assert " min on 1 process" in walk_cost(search_space(width=16, timesteps=8), (3, 32, 32), 1064).sentence(1)


@pytest.mark.parametrize(("budget", "worth"), [(12, False), (780, False), (781, True), (3125, True)])
def test_a_budget_that_was_asked_for_is_never_passed(budget, worth):
    assert worth_walking(walk_cost(DIGITS, (1, 8, 8), 351), budget=budget, slots=5, trained=10**9) is worth


def test_without_a_budget_training_is_the_measure():
    """Digits' default trains 15 epochs of 1,150 images and is walked; one epoch of it is not."""
    cost = walk_cost(DIGITS, (1, 8, 8), 351)
    assert worth_walking(cost, budget=None, slots=5, trained=1150 * (3 * 5 + 12 * 25))
    assert not worth_walking(cost, budget=None, slots=5, trained=1150 * 25)


def test_bounds_take_longer_by_the_size_of_the_space():
    walked = walk_cost(DIGITS, (1, 8, 8), 351)
    bounded = with_bounds(walked, 10)
    assert bounded.seconds - walked.seconds > 3125 * 0.01
    assert (bounded.passes, bounded.images) == (walked.passes, walked.images)
