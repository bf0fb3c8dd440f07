"""The search space: which genotypes there are, and how they are drawn, mutated and crossed.

Operators: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738), and its public code (evolution_algo.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, Architecture, slot_name
from autosnn_hw.errors import InputError
from autosnn_hw.macro_architectures import SPACES

MUTATION_PROBABILITY = 0.2  # per slot (AutoSNN)

Gene = tuple[str, int]  # block name, groups of its convolutions


@dataclass(frozen=True)
class SearchSpace:
    """All architectures of one macro-architecture, width and number of timesteps.

    Args:
        space: macro-architecture, a key of `autosnn_hw.macro_architectures.SPACES`.
        width: base width C.
        timesteps: T.
        genes: the (block, groups) pairs that each slot may hold, in the order that gives them their digit.
        grouped: whether genotypes name their groups; False where every gene has one group.
    """

    space: str
    width: int
    timesteps: int
    genes: tuple[tuple[Gene, ...], ...]
    grouped: bool = False

    @property
    def slots(self) -> int:
        return len(self.genes)

    @property
    def size(self) -> int:
        """Number of architectures: 3,125 for five slots of five blocks."""
        return prod(len(genes) for genes in self.genes)

    def architecture(self, genes: Sequence[Gene]) -> Architecture:
        """The architecture that holds `genes`, one a slot."""
        groups = tuple(groups for _, groups in genes) if self.grouped else None
        return Architecture(tuple(block for block, _ in genes), self.space, self.width, self.timesteps, groups)

    def genes_of(self, architecture: Architecture) -> tuple[Gene, ...]:
        """The (block, groups) pairs of an architecture.

        Raises:
            InputError: the architecture is not in this space.
        """
        groups = architecture.groups or (1,) * len(architecture.blocks)
        genes = tuple(zip(architecture.blocks, groups))
        for slot, gene in enumerate(genes):
            if slot >= self.slots or gene not in self.genes[slot]:
                allowed = ", ".join(self.describe(slot)) if slot < self.slots else "no such slot"
                raise InputError(
                    f"architecture {architecture} is not in the search space: {slot_name(slot)} is {gene[0]}/{gene[1]}; allowed: {allowed}."
                )
        return genes

    def digits(self, genes: Sequence[Gene]) -> tuple[int, ...]:
        """Numbers of the genes of the first slots in their slots."""
        return tuple(slot.index(gene) for slot, gene in zip(self.genes, genes))

    def describe(self, slot: int) -> list[str]:
        """The names that slot `slot` (from 0) may hold."""
        return [f"{block}/{groups}" if self.grouped else block for block, groups in self.genes[slot]]

    def index(self, architecture: Architecture) -> int:
        """Number of an architecture: one digit a slot, the least significant is TBD1 (base 5 for five blocks)."""
        number = 0
        for slot, gene in reversed(list(enumerate(self.genes_of(architecture)))):
            number = number * len(self.genes[slot]) + self.genes[slot].index(gene)
        return number

    def at(self, index: int) -> Architecture:
        """The architecture with number `index` (inverse of `index`).

        Raises:
            InputError: no such number.
        """
        if not 0 <= index < self.size:
            raise InputError(
                f"architecture number {index} does not exist; the space has {self.size} (0 to {self.size - 1})."
            )
        genes = []
        for slot in self.genes:
            index, digit = divmod(index, len(slot))
            genes.append(slot[digit])
        return self.architecture(genes)

    def __iter__(self) -> Iterator[Architecture]:
        return (self.at(index) for index in range(self.size))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One architecture; each slot's block is uniform, and so are its groups among those that the block may have."""
        return self.architecture([_draw(genes, None, rng) for genes in self.genes])

    def mutate(
        self, parent: Architecture, rng: np.random.Generator, probability: float = MUTATION_PROBABILITY
    ) -> Architecture:
        """Each slot changes with `probability`, to a uniformly chosen different block (or the same block otherwise grouped)."""
        genes = list(self.genes_of(parent))
        for slot, choices in enumerate(self.genes):
            if rng.random() < probability and len(choices) > 1:
                genes[slot] = _draw(choices, genes[slot], rng)
        return self.architecture(genes)

    def cross(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Slots of `first` up to one cut between two slots, of `second` from there on."""
        cut = int(rng.integers(1, self.slots))
        return self.architecture([*self.genes_of(first)[:cut], *self.genes_of(second)[cut:]])


def _draw(genes: Sequence[Gene], present: Gene | None, rng: np.random.Generator) -> Gene:
    """A gene other than `present`: block first, then groups, so that a block with many groupings is not drawn more often."""
    by_block: dict[str, list[Gene]] = {}
    for gene in genes:
        if gene != present:
            by_block.setdefault(gene[0], []).append(gene)
    blocks = list(by_block)
    choices = by_block[blocks[int(rng.integers(len(blocks)))]]
    return choices[int(rng.integers(len(choices)))]


def search_space(
    space: str = "SNN_1",
    *,
    width: int = 16,
    timesteps: int = 8,
    blocks: Sequence[str] = SEARCH_BLOCKS,
    groups: Sequence[Mapping[str, Sequence[int]]] | None = None,
) -> SearchSpace:
    """The space of all choices of `blocks` for every slot.

    Args:
        space: macro-architecture.
        blocks: block names, in the order of their digits.
        groups: for crossbar targets, a mapping per slot: block name -> numbers of groups to choose from (a block that is
            not named has one group). None for ungrouped genotypes.

    Raises:
        InputError: unknown space or block, or a wrong number of slots.
    """
    if space not in SPACES:
        raise InputError(f"unknown space {space!r}; known are {', '.join(SPACES)}.")
    slots = len(SPACES[space].slots)
    known = tuple(BLOCKS)
    if not blocks or len(set(blocks)) != len(blocks) or not set(blocks) <= set(known):
        raise InputError(f"blocks {', '.join(blocks) or '(none)'} must be distinct and of these: {', '.join(known)}.")
    if groups is not None and len(groups) != slots:
        raise InputError(f"groups names {len(groups)} slots; {space} has {slots}.")
    genes = []
    for slot in range(slots):
        numbers = {} if groups is None else groups[slot]
        genes.append(tuple((block, int(g)) for block in blocks for g in numbers.get(block, (1,))))
    return SearchSpace(space, width, timesteps, tuple(genes), groups is not None)
