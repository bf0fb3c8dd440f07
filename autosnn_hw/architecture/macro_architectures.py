"""What a network is besides its blocks: the macro-architectures of AutoSNN, those it is compared with, and the published names.

AutoSNN: Na et al., ICML 2022 (arXiv 2201.12738) and its public code. The others are built as AutoSNN compares them, each with
PLIF neurons, batch norm over batch and time, and ten voters a class; `docs/reproduction.md` says what their own papers do otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from autosnn_hw.errors import InputError
from autosnn_hw.words import near_names


class Macro(NamedTuple):
    """One macro-architecture.

    Args:
        slots: slot by slot (output width in units of C, stride).
        pooled: indices of slots that a pool follows.
        pool: kind of these pools: "max_pool", or "avg_pool" with a layer of neurons.
        gap: global average pooling with a layer of neurons before what is fully connected.
        blocks: what the slots hold, where the network is a fixed one; None where they are chosen.
        hidden: fully connected layers before the readout, neurons in units of C.
        shared_sum: the branches of a residual sum begin with a gain of 1 / sqrt(2) each (tdBN, Zheng et al., AAAI 2021; with a
            threshold of 1, and batch norm that runs over time, this is all of it).
    """

    slots: tuple[tuple[int, int], ...]
    pooled: frozenset[int]
    pool: str = "max_pool"
    gap: bool = False
    blocks: tuple[str, ...] | None = None
    hidden: tuple[int, ...] = ()
    shared_sum: bool = False

    @property
    def placement(self) -> tuple[int, ...]:
        """Numbers of the slots that its own pools follow, from 1 and ascending."""
        return tuple(sorted(slot + 1 for slot in self.pooled))


_FIVE = ((1, 1), (2, 1), (2, 1), (4, 1), (4, 1))
_AFTER = frozenset({0, 2, 4})


def _convolutions(widths: Iterable[int], pooled: Iterable[int], hidden: Iterable[int], pool: str = "max_pool") -> Macro:
    slots = tuple((width, 1) for width in widths)
    return Macro(slots, frozenset(pooled), pool, blocks=("conv_k3",) * len(slots), hidden=tuple(hidden))


def _residual(slots: Iterable[tuple[int, int]], hidden: int) -> Macro:
    """Blocks SRB_k3, an average pool behind the last."""
    slots = tuple(slots)
    last = frozenset({len(slots) - 1})
    return Macro(slots, last, "avg_pool", blocks=("SRB_k3",) * len(slots), hidden=(hidden,), shared_sum=True)


SPACES: dict[str, Macro] = {
    "SNN_1": Macro(_FIVE, _AFTER),
    "SNN_2": Macro(_FIVE, _AFTER, gap=True),
    "SNN_3": Macro(((1, 1), (2, 2), (2, 1), (2, 1), (4, 2), (4, 1), (4, 1), (8, 2)), frozenset()),
    "SNN_4": Macro(_FIVE, _AFTER, "avg_pool"),
    # Samples of 128 x 128 pass stem, pool, convolution and pool first (`architecture.layout`): the first two of four or five
    # convolutions of the nets for event cameras.
    "Fang2021_CIFAR": _convolutions((1,) * 5, (1, 4), (8,)),
    "Fang2021_CIFAR10DVS": _convolutions((1,) * 2, (0, 1), (4,)),
    "Fang2021_DVSGesture": _convolutions((1,) * 3, (0, 1, 2), (4,)),
    "Zheng2021_ResNet19": _residual(((1, 1), (1, 1), (1, 1), (2, 2), (2, 1), (2, 1), (4, 2), (4, 1)), 2),
    "Zheng2021_ResNet17": _residual(((1, 2), (1, 1), (1, 1), (2, 2), (2, 1), (2, 1), (2, 1)), 4),
    "Wu2019b_CIFARNet": _convolutions((2, 4, 8, 4), (0, 1), (8, 4), "avg_pool"),
}
CHOSEN = tuple(name for name, macro in SPACES.items() if macro.blocks is None)
"""Macro-architectures whose blocks are chosen."""

PAPER_BLOCKS = ("SCB_k3", "SRB_k3", "SIB_k3_e1", "SIB_k3_e3")
"""Blocks that AutoSNN compares in every macro-architecture and slot."""

_SEARCHED = {
    "AutoSNN": "SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5",
    "AutoSNN_lambda_0": "SRB_k5,SRB_k5,SRB_k5,SCB_k5,SRB_k5",
    "AutoSNN_lambda_0.08": "SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5",
    "AutoSNN_lambda_0.16": "SRB_k5,SRB_k5,skip,SRB_k5,SRB_k5",
    "AutoSNN_lambda_0.24": "skip,SRB_k5,skip,SCB_k5,SRB_k5",
    "AutoSNN_by_random_lambda_0": "SCB_k5,SCB_k5,SRB_k5,SCB_k5,SRB_k5",
    "AutoSNN_by_random_lambda_0.08": "SRB_k5,SRB_k5,SRB_k3,SCB_k3,SRB_k5",
    "AutoSNN_searched_as_ANN": "SRB_k5,SRB_k3,SCB_k3,SCB_k5,SRB_k5",
    "AutoSNN_drawn_1": "SCB_k3,SRB_k3,skip,skip,SRB_k5",
    "AutoSNN_drawn_2": "SRB_k5,skip,SCB_k5,SCB_k5,skip",
    "AutoSNN_drawn_3": "SCB_k3,SCB_k5,SRB_k3,SCB_k5,SCB_k5",
    "AutoSNN_drawn_4": "SCB_k5,SCB_k3,skip,SCB_k3,SCB_k5",
    "AutoSNN_drawn_5": "SRB_k5,SCB_k3,skip,skip,SRB_k3",
    "AutoSNN_drawn_6": "SCB_k3,SRB_k5,SRB_k3,SCB_k3,SRB_k3",
    "AutoSNN_drawn_7": "SCB_k5,SCB_k3,SRB_k5,SCB_k3,SCB_k5",
    "AutoSNN_drawn_8": "SCB_k5,skip,skip,SCB_k5,SRB_k3",
    "AutoSNN_drawn_9": "SCB_k3,SRB_k3,SRB_k3,SCB_k5,SRB_k3",
    "AutoSNN_drawn_10": "skip,SRB_k3,skip,SRB_k3,SCB_k5",
}
"""Blocks in SNN_1 of what AutoSNN found, and of the ten architectures it drew to compare with."""

EVERYWHERE = {f"all_{block}": block for block in ("SCB_k3", "SCB_k5", "SRB_k3", "SRB_k5", "SIB_k3_e1", "SIB_k3_e3")}
"""Names for one block in every slot, in whichever macro-architecture is asked for."""

UNLOWERED = {
    "He2020_DVSGesture": "its average pools have no neurons behind them, so that the next layer reads means and no spikes",
    "Kaiser2020_DVSGesture": "its max pools compare currents before the neurons, and not spikes",
}
"""Networks that are trained and counted as floats alone, and why no chip network is made of them."""

PUBLISHED: dict[str, tuple[str, str]] = {
    **{name: ("SNN_1", blocks) for name, blocks in _SEARCHED.items()},
    **{
        f"{space}_{block}": (space, ",".join([block] * len(SPACES[space].slots)))
        for space in CHOSEN
        for block in PAPER_BLOCKS
    },
    **{name: (name, ",".join(macro.blocks)) for name, macro in SPACES.items() if macro.blocks is not None},
}
"""Name -> (macro-architecture, blocks) of a published network."""


POOLS = {"max_pool": "max pool", "avg_pool": "average pool"}
GLOBAL_AVERAGE = "global average"
_SLOT = re.compile(r"(?P<width>[1-9][0-9]?)C(?:/(?P<stride>2))?(?P<blocks>(?: [A-Za-z0-9_]+)*)")


def macro(space: str) -> Macro:
    """The macro-architecture of a name, or of a line as `in_words` writes it.

    Raises:
        InputError: neither.
    """
    return SPACES[space] if space in SPACES else own_macro(space)[0]


def in_words(macro: Macro, blocks: Sequence[Sequence[str]] = ()) -> str:
    """A macro-architecture of one's own in a line: `1C | max pool | 2C/2 | global average`, behind each slot its blocks."""
    parts = []
    for number, (width, stride) in enumerate(macro.slots):
        slot = f"{width}C" if stride == 1 else f"{width}C/{stride}"
        parts.append(" ".join([slot, *(blocks[number] if blocks else ())]))
        if number in macro.pooled:
            parts.append(POOLS[macro.pool])
    return " | ".join([*parts, GLOBAL_AVERAGE] if macro.gap else parts)


