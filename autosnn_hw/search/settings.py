"""`SearchSettings`: what decides a search, and what a resumed one must share."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from autosnn_hw.architecture.pool_list import in_text
from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.errors import InputError
from autosnn_hw.search.ranking.fitness import LAMBDA, Constraints
from autosnn_hw.search.space import SearchSpace


@dataclass(frozen=True)
class SearchSettings:
    """What decides a search.

    Args:
        objective: key of `autosnn_hw.config.objectives.OBJECTIVES`.
        exponent: lambda, at most 0.
        population: candidates a generation.
        generations: generations after the reference; ignored where a budget is given.
        budget: candidates in all, those of the mean cost included.
        reference: random architectures whose mean modelled cost normalises the fitness, at most a third of a budget; with 0
            of them the first generation does.
        mean_cost: the mean cost itself, in the objective's unit; no reference is then evaluated.
        measure: candidates measured in Lava or on a board a generation.
    """

    objective: str = "energy"
    exponent: float = LAMBDA
    strategy: str = "evolution"
    population: int = 20
    generations: int = 6
    budget: int | None = None
    reference: int = 50
    mean_cost: float | None = None
    measure: int = 2
    seed: int = 0
    constraints: Constraints = field(default_factory=Constraints)

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise InputError(f"unknown objective {self.objective!r}; known are {', '.join(OBJECTIVES)}.")
        if not self.exponent <= 0:
            raise InputError(f"--lambda is {self.exponent}; 0 or less is needed (AutoSNN's is {LAMBDA}).")
        for name, least in (("population", 1), ("generations", 1), ("reference", 0), ("measure", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} is {getattr(self, name)}; at least {least} is needed.")
        if self.budget is not None and self.budget < 2:
            raise InputError(f"--budget is {self.budget}; at least 2 candidates are needed.")
        if self.mean_cost is not None and not self.mean_cost > 0:
            raise InputError(f"the mean cost is {self.mean_cost}; a number above 0 is needed.")

    @property
    def references(self) -> int:
        """Reference architectures that are evaluated."""
        if self.mean_cost is not None:
            return 0
        return self.reference if self.budget is None else min(self.reference, self.budget // 3)

    @property
    def total(self) -> int:
        """Candidates in all."""
        return self.references + self.population * self.generations if self.budget is None else self.budget

    def identity(self, space: SearchSpace) -> dict[str, Any]:
        """What a resumed search must share; the number of generations and the budget may grow."""
        limits = asdict(self.constraints)
        names = ("objective", "strategy", "population", "mean_cost", "measure", "seed")
        return {
            "lambda": self.exponent,
            **{name: getattr(self, name) for name in names},
            "reference": self.references,
            "constraints": limits,
            "space": space.space,
            "width": space.width,
            "timesteps": space.timesteps,
            "choices": [space.describe(slot) for slot in range(space.slots)],
            **({"widths": list(space.widths)} if space.widths else {}),
            **({"steps": list(space.steps)} if space.steps else {}),
            **({} if space.pools is None else {"pools": [in_text(one) for one in space.placements or (space.pools,)]}),
        }
