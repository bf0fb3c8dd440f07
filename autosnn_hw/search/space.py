"""The search space: which genotypes there are, and how they are drawn, mutated and crossed.

Operators: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738), and its public code (evolution_algo.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, Architecture, slot_name
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.errors import InputError

MUTATION_PROBABILITY = 0.2  # per slot (AutoSNN)

WIDTH, TIMESTEPS = "C", "T"
Gene = tuple[str, int]  # block name, groups of its convolutions; or a size: ("C", width), ("T", timesteps)


@dataclass(frozen=True)
class SearchSpace:
    """All architectures of one macro-architecture at one or several widths and numbers of timesteps.

    Args:
        space: macro-architecture, as `autosnn_hw.architecture.macro_architectures.macro` takes it.
        width: base width C, the largest of several.
        timesteps: T, the largest of several.
        genes: the (block, groups) pairs that each slot may hold, in the order that gives them their digit.
        grouped: whether genotypes name their groups; False where every gene has one group.
        widths, steps: widths and timesteps to choose from, ascending; empty where there is one.
    """

    space: str
    width: int
    timesteps: int
    genes: tuple[tuple[Gene, ...], ...]
    grouped: bool = False
    widths: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    @property
    def slots(self) -> int:
        return len(self.genes)

    @cached_property
    def loci(self) -> tuple[tuple[Gene, ...], ...]:
        """What is chosen from, in the order of a genotype: the width where there are several, the slots, and the timesteps
        where there are several. Architectures that agree in what comes first share what is computed of it."""
        widths, steps = (
            tuple((letter, size) for size in sizes) for letter, sizes in ((WIDTH, self.widths), (TIMESTEPS, self.steps))
        )
        return (*([widths] if widths else []), *self.genes, *([steps] if steps else []))

    @property
    def reads(self) -> tuple[int, ...]:
        """All numbers of timesteps that its architectures have, ascending."""
        return self.steps or (self.timesteps,)

    @property
    def names(self) -> list[str]:
        """A name for each of `loci`."""
        slots = [slot_name(slot) for slot in range(self.slots)]
        return ["width"] * bool(self.widths) + slots + ["timesteps"] * bool(self.steps)

    @property
    def size(self) -> int:
        """Number of architectures: 3,125 for five slots of five blocks."""
        return prod(map(len, self.loci))

    def of_blocks(self, genes: Sequence[Gene], width: int | None = None, timesteps: int | None = None) -> Architecture:
        """The architecture with these (block, groups) pairs, one a slot; as large as the space has it where no size is given."""
        groups = tuple(groups for _, groups in genes) if self.grouped else None
        named = WIDTH * bool(self.widths) + TIMESTEPS * bool(self.steps)
        sizes = width or self.width, timesteps or self.timesteps
        return Architecture(tuple(block for block, _ in genes), self.space, *sizes, groups, named)

    @property
    def largest(self) -> Architecture:
        """An architecture of the greatest width and the most timesteps; what all such have in common is read off it."""
        return self.of_blocks([genes[0] for genes in self.genes])

    def architecture(self, genes: Sequence[Gene]) -> Architecture:
        """The architecture that holds `genes`, one of each of `loci`."""
        width, blocks, steps = self.parts(genes)
        return self.of_blocks(blocks, width, steps)

    def parts(self, genes: Sequence[Gene]) -> tuple[int | None, tuple[Gene, ...], int | None]:
        """(width, genes of slots, timesteps) of the first genes of a genotype, sizes None where they are not among them."""
        left = tuple(genes)
        width = left[0][1] if self.widths and left else None
        blocks = left[bool(self.widths) :][: self.slots]
        steps = left[-1][1] if self.steps and len(left) == len(self.loci) else None
        return width, blocks, steps

    def parse(self, text: str) -> Architecture:
        """The architecture of this space that a text names; sizes that it does not name are the largest.

        Raises:
            InputError: there is none.
        """
        known = Architecture.parse(text, space=self.space, width=self.width, timesteps=self.timesteps)
        return self.architecture(self.genes_of(known))

    def genes_of(self, architecture: Architecture) -> tuple[Gene, ...]:
        """The genes of an architecture, one of each of `loci`.

        Raises:
            InputError: the architecture is not in this space.
        """
        for letter, known, size in (
            (WIDTH, self.widths or (self.width,), architecture.width),
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
        width, steps = (WIDTH, architecture.width), (TIMESTEPS, architecture.timesteps)
        return (*([width] if self.widths else []), *genes, *([steps] if self.steps else []))

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
        return [*([widths] if widths else []), *slots, *([steps] if steps else [])]

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
        return self.architecture([_draw(genes, None, rng) for genes in self.loci])

    def mutate(
        self, parent: Architecture, rng: np.random.Generator, probability: float = MUTATION_PROBABILITY
    ) -> Architecture:
        """Each slot changes with `probability`, to a uniformly chosen different block (or the same block otherwise grouped); so
        do the sizes."""
        genes = list(self.genes_of(parent))
        for locus, choices in enumerate(self.loci):
            if rng.random() < probability and len(choices) > 1:
                genes[locus] = _draw(choices, genes[locus], rng)
        return self.architecture(genes)

    def cross(self, first: Architecture, second: Architecture, rng: np.random.Generator) -> Architecture:
        """Genes of `first` up to one cut between two of them, of `second` from there on."""
        cut = int(rng.integers(1, len(self.loci)))
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
    width: int | Sequence[int] = 16,
    timesteps: int | Sequence[int] = 8,
    blocks: Sequence[str] | Sequence[Sequence[str]] = SEARCH_BLOCKS,
    groups: Sequence[Mapping[str, Sequence[int]]] | None = None,
) -> SearchSpace:
    """The space of all choices of `blocks` for every slot.

    Args:
        space: macro-architecture.
        width, timesteps: C and T, or several to choose from.
        blocks: block names, in the order of their digits, the same for all slots or for each slot its own.
        groups: for crossbar targets, a mapping per slot: block name -> numbers of groups to choose from (a block that is
            not named has one group). None for ungrouped genotypes.

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
    several = (sizes if len(sizes) > 1 else () for sizes in (widths, steps))
    return SearchSpace(space, widths[-1], steps[-1], tuple(genes), groups is not None, *several)
