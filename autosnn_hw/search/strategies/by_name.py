"""The strategy that a search's settings name."""

from __future__ import annotations

from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.strategies.evolution import Strategy, strategy

NSGA2 = "nsga2"


def strategy_of(settings: SearchSettings, space: SearchSpace) -> Strategy:
    """What asks for the generations of a search.

    Raises:
        InputError: unknown name.
    """
    if settings.strategy == NSGA2:
        from autosnn_hw.search.strategies.nsga2 import Nsga2

        return Nsga2(space, settings.seed, settings.population, settings.constraints)
    return strategy(settings.strategy, space, settings.seed, settings.population)
