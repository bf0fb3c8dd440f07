"""`Architecture`: the genotype, and the blocks that it is made of (`stage_layout`: what follows from it).

Macro-architecture and blocks: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738) and its public code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autosnn_hw.architecture.macro_architectures import did_you_mean, macro, named
from autosnn_hw.architecture.pool_list import Placement, in_text, of_text
from autosnn_hw.errors import InputError


@dataclass(frozen=True)
class BlockKind:
    """What a slot may hold: a chain of convolutions with a layer of neurons behind each. Stride and grouping are the slot's.

    Args:
        kernels: side of each convolution's kernel; the first of those larger than 1 carries the stride.
        expansion: channels between the convolutions, in input channels; None: as many as the block gives.
        residual: the block's input is added before its last neurons, through a 1x1 convolution where the shapes differ.
        searched: one of the alternatives of a search; the others serve ablations.
    """

    kernels: tuple[int, ...]
    expansion: int | None = None
    residual: bool = False
    searched: bool = True

    @property
    def kernel(self) -> int:
        """Side of the largest kernel."""
        return max(self.kernels)


SKIP = "skip"  # nothing where the shapes agree, else a 1x1 convolution, or FactorizedReduce where it has a stride
BLOCKS: dict[str, BlockKind] = {
    SKIP: BlockKind((1,)),
    "SCB_k3": BlockKind((3, 3)),
    "SCB_k5": BlockKind((5, 5)),
    "SRB_k3": BlockKind((3, 3), residual=True),
    "SRB_k5": BlockKind((5, 5), residual=True),
    "SIB_k3_e1": BlockKind((1, 3, 1), expansion=1, residual=True, searched=False),
    "SIB_k3_e3": BlockKind((1, 3, 1), expansion=3, residual=True, searched=False),
    "conv_k3": BlockKind((3,), searched=False),  # one layer of a plain network
}
SEARCH_BLOCKS = tuple(name for name, kind in BLOCKS.items() if kind.searched)
ABLATION_BLOCKS = tuple(name for name, kind in BLOCKS.items() if not kind.searched)

# Behind the @ of an architecture's text.
SIZES = re.compile(r"(?:C(?P<C>[0-9]{1,6}))?(?:P(?P<P>[0-9]{1,3}(?:\.[0-9]{1,3})*))?(?:T(?P<T>[0-9]{1,6}))?")
SEPARATORS = re.compile(r"[,@]|(?<=[0-9])(?=P[0-9.]+(?:T[0-9]+)?$)|(?<=[0-9])(?=T[0-9]+$)")


@dataclass(frozen=True)
class Architecture:
    """A genotype: one block a slot, and the numbers that decide its size. Hashable, printable, parseable.

    Args:
        blocks: block names of TBD1, TBD2, ...
        space: macro-architecture, as `macro_architectures.macro` takes it.
        width: base width C (channels of the stem).
        timesteps: T.
        groups: groups of each slot's convolutions, or None for 1 everywhere (grouped blocks serve crossbar targets).
        pools: numbers of the slots that a pool follows, from 1 and ascending, 0 for one in front of TBD1; None is the
            macro-architecture's own, which is None however it is given.
        named: sizes that the text names, "C", "P" and "T": those that a search chooses. The same network under either name is equal.
    """

    blocks: tuple[str, ...]
    space: str = "SNN_1"
    width: int = 16
    timesteps: int = 8
    groups: tuple[int, ...] | None = None
    pools: Placement | None = None
    named: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        slots = len(macro(self.space).slots)
        if len(self.blocks) != slots:
            raise InputError(
                f"architecture {','.join(self.blocks)!r} has {len(self.blocks)} blocks; {self.space} needs {slots}."
            )
        for block in self.blocks:
            if block not in BLOCKS:
                raise InputError(f"unknown block {block!r}; known are {', '.join(BLOCKS)}.")
        if self.width < 1 or self.timesteps < 1:
            raise InputError(f"width {self.width} and timesteps {self.timesteps} must be at least 1.")
        if self.groups is not None and (len(self.groups) != slots or min(self.groups) < 1):
            raise InputError(f"groups {self.groups} must be {slots} positive integers.")
        if self.pools is not None:
            _require_slots(self.pools, self.space)
            if self.pools == macro(self.space).placement:
                object.__setattr__(self, "pools", None)

    @property
    def placement(self) -> Placement:
        """`pools`, of the macro-architecture where they are its own."""
        return macro(self.space).placement if self.pools is None else self.pools

    def __str__(self) -> str:
        sizes = "".join(
            f"{letter}{size}"
            for letter, size in (("C", self.width), ("P", in_text(self.placement)), ("T", self.timesteps))
            if letter in self.named and size
        )
        groups = [""] * len(self.blocks) if self.groups is None else [f"/{number}" for number in self.groups]
        blocks = ",".join(f"{block}{number}" for block, number in zip(self.blocks, groups))
        return f"{blocks}@{sizes}" if sizes else blocks

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        space: str | None = None,
        width: int = 16,
        timesteps: int = 8,
        pools: Placement | None = None,
    ) -> Architecture:
        """Parse `SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5` (TBD1..), with `/groups` behind a block where it is grouped, or a published name.

        Behind an @ stand width, pools and timesteps where they are others than those given: `AutoSNN@C8P1.2T4`, `AutoSNN@T4`.

        Args:
            space: macro-architecture; None is the name's own, or SNN_1.

        Raises:
            InputError: an unknown block or name, a name of another macro-architecture, the wrong number of blocks, or sizes
                that are none.
        """
        text, at, behind = text.strip().partition("@")
        sizes = SIZES.fullmatch(behind)
        if at and (sizes is None or not behind):
            raise InputError(
                f"sizes in {text}@{behind} cannot be read; write width and timesteps as @C8T4, @C8 or @T4, the slots that a pool "
                "follows as @P1.3 (@C8P1.3T4)."
            )
        letters = ""
        if sizes is not None and sizes["C"]:
            width, letters = int(sizes["C"]), "C"
        if sizes is not None and sizes["P"]:
            try:
                pools, letters = of_text(sizes["P"]), f"{letters}P"
            except ValueError as error:
                raise InputError(f"pools in {text}@{behind} are {error}.") from None
        if sizes is not None and sizes["T"]:
            timesteps, letters = int(sizes["T"]), f"{letters}T"
        where, text = named(text.strip(), space)
        parts = [part.strip() for part in text.split(",")]
        if len(parts) == 1 and parts[0].partition("/")[0] not in BLOCKS:
            raise InputError(f"unknown architecture {text!r}: {did_you_mean(text)}, or one block a slot.")
        blocks, groups = [], []
        for part in parts:
            block, _, group = part.partition("/")
            if group and not group.isdigit():
                raise InputError(f"groups in {part!r} is not a positive integer.")
            blocks.append(block)
            groups.append(int(group or 1))
        grouped = tuple(groups) if any(g != 1 for g in groups) or "/" in text else None
        return cls(tuple(blocks), where, width, timesteps, grouped, pools, letters)


def _require_slots(pools: Placement, space: str) -> None:
    """Refuse pools behind slots that are not there.

    Raises:
        InputError: with those that are.
    """
    slots = len(macro(space).slots)
    if not pools or any(not 0 <= slot <= slots for slot in pools) or tuple(sorted(set(pools))) != tuple(pools):
        raise InputError(
            f"pools {in_text(pools) or '(none)'}: {space} has slots 1 to {slots}, and 0 is in front of the first; each may be named once."
        )


def words(text: str) -> list[str]:
    """What an architecture's text chooses: its blocks, then the sizes that it names (`C8`, `P1.2`, `T4`)."""
    return [word for word in SEPARATORS.split(text) if word]
