"""What a genotype is made of, and how one of several genes is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autosnn_hw.architecture.pool_list import Placement

WIDTH, POOLS, TIMESTEPS = "C", "P", "T"
# Block name, groups of its convolutions; or a size: ("C", width), ("P", number of the placement among those of the space),
# ("T", timesteps).
Gene = tuple[str, int]


class GenotypeParts(NamedTuple):
    """What the first genes of a genotype choose; None for a size that is not among them, or that the space has one of."""

    width: int | None
    pools: Placement | None
    blocks: tuple[Gene, ...]
    steps: int | None


def drawn(genes: Sequence[Gene], present: Gene | None, rng: np.random.Generator) -> Gene:
    """A gene other than `present`: block first, then groups, so that a block with many groupings is not drawn more often."""
    by_block: dict[str, list[Gene]] = {}
    for gene in genes:
        if gene != present:
            by_block.setdefault(gene[0], []).append(gene)
    blocks = list(by_block)
    choices = by_block[blocks[int(rng.integers(len(blocks)))]]
    return choices[int(rng.integers(len(choices)))]
