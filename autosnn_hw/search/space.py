"""The search space: which genotypes there are, and how they are drawn, mutated and crossed.

Operators: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738), and its public code (evolution_algo.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, Architecture, slot_name
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.architecture.pool_list import Placement, in_text
from autosnn_hw.errors import InputError
from autosnn_hw.search.genes import POOLS, TIMESTEPS, WIDTH, Gene, GenotypeParts, drawn

MUTATION_PROBABILITY = 0.2  # per slot (AutoSNN)


@dataclass(frozen=True)
class SearchSpace:
    """All architectures of one macro-architecture at one or several widths, placements of its pools and numbers of timesteps.

    Args:
        space: macro-architecture, as `autosnn_hw.architecture.macro_architectures.macro` takes it.
        width: base width C, the largest of several.
        timesteps: T, the largest of several.
        genes: the (block, groups) pairs that each slot may hold, in the order that gives them their digit.
        grouped: whether genotypes name their groups; False where every gene has one group.
        widths, steps: widths and timesteps to choose from, ascending; empty where there is one.
        pools: where the pools of an architecture stand that names no placement; None: where the macro-architecture has them.
        placements: of its pools, to choose from, `pools` the first of them; empty where there is one.
    """

    space: str
    width: int
    timesteps: int
    genes: tuple[tuple[Gene, ...], ...]
    grouped: bool = False
    widths: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    pools: Placement | None = None
    placements: tuple[Placement, ...] = ()

    @property
    def slots(self) -> int:
        return len(self.genes)

    @cached_property
    def loci(self) -> tuple[tuple[Gene, ...], ...]:
        """What is chosen from, in the order of a genotype: width and placement of pools where there are several, the slots, and
        the timesteps where there are several. Architectures that agree in what comes first share what is computed of it."""
        sizes = ((WIDTH, self.widths), (POOLS, range(len(self.placements))), (TIMESTEPS, self.steps))
        widths, pools, steps = (
            [tuple((letter, size) for size in several)] * bool(several) for letter, several in sizes
        )
        return (*widths, *pools, *self.genes, *steps)

    @property
    def before(self) -> int:
        """How many of `loci` stand before the slots; of each way to choose these a walk has a tree of its own."""
        return bool(self.widths) + bool(self.placements)

    @property
    def roots(self) -> list[tuple[int, Placement | None]]:
        """(width, pools) of each of these trees, in order."""
        return list(product(self.widths or (self.width,), self.placements or (self.pools,)))

    @property
    def reads(self) -> tuple[int, ...]:
        """All numbers of timesteps that its architectures have, ascending."""
        return self.steps or (self.timesteps,)

    @property
    def names(self) -> list[str]:
        """A name for each of `loci`."""
        slots = [slot_name(slot) for slot in range(self.slots)]
        before = ["width"] * bool(self.widths) + ["pools"] * bool(self.placements)
        return before + slots + ["timesteps"] * bool(self.steps)

    @property
    def size(self) -> int:
        """Number of architectures: 3,125 for five slots of five blocks."""
        return prod(map(len, self.loci))

    def of_blocks(
        self,
        genes: Sequence[Gene],
        width: int | None = None,
        timesteps: int | None = None,
        pools: Placement | None = None,
    ) -> Architecture:
        """The architecture with these (block, groups) pairs, one a slot; as large as the space has it where no size is given, its
        pools where they stand by default."""
        groups = tuple(groups for _, groups in genes) if self.grouped else None
        named = WIDTH * bool(self.widths) + POOLS * bool(self.placements) + TIMESTEPS * bool(self.steps)
        sizes = width or self.width, timesteps or self.timesteps
        return Architecture(tuple(block for block, _ in genes), self.space, *sizes, groups, pools or self.pools, named)

    @property
    def largest(self) -> Architecture:
        """An architecture of the greatest width and the most timesteps; what all such have in common is read off it."""
        return self.of_blocks([genes[0] for genes in self.genes])

    def architecture(self, genes: Sequence[Gene]) -> Architecture:
        """The architecture that holds `genes`, one of each of `loci`."""
        width, pools, blocks, steps = self.parts(genes)
        return self.of_blocks(blocks, width, steps, pools)

    def parts(self, genes: Sequence[Gene]) -> GenotypeParts:
        """What the first genes of a genotype choose."""
        left = tuple(genes)
        sizes = dict(left[: self.before])
        blocks = left[self.before :][: self.slots]
        steps = left[-1][1] if self.steps and len(left) == len(self.loci) else None
        return GenotypeParts(sizes.get(WIDTH), self.placements[sizes[POOLS]] if POOLS in sizes else None, blocks, steps)

    def parse(self, text: str) -> Architecture:
        """The architecture of this space that a text names; sizes that it does not name are the largest, pools the space's first.

        Raises:
            InputError: there is none.
        """
        known = Architecture.parse(text, space=self.space, width=self.width, timesteps=self.timesteps, pools=self.pools)
        return self.architecture(self.genes_of(known))

    def genes_of(self, architecture: Architecture) -> tuple[Gene, ...]:
        """The genes of an architecture, one of each of `loci`.

        Raises:
            InputError: the architecture is not in this space.
        """
        places = self.placements or (self.pools or macro(self.space).placement,)
        for letter, known, size in (
            (WIDTH, self.widths or (self.width,), architecture.width),
            (POOLS, tuple(map(in_text, places)), in_text(architecture.placement)),
            (TIMESTEPS, self.reads, architecture.timesteps),
        ):
            if size not in known and (len(known) > 1 or letter in architecture.named):
                allowed = ", ".join(f"{letter}{number}" for number in known)
                raise InputError(
                    f"architecture {architecture} is not in the search space: it is {letter}{size}; allowed: {allowed}."
                )
        groups = architecture.groups or (1,) * len(architecture.blocks)
        genes = tuple(zip(architecture.blocks, groups))
        for slot, gene in enumerate(genes):
            if slot >= self.slots or gene not in self.genes[slot]:
                allowed = ", ".join(self.describe(slot)) if slot < self.slots else "no such slot"
                raise InputError(
                    f"architecture {architecture} is not in the search space: {slot_name(slot)} is {gene[0]}/{gene[1]}; allowed: {allowed}."
                )
        width, steps = [(WIDTH, architecture.width)], [(TIMESTEPS, architecture.timesteps)]
        pools = [(POOLS, self.placements.index(architecture.placement))] if self.placements else []
        return (*width * bool(self.widths), *pools, *genes, *steps * bool(self.steps))

    def digits(self, genes: Sequence[Gene]) -> tuple[int, ...]:
        """Numbers of the first genes of a genotype among those to choose from."""
        return tuple(choices.index(gene) for choices, gene in zip(self.loci, genes))

    def describe(self, slot: int) -> list[str]:
        """The names that slot `slot` (from 0) may hold."""
        return [f"{block}/{groups}" if self.grouped else block for block, groups in self.genes[slot]]

    def words(self) -> list[list[str]]:
        """For each of `loci` the names of its genes."""
        slots = [self.describe(slot) for slot in range(self.slots)]
        widths, steps = [str(width) for width in self.widths], [str(step) for step in self.steps]
        sizes = ([words] * bool(words) for words in (widths, list(map(in_text, self.placements))))
        return [*(words for several in sizes for words in several), *slots, *[steps] * bool(steps)]

    def index(self, architecture: Architecture) -> int:
        """Number of an architecture: one digit for each of `loci`, the least significant first: TBD1 (base 5 for five blocks)
        where there is one width."""
        number = 0
        for choices, gene in reversed(list(zip(self.loci, self.genes_of(architecture)))):
            number = number * len(choices) + choices.index(gene)
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
        for choices in self.loci:
            index, digit = divmod(index, len(choices))
            genes.append(choices[digit])
        return self.architecture(genes)

    def __iter__(self) -> Iterator[Architecture]:
        return (self.at(index) for index in range(self.size))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One architecture; each slot's block is uniform, and so are its groups among those that the block may have, and sizes."""
        return self.architecture([drawn(genes, None, rng) for genes in self.loci])

    def mutate(
        self, parent: Architecture, rng: np.random.Generator, probability: float = MUTATION_PROBABILITY
    ) -> Architecture:
        """Each slot changes with `probability`, to a uniformly chosen different block (or the same block otherwise grouped); so
        do the sizes."""
        genes = list(self.genes_of(parent))
        for locus, choices in enumerate(self.loci):
            if rng.random() < probability and len(choices) > 1:
                genes[locus] = drawn(choices, genes[locus], rng)
        return self.architecture(genes)

    def cross(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Genes of `first` up to one cut between two of them, of `second` from there on."""
        cut = int(rng.integers(1, len(self.loci)))
        return self.architecture([*self.genes_of(first)[:cut], *self.genes_of(second)[cut:]])


def search_space(
    space: str = "SNN_1",
    *,
    width: int | Sequence[int] = 16,
    timesteps: int | Sequence[int] = 8,
    blocks: Sequence[str] | Sequence[Sequence[str]] = SEARCH_BLOCKS,
    groups: Sequence[Mapping[str, Sequence[int]]] | None = None,
    pools: Sequence[Placement] = (),
) -> SearchSpace:
    """The space of all choices of `blocks` for every slot.

    Args:
        space: macro-architecture.
        width, timesteps: C and T, or several to choose from.
        blocks: block names, in the order of their digits, the same for all slots or for each slot its own.
        groups: for crossbar targets, a mapping per slot: block name -> numbers of groups to choose from (a block that is
            not named has one group). None for ungrouped genotypes.
        pools: placements to choose from, that of architectures which name none first; none: the macro-architecture's own.

    Raises:
        InputError: unknown space or block, a wrong number of slots, or groups at several widths.
    """
    slots = len(macro(space).slots)
    each = [tuple(own) for own in blocks if not isinstance(own, str)]
    names = each or [tuple(own for own in blocks if isinstance(own, str))] * slots
    for own in names:
        if not own or len(set(own)) != len(own) or not set(own) <= set(BLOCKS):
            raise InputError(f"blocks {', '.join(own) or '(none)'} must be distinct and of these: {', '.join(BLOCKS)}.")
    if len(names) != slots:
        raise InputError(f"blocks name {len(names)} slots; {space} has {slots}.")
    if groups is not None and len(groups) != slots:
        raise InputError(f"groups names {len(groups)} slots; {space} has {slots}.")
    genes = []
    for slot in range(slots):
        numbers = {} if groups is None else groups[slot]
        genes.append(tuple((block, int(g)) for block in names[slot] for g in numbers.get(block, (1,))))
    widths, steps = (tuple(sorted({sizes} if isinstance(sizes, int) else set(sizes))) for sizes in (width, timesteps))
    if groups is not None and len(widths) > 1:
        raise InputError(
            f"widths {', '.join(map(str, widths))}: groups follow from the width, so that a space with groups has one; give one width."
        )
    placements: tuple[Placement, ...] = tuple(map(tuple, pools))
    return SearchSpace(
        space,
        widths[-1],
        steps[-1],
        tuple(genes),
        groups is not None,
        widths if len(widths) > 1 else (),
        steps if len(steps) > 1 else (),
        placements[0] if placements else None,
        placements if len(placements) > 1 else (),
    )
