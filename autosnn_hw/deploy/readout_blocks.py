"""The block-sparse readout of crossbar chips: no voter may read more inputs than a core has axons for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv


def blocks_needed(inputs: int, block: int = 128) -> int:
    """B = ceil(N / 128): blocks of consecutive inputs in (C, H, W) order."""
    return -(-inputs // block)


def voters_needed(inputs: int, block: int = 128) -> int:
    """V = max(10, B) voters a class, so that every input has a reader."""
    return max(10, blocks_needed(inputs, block))


def readout_mask(inputs: int, classes: int, voters: int, block: int = 128) -> np.ndarray:
    """bool (classes * voters, inputs): voter j of every class reads block j mod B."""
    reads = np.arange(inputs)[None, :] // block == (np.arange(voters) % blocks_needed(inputs, block))[:, None]
    return np.tile(reads, (classes, 1))


def check_voters(inputs: int, voters: int, block: int = 128) -> None:
    """Refuse a readout in which some input has no reader.

    Raises:
        InputError: fewer voters than blocks.
    """
    if voters < blocks_needed(inputs, block):
        raise InputError(
            f"layer 'readout': {voters} voters a class cannot read {inputs} inputs at {block} each; "
            f"train with at least {voters_needed(inputs, block)} voters for this target."
        )


def keep_blocks(conv: FoldedConv, classes: int, voters: int, block: int = 128) -> FoldedConv:
    """The readout with the synapses outside each voter's block removed.

    What was trained dense keeps its mean drive: the rest is multiplied by the number of blocks. A readout that has no other
    synapses comes back as it is.
    """
    inputs = conv.weight.shape[1]
    mask = readout_mask(inputs, classes, voters, block)
    gain = blocks_needed(inputs, block) if (conv.weight[~mask] != 0).any() else 1
    return replace(conv, weight=np.where(mask, gain * conv.weight, 0.0))