@lru_cache(maxsize=64)
def own_macro(line: str) -> tuple[Macro, tuple[tuple[str, ...], ...]]:
    """(macro-architecture, blocks of each slot, none where the line names none) of a line as `in_words` writes it.

    Raises:
        InputError: it is none.
    """
    kinds = {words: kind for kind, words in POOLS.items()}
    slots, pooled, found, blocks = [], set(), set(), []
    parts = line.split(" | ")
    gap = parts[-1] == GLOBAL_AVERAGE
    for part in parts[:-1] if gap else parts:
        slot = _SLOT.fullmatch(part)
        if slot is not None:
            slots.append((int(slot["width"]), int(slot["stride"] or 1)))
            blocks.append(tuple(slot["blocks"].split()))
        elif part in kinds and slots:
            pooled.add(len(slots) - 1)
            found.add(kinds[part])
        else:
            raise InputError(f"unknown space {line!r}; known are {', '.join(SPACES)}.")
    if len(found) > 1 or not slots:
        raise InputError(f"space {line!r} has pools of two kinds, or no slot.")
    kind = next(iter(found), "max_pool")
    return Macro(tuple(slots), frozenset(pooled), kind, gap), tuple(blocks)


def named(text: str, space: str | None) -> tuple[str, str]:
    """(macro-architecture, blocks) that a text says: a published name, or the blocks themselves, in `space` or SNN_1.

    Raises:
        InputError: a name of another macro-architecture than `space`, or of a network that is no chip network.
    """
    if text in UNLOWERED:
        raise InputError(
            f"{text} does not become a chip network: {UNLOWERED[text]}; `autosnn-hw train {text}` trains and counts it as floats."
        )
    if text in PUBLISHED:
        own, blocks = PUBLISHED[text]
        if space not in (None, own) and text not in _SEARCHED:
            raise InputError(f"{text} is a network of {own}, not of {space}; leave --space out.")
        return space or own, blocks
    where = space or CHOSEN[0]
    if text in EVERYWHERE:
        return where, ",".join([EVERYWHERE[text]] * len(macro(where).slots))
    return where, text


def did_you_mean(text: str) -> str:
    """The published names that a text may have meant, and all of them, as the end of a refusal."""
    names = [*PUBLISHED, *UNLOWERED, *EVERYWHERE]
    meant = near_names.did_you_mean(text, names, cutoff=0.5)
    return f"{meant} Known are {', '.join(names)}".lstrip()
