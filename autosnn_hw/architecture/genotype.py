"""`Architecture`: the genotype, and the layout (where each block stands, with what shapes) that follows from it.

Macro-architecture and blocks: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738) and its public code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd

from autosnn_hw.architecture.macro_architectures import did_you_mean, macro, named
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
SMALLEST_SIDE = 4  # a pool that would make a side smaller is left out
FIRST_SIDE = 32  # TBD1 sees at least this; samples of twice the side are pooled down to it first
GROUP_CHANNELS = 8  # of a convolution in front of TBD1 where blocks are grouped, at most

SIZES = re.compile(r"(?:C(?P<C>[0-9]{1,6}))?(?:T(?P<T>[0-9]{1,6}))?")  # behind the @ of an architecture's text
SEPARATORS = re.compile(r"[,@]|(?<=[0-9])(?=T[0-9]+$)")


@dataclass(frozen=True)
class Architecture:
    """A genotype: one block a slot, and the numbers that decide its size. Hashable, printable, parseable.

    Args:
        blocks: block names of TBD1, TBD2, ...
        space: macro-architecture, as `macro_architectures.macro` takes it.
        width: base width C (channels of the stem).
        timesteps: T.
        groups: groups of each slot's convolutions, or None for 1 everywhere (grouped blocks serve crossbar targets).
        named: sizes that the text names, "C" and "T": those that a search chooses. The same network under either name is equal.
    """

    blocks: tuple[str, ...]
    space: str = "SNN_1"
    width: int = 16
    timesteps: int = 8
    groups: tuple[int, ...] | None = None
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

    def __str__(self) -> str:
        sizes = "".join(
            f"{letter}{size}" for letter, size in (("C", self.width), ("T", self.timesteps)) if letter in self.named
        )
        groups = [""] * len(self.blocks) if self.groups is None else [f"/{number}" for number in self.groups]
        blocks = ",".join(f"{block}{number}" for block, number in zip(self.blocks, groups))
        return f"{blocks}@{sizes}" if sizes else blocks

    @classmethod
    def parse(cls, text: str, *, space: str | None = None, width: int = 16, timesteps: int = 8) -> Architecture:
        """Parse `SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5` (TBD1..), with `/groups` behind a block where it is grouped, or a published name.

        Behind an @ stand width and timesteps where they are others than those given: `AutoSNN@C8T4`, `AutoSNN@T4`.

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
                f"sizes in {text}@{behind} cannot be read; write width and timesteps as @C8T4, @C8 or @T4."
            )
        letters = ""
        if sizes is not None and sizes["C"]:
            width, letters = int(sizes["C"]), "C"
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
        return cls(tuple(blocks), where, width, timesteps, grouped, letters)


def words(text: str) -> list[str]:
    """What an architecture's text chooses: its blocks, then the sizes that it names (`C8`, `T4`)."""
    return [word for word in SEPARATORS.split(text) if word]


@dataclass(frozen=True)
class Stage:
    """One stage of a network: the stem, a slot's block, a pool or the readout.

    Args:
        name: unique: "stem", "stem_conv", "stem_pool1".., "TBD1".., "pool1".., "gap", "fc1".., "readout".
        kind: "stem", "stem_conv", a block name, "max_pool", "avg_pool", "gap", "dense" or "readout".
        in_shape, out_shape: (C, H, W); the readout's out_shape is (classes * voters, 1, 1).
        stride: of the block's first convolution or the pool.
        groups: of the block's convolutions.
    """

    name: str
    kind: str
    in_shape: tuple[int, int, int]
    out_shape: tuple[int, int, int]
    stride: int = 1
    groups: int = 1

    @property
    def widens(self) -> bool:
        """True where in and out differ, so that a skip or shortcut needs a projection."""
        return self.in_shape != self.out_shape

    @property
    def block(self) -> BlockKind | None:
        """What a slot holds; None for the stem, pools and the readout."""
        return BLOCKS.get(self.kind)


@dataclass(frozen=True)
class ConvSize:
    """One convolution of a block, padded so that stride 1 keeps the image's size."""

    inputs: int
    outputs: int
    kernel: int
    stride: int


