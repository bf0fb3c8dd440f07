"""Genotypes, and the spaces that they are from: blocks, macro-architectures, published ones and one's own."""

from autosnn_hw.architecture.genotype import (
    ABLATION_BLOCKS,
    BLOCKS,
    FIRST_SIDE,
    SEARCH_BLOCKS,
    SKIP,
    SMALLEST_SIDE,
    Architecture,
    BlockKind,
    Stage,
    block_convolutions,
    block_groups,
    front,
    front_sentence,
    layout,
    slot_name,
    words,
)

__all__ = [
    "ABLATION_BLOCKS",
    "BLOCKS",
    "FIRST_SIDE",
    "SEARCH_BLOCKS",
    "SKIP",
    "SMALLEST_SIDE",
    "Architecture",
    "BlockKind",
    "Stage",
    "block_convolutions",
    "block_groups",
    "front",
    "front_sentence",
    "layout",
    "slot_name",
    "words",
]
