"""Successive halving: more candidates begin than can be trained to the end, and after each rung the better half goes on.

Jamieson and Talwalkar (AISTATS 2016), with a halving rate of 2: a rung ends at twice the epochs of the one before, so that every
rung costs about the same. The budget is counted in epochs of one network, each of the same images, never in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One rung of a schedule.

    Args:
        number: from 1.
        networks: how many are trained in it.
        begin, end: epochs as floats that each has behind it, before and after.
        cost: epochs of all of them in this rung, those of a teacher and those with the integers in the loop included.
    """

    number: int
    networks: int
    begin: int
    end: int
    cost: int


def most_rungs(epochs: int) -> int:
    """Rungs into which so many epochs can be halved, the first of one epoch at least."""
    return max(1, epochs).bit_length()


def ends(rungs: int, epochs: int) -> list[int]:
    """Epochs as floats after each rung; the last has all of them."""
    return [epochs >> (rungs - 1 - number) for number in range(rungs)]


def halved(networks: int) -> int:
    """How many of a rung go on to the next."""
    return -(-networks // 2)


def rungs_of(networks: int, rungs: int, epochs: int, *, before: int = 0, integers: int = 0) -> list[Rung]:
    """What it takes to begin with so many networks.

    Args:
        rungs, epochs: how many rungs, and the epochs as floats at the end of the last.
        before: epochs that every network takes before its first (its teacher's).
        integers: epochs with the integers in the loop, which the networks of the last rung take.
    """
    schedule, begin = [], 0
    for number, end in enumerate(ends(rungs, epochs), 1):
        each = end - begin + (before if number == 1 else 0) + (integers if number == rungs else 0)
        schedule.append(Rung(number, networks, begin, end, networks * each))
        networks, begin = halved(networks), end
    return schedule


def schedule(finalists: int, rungs: int, epochs: int, *, before: int = 0, integers: int = 0) -> list[Rung]:
    """The rungs in which the most networks begin that cost no more than `finalists` trained to the end.

    Args:
        as in `rungs_of`.
    """
    budget = finalists * (before + epochs + integers)
    networks = finalists  # that many always do: fewer of them go on

    def taken(count: int) -> list[Rung]:
        return rungs_of(count, rungs, epochs, before=before, integers=integers)

    while cost(taken(networks + 1)) <= budget and rungs > 1:
        networks += 1
    return taken(networks)


def cost(schedule: Sequence[Rung]) -> int:
    """Epochs of all networks in all rungs."""
    return sum(rung.cost for rung in schedule)