def block_convolutions(stage: Stage) -> tuple[ConvSize, ...]:
    """The convolutions of a slot's block in order; none for an identity skip."""
    block = stage.block
    if block is None:
        raise ValueError(f"{stage.name} is no slot")
    if stage.kind == SKIP and not stage.widens:
        return ()
    inputs, outputs = stage.in_shape[0], stage.out_shape[0]
    between = outputs if block.expansion is None else block.expansion * inputs
    channels = [inputs, *[between] * (len(block.kernels) - 1), outputs]
    strided = next((i for i, kernel in enumerate(block.kernels) if kernel > 1), 0)
    return tuple(
        ConvSize(channels[i], channels[i + 1], kernel, stage.stride if i == strided else 1)
        for i, kernel in enumerate(block.kernels)
    )


def block_groups(stage: Stage) -> int:
    """Groups of all convolutions of a block: the stage's, or the largest common divisor with its widths."""
    return gcd(stage.groups, stage.in_shape[0], stage.out_shape[0])


def slot_name(index: int) -> str:
    """Name of the slot with this index, from 0: "TBD1", .."""
    return f"TBD{index + 1}"


def _smaller(shape: tuple[int, int, int], grouped: bool) -> Iterator[Stage]:
    """What stands between the stem and TBD1 (see `layout`)."""
    width, pools = shape[0], 0
    while min(shape[1:]) // 2 >= FIRST_SIDE:
        pools += 1
        out = (width, shape[1] // 2, shape[2] // 2)
        yield Stage(f"stem_pool{pools}", "max_pool", shape, out, 2)
        shape = out
        if pools == 1:
            few = (n for n in range(1, width + 1) if width % n == 0 and width // n <= GROUP_CHANNELS)
            yield Stage("stem_conv", "stem_conv", shape, shape, groups=next(few) if grouped else 1)


def front(stages: Sequence[Stage]) -> Sequence[Stage]:
    """The stages before the first slot, the stem among them."""
    return stages[: next(i for i, stage in enumerate(stages) if stage.block is not None)]


def front_sentence(stages: Sequence[Stage]) -> str | None:
    """What stands before TBD1, in words; None where it is the stem alone."""
    before = front(stages)
    if len(before) == 1:
        return None
    words = [{"stem": "stem", "max_pool": "max pool", "stem_conv": "convolution"}[stage.kind] for stage in before]
    sizes = [" x ".join(map(str, shape[1:])) for shape in (before[0].in_shape, before[-1].out_shape)]
    return f"samples of {sizes[0]}: {', '.join(words)}, then TBD1 at {sizes[1]}"


def layout(
    architecture: Architecture, image: tuple[int, int, int], classes: int, voters: int = 10
) -> tuple[Stage, ...]:
    """The stages of a network for images (Cin, H, W): pools are left out where a side would fall below 4.

    Samples of 64 pixels a side and more are made smaller between the stem and TBD1, as AutoSNN does it for Tiny-ImageNet (64 x 64:
    pool, convolution) and DVS cameras (128 x 128: pool, convolution, pool): max pools until the next would bring a side below
    `FIRST_SIDE`, one convolution with its neurons behind the first.

    Raises:
        InputError: the image is smaller than 4 x 4.
    """
    _, height, width = image
    if min(height, width) < SMALLEST_SIDE:
        raise InputError(
            f"images of {height} x {width} are too small; at least {SMALLEST_SIDE} x {SMALLEST_SIDE} is needed."
        )
    plan = macro(architecture.space)
    shape = (architecture.width, height, width)
    stages = [Stage("stem", "stem", image, shape), *_smaller(shape, architecture.groups is not None)]
    shape = stages[-1].out_shape
    pools = 0
    for index, (block, (factor, stride)) in enumerate(zip(architecture.blocks, plan.slots)):
        if stride == 2 and min(shape[1:]) // 2 < SMALLEST_SIDE:
            stride = 1
        out = (factor * architecture.width, -(-shape[1] // stride), -(-shape[2] // stride))
        groups = 1 if architecture.groups is None else architecture.groups[index]
        stages.append(Stage(slot_name(index), block, shape, out, stride, groups))
        shape = out
        if index in plan.pooled and min(shape[1:]) // 2 >= SMALLEST_SIDE:
            pools += 1
            out = (shape[0], shape[1] // 2, shape[2] // 2)
            stages.append(Stage(f"pool{pools}", plan.pool, shape, out, 2))
            shape = out
    if plan.gap:
        stages.append(Stage("gap", "gap", shape, (shape[0], 1, 1)))
        shape = (shape[0], 1, 1)
    for number, factor in enumerate(plan.hidden, 1):
        out = (factor * architecture.width, 1, 1)
        stages.append(Stage(f"fc{number}", "dense", shape, out))
        shape = out
    stages.append(Stage("readout", "readout", shape, (classes * voters, 1, 1)))
    return tuple(stages)
