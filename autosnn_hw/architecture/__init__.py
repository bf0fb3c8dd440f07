"""Genotypes, and the spaces that they are from: blocks, macro-architectures, published ones and one's own."""

from autosnn_hw.architecture.genotype import (
    ABLATION_BLOCKS,
    BLOCKS,
    SEARCH_BLOCKS,
    SKIP,
    Architecture,
    BlockKind,
    words,
)
from autosnn_hw.architecture.stage_layout import (
    FIRST_SIDE,
    SMALLEST_SIDE,
    Stage,
    block_convolutions,
    block_groups,
    front,
    front_sentence,
    layout,
    slot_name,
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
