"""Which blocks the paths of an update hold: drawn uniformly, or each block of each slot once; at first near an anchor.

Strict fairness: FairNAS, Chu et al., ICCV 2021 (arXiv 1907.01845). Single paths, uniformly: AutoSNN, Na et al., ICML 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Gene = tuple[str, int]  # block name, groups of its convolutions
Slots = Sequence[Sequence[Gene]]  # what each slot may hold
Choice = TypeVar("Choice")
ANCHOR = "SRB_k3"
# Part of the epochs; ternary super-networks do not leave the plateau of equal votes without it (docs/lab/training.md).
SPREADING = 0.6


def anchor(slots: Slots) -> list[Gene]:
    """`ANCHOR` in every slot that has it, in the first of its groupings, else the slot's first gene."""
    return [next((gene for gene in genes if gene[0] == ANCHOR), genes[0]) for genes in slots]


def spread_at(epoch: int, epochs: int) -> float:
    """Share of slots in which the paths of an epoch leave the anchor: from almost none to all in `SPREADING` of the epochs."""
    return min(1.0, (epoch + 0.5) / max(1.0, SPREADING * epochs))


def near_anchor(genes: Sequence[Gene], slots: Slots, random: np.random.Generator, spread: float) -> Sequence[Gene]:
    """The genes of a path, of which each leaves the anchor with probability `spread`."""
    if spread >= 1:
        return genes
    left = random.random(len(genes)) < spread
    return [own if leave else at for own, at, leave in zip(genes, anchor(slots), left)]


def blocks_an_update(slots: Slots) -> int:
    """Paths that hold every block of every slot once: as many as the largest slot has."""
    return max(len(_by_block(genes)) for genes in slots)


def fair(slots: Slots, count: int, random: np.random.Generator) -> list[tuple[Gene, ...]]:
    """Genes of `count` paths that together hold every block of every slot equally often.

    Slots with fewer blocks go round again. Of a block that may be grouped in several ways each path draws one, so that an
    update costs as much as in an ungrouped space.
    """
    orders = []
    for slot in map(_by_block, slots):
        rounds = [random.permutation(len(slot)) for _ in range(-(-count // len(slot)))]
        ways = [slot[i] for i in np.concatenate(rounds)[:count]]
        orders.append([way[random.integers(len(way))] if len(way) > 1 else way[0] for way in ways])
    return list(zip(*orders))


def equally_often(choices: Sequence[Choice], count: int, random: np.random.Generator) -> list[Choice]:
    """`count` of the choices in random order, each as often as any other up to once."""
    rounds = [random.permutation(len(choices)) for _ in range(-(-count // len(choices)))]
    return [choices[int(number)] for number in np.concatenate(rounds)[:count]]


def _by_block(genes: Sequence[Gene]) -> list[list[Gene]]:
    """The genes of a slot, those of one block together."""
    blocks: dict[str, list[Gene]] = {}
    for gene in genes:
        blocks.setdefault(gene[0], []).append(gene)
    return list(blocks.values())
