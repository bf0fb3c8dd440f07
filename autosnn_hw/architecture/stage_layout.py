"""Where each block of a network stands, and with what shapes: the stages that follow from a genotype and the size of its images.

Macro-architecture and blocks: AutoSNN, Na et al., ICML 2022 (arXiv 2201.12738) and its public code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

from autosnn_hw.architecture.genotype import BLOCKS, SKIP, Architecture, BlockKind
from autosnn_hw.architecture.macro_architectures import POOLS, macro
from autosnn_hw.errors import InputError

SMALLEST_SIDE = 4  # a pool that would make a side smaller is left out
FIRST_SIDE = 32  # TBD1 sees at least this; samples of twice the side are pooled down to it first
GROUP_CHANNELS = 8  # of a convolution in front of TBD1 where blocks are grouped, at most


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
    words = [{"stem": "stem", "stem_conv": "convolution", **POOLS}[stage.kind] for stage in before]
    sizes = [" x ".join(map(str, shape[1:])) for shape in (before[0].in_shape, before[-1].out_shape)]
    return f"samples of {sizes[0]}: {', '.join(words)}, then TBD1 at {sizes[1]}"


def _pool(architecture: Architecture, slot: int, stages: Sequence[Stage]) -> Sequence[Stage]:
    """The pool behind slot number `slot`, before which `stages` stand; none where the architecture has none there, or no room for it."""
    channels, height, width = shape = stages[-1].out_shape
    if slot not in architecture.placement or min(height, width) // 2 < SMALLEST_SIDE:
        return ()
    number = sum(stage.name.startswith("pool") for stage in stages) + 1
    kind = macro(architecture.space).pool
    return (Stage(f"pool{number}", kind, shape, (channels, height // 2, width // 2), 2),)


def layout(
    architecture: Architecture, image: tuple[int, int, int], classes: int, voters: int = 10
) -> tuple[Stage, ...]:
    """The stages of a network for images (Cin, H, W), its pools where `Architecture.placement` says; those that would bring a side
    below 4 are left out.

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
    stages += _pool(architecture, 0, stages)
    for index, (block, (factor, stride)) in enumerate(zip(architecture.blocks, plan.slots)):
        shape = stages[-1].out_shape
        if stride == 2 and min(shape[1:]) // 2 < SMALLEST_SIDE:
            stride = 1
        out = (factor * architecture.width, -(-shape[1] // stride), -(-shape[2] // stride))
        groups = 1 if architecture.groups is None else architecture.groups[index]
        stages.append(Stage(slot_name(index), block, shape, out, stride, groups))
        stages += _pool(architecture, index + 1, stages)
    shape = stages[-1].out_shape
    if plan.gap:
        stages.append(Stage("gap", "gap", shape, (shape[0], 1, 1)))
        shape = (shape[0], 1, 1)
    for number, factor in enumerate(plan.hidden, 1):
        out = (factor * architecture.width, 1, 1)
        stages.append(Stage(f"fc{number}", "dense", shape, out))
        shape = out
    stages.append(Stage("readout", "readout", shape, (classes * voters, 1, 1)))
    return tuple(stages)
