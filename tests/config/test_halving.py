"""Successive halving: what a schedule of rungs promises."""

from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config.halving import cost, ends, halved, most_rungs, schedule

EPOCHS = st.integers(1, 80)


@st.composite
def choices(draw):
    epochs = draw(EPOCHS)
    rungs = draw(st.integers(1, most_rungs(epochs)))
    return draw(st.integers(1, 24)), rungs, epochs, draw(st.sampled_from([0, epochs])), draw(st.integers(0, 12))


@given(choices())
def test_no_more_is_spent_than_on_finalists_without_rungs_and_one_more_network_would_be_too_many(chosen):
    finalists, rungs, epochs, before, integers = chosen
    plan = schedule(finalists, rungs, epochs, before=before, integers=integers)
    budget = finalists * (before + epochs + integers)
    assert cost(plan) <= budget
    assert plan[0].networks >= finalists
    # Counted otherwise: every network's way, network by network.
    alive, spent = [rung.networks for rung in plan], 0
    for network in range(alive[0]):
        climbed = sum(network < count for count in alive)
        spent += before + plan[climbed - 1].end + (integers if climbed == rungs else 0)
    assert spent == cost(plan)
    more = plan[0].networks + 1
    grown = 0
    for number, end in enumerate(ends(rungs, epochs)):
        begin = ends(rungs, epochs)[number - 1] if number else 0
        grown += more * (end - begin + (before if number == 0 else 0) + (integers if number == rungs - 1 else 0))
        more = halved(more)
    assert grown > budget


@given(choices())
def test_each_rung_keeps_the_better_half_and_goes_on_where_the_last_ended(chosen):
    finalists, rungs, epochs, before, integers = chosen
    plan = schedule(finalists, rungs, epochs, before=before, integers=integers)
    assert [rung.number for rung in plan] == list(range(1, rungs + 1))
    assert plan[0].begin == 0 and plan[-1].end == epochs
    for rung, following in zip(plan, plan[1:]):
        assert following.begin == rung.end < following.end
        assert rung.end <= following.end / 2
        assert rung.networks / 2 <= following.networks <= (rung.networks + 1) / 2


@given(choices(), st.integers(0, 6))
def test_more_finalists_begin_with_no_fewer_networks_in_any_rung(chosen, more):
    finalists, rungs, epochs, before, integers = chosen
    few, many = (
        schedule(count, rungs, epochs, before=before, integers=integers) for count in (finalists, finalists + more)
    )
    assert all(one.networks <= other.networks and one.end == other.end for one, other in zip(few, many))


@given(EPOCHS)
def test_as_many_rungs_as_epochs_can_be_halved(epochs):
    assert ends(most_rungs(epochs), epochs)[0] == 1
    assert ends(most_rungs(epochs) + 1, epochs)[0] == 0


def test_without_rungs_it_is_what_it_was():
    (only,) = schedule(8, 1, 20, integers=5)
    assert (only.networks, only.begin, only.end, only.cost) == (8, 0, 20, 200)
