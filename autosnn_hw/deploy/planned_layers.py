"""The plan of a lowering: which chip layers a block becomes, before anything is rounded.

Lowering, calibration and fine-tuning all walk these units, so the three cannot disagree about where a relay stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd

import numpy as np

from autosnn_hw.architecture import SKIP, BlockKind, Stage, front
from autosnn_hw.deploy.quantise import Shortcut
from autosnn_hw.errors import InputError
from autosnn_hw.folded import BatchNorm, FoldedBlock, FoldedConv, FoldedNetwork

PARTS = "abcdefgh"  # names of a block's convolutions


@dataclass(frozen=True, eq=False)
class Unit:
    """One chip layer to be.

    Args:
        name, block: as the `ChipNetwork` will have them, such as "TBD1.SRB_k3.a" and "TBD1:SRB_k3".
        stage: name of the stage it belongs to.
        kind: "conv", "dense", "or" (max pool) or "mean" (average pool, global average).
        shape: (C, H, W) of its own channels.
        in_shape: (C, H, W) of the own channels it reads.
        conv: the floats, with or without batch norm; None for pools.
        shortcut: what is added before the neuron, read from the relays of the layer before.
        k: PLIF constant; 1 for "or".
        relays_in: relay channels that come in behind the own ones.
        relays_out: relay channels that this layer carries on.
        groups: of the layer; own and relay channels stand [own | relay] in each group.
        next_groups: groups of the layer that reads this one's relays: the order of the output channels.
        window: (H, W) of a pool.
        first: what it reads is what a shortcut of its block carries.
        payload: largest value that it reads: 1 for spikes.
    """

    name: str
    block: str
    stage: str
    kind: str
    shape: tuple[int, int, int]
    in_shape: tuple[int, int, int]
    conv: FoldedConv | None = None
    shortcut: Shortcut = None
    k: float = 1.0
    relays_in: int = 0
    relays_out: int = 0
    groups: int = 1
    next_groups: int = 1
    window: tuple[int, int] = (1, 1)
    first: bool = False
    payload: int = 1


def network_units(folded: FoldedNetwork) -> tuple[Unit, ...]:
    """All units in order, without a stem that is the host's work; an identity skip has none.

    Raises:
        InputError: the network does not begin with a stem, or a block's parts do not fit its kind.
    """
    if not folded.blocks or folded.blocks[0].stage.kind != "stem":
        raise InputError("a folded network must begin with its stem; direct encoding has no other input.")
    stem = (stem_unit(folded),) if folded.frames else ()
    return (*stem, *(unit for block in folded.blocks[1:] for unit in block_units(block)))


def with_units(folded: FoldedNetwork, units: Iterable[Unit]) -> FoldedNetwork:
    """The network with the floats of its units, the inverse of `network_units`; FactorizedReduce comes back as the one
    convolution that it is on the chip."""
    of: dict[str, list[Unit]] = {block.stage.name: [] for block in folded.blocks}
    for unit in units:
        of[unit.stage].append(unit)
    stem = folded.blocks[0]
    if of[stem.stage.name]:  # a layer of the chip
        stem = _with(stem, of[stem.stage.name])
    return replace(folded, blocks=(stem, *(_with(block, of[block.stage.name]) for block in folded.blocks[1:])))


def _with(block: FoldedBlock, units: list[Unit]) -> FoldedBlock:
    convs = tuple(unit.conv for unit in units if unit.conv is not None)
    shortcut = next((unit.shortcut for unit in units if isinstance(unit.shortcut, FoldedConv)), None)
    return replace(block, convs=convs, shortcut=shortcut, k=tuple(unit.k for unit in units if unit.kind != "or"))


def front_units(folded: FoldedNetwork) -> tuple[Unit, ...]:
    """The units between the stem and the first slot: what all networks of a space have in common."""
    before = front([block.stage for block in folded.blocks])
    return tuple(unit for block in folded.blocks[1 : len(before)] for unit in block_units(block))


def stem_unit(folded: FoldedNetwork) -> Unit:
    """The stem as a layer on the chip, for event frames: they are spikes, and its convolution runs every step."""
    unit = _conv(folded.blocks[0], "", _only(folded.blocks[0]), folded.image, 0)
    return replace(unit, name="stem", block="stem", payload=folded.payload)


def block_units(block: FoldedBlock) -> tuple[Unit, ...]:
    """The units of one block after the stem.

    Raises:
        InputError: the number of convolutions or constants k does not fit the kind, or the kind is not known.
    """
    stage = block.stage
    kind = stage.kind
    if kind == SKIP:
        if not stage.widens:
            return ()
        conv = factorized_reduce(block.convs) if len(block.convs) == 2 else _only(block)
        return (_conv(block, "", conv, stage.in_shape, 0),)
    if stage.block is not None:
        return _block(block, stage.block)
    if kind == "stem_conv":
        return (replace(_conv(block, "", _only(block), stage.in_shape, 0), name=stage.name, block=stage.name),)
    if kind == "max_pool":
        window = (stage.stride, stage.stride)
        return (_pool(block, "or", window),)
    if kind in ("avg_pool", "gap"):
        window = stage.in_shape[1:] if kind == "gap" else (stage.stride, stage.stride)
        return (_pool(block, "mean", window, _k(block, 0)),)
    if kind in ("dense", "readout"):
        return (
            Unit(
                name=stage.name,
                block=stage.name,
                stage=stage.name,
                kind="dense",
                shape=stage.out_shape,
                in_shape=stage.in_shape,
                conv=_only(block),
                k=_k(block, 0),
            ),
        )
    raise InputError(f"{stage.name}: a block of kind {kind!r} cannot be lowered.")


def factorized_reduce(convs: tuple[FoldedConv, ...]) -> FoldedConv:
    """The stride-2 skip as one 3x3 stride-2 convolution with padding 1: tap (1, 1) is the first 1x1, tap (2, 2) the second,
    which reads one row and one column further; their outputs are concatenated.

    Args:
        convs: two 1x1 convolutions with stride 2, both with or both without batch norm.
    """
    weights, taps = [], ((1, 1), (2, 2))
    for conv, (y, x) in zip(convs, taps):
        weight = np.zeros((*conv.weight.shape[:2], 3, 3))
        weight[:, :, y, x] = conv.weight[:, :, 0, 0]
        weights.append(weight)
    bias = np.concatenate([conv.bias for conv in convs])
    return FoldedConv(np.concatenate(weights), bias, 2, 1, 1, _joined([conv.norm for conv in convs]))


def _joined(norms: list[BatchNorm | None]) -> BatchNorm | None:
    present = [norm for norm in norms if norm is not None]
    if not present:
        return None

    def join(name: str) -> np.ndarray | None:
        parts = [getattr(norm, name) for norm in present]
        return None if parts[0] is None else np.concatenate(parts)

    gamma, beta = join("gamma"), join("beta")
    assert gamma is not None and beta is not None
    return BatchNorm(gamma, beta, join("mean"), join("var"), present[0].eps)


def _only(block: FoldedBlock) -> FoldedConv:
    if len(block.convs) != 1:
        raise InputError(f"{block.stage.name}: {block.stage.kind} has {len(block.convs)} convolutions; 1 is needed.")
    return block.convs[0]


def _k(block: FoldedBlock, index: int) -> float:
    if index >= len(block.k):
        raise InputError(
            f"{block.stage.name}: {len(block.k)} PLIF constants; {block.stage.kind} needs {index + 1} or more."
        )
    return float(block.k[index])


def _conv(block: FoldedBlock, part: str, conv: FoldedConv, in_shape: tuple[int, int, int], index: int) -> Unit:
    stage = block.stage
    size = conv.weight.shape[-1]
    height, width = ((n + 2 * conv.padding - size) // conv.stride + 1 for n in in_shape[1:])
    name = f"{stage.name}.{stage.kind}" + (f".{part}" if part else "")
    return Unit(
        name=name,
        block=f"{stage.name}:{stage.kind}",
        stage=stage.name,
        kind="conv",
        shape=(conv.weight.shape[0], height, width),
        in_shape=in_shape,
        conv=conv,
        k=_k(block, index),
        groups=conv.groups,
        first=index == 0,
    )


def _pool(block: FoldedBlock, kind: str, window: tuple[int, int], k: float = 1.0) -> Unit:
    stage = block.stage
    return Unit(
        name=stage.name,
        block=f"{stage.name}:{stage.kind}",
        stage=stage.name,
        kind=kind,
        shape=stage.out_shape,
        in_shape=stage.in_shape,
        k=k,
        window=window,
    )


def _block(block: FoldedBlock, kind: BlockKind) -> tuple[Unit, ...]:
    """A chain of convolutions; where it is residual, the block's input travels as relays to the last."""
    stage, wanted = block.stage, len(kind.kernels)
    if len(block.convs) != wanted:
        raise InputError(f"{stage.name}: {stage.kind} has {len(block.convs)} convolutions; {wanted} are needed.")
    units: list[Unit] = []
    shape = stage.in_shape
    for index, conv in enumerate(block.convs):
        units.append(_conv(block, PARTS[index], conv, shape, index))
        shape = units[-1].shape
    if shape != stage.out_shape:
        raise InputError(f"{stage.name}: its convolutions give {shape}; the layout says {stage.out_shape}.")
    return _with_relays(units, block.shortcut, stage) if kind.residual else tuple(units)


def _with_relays(units: list[Unit], shortcut: FoldedConv | None, stage: Stage) -> tuple[Unit, ...]:
    if shortcut is None and stage.widens:
        raise InputError(f"{stage.name}: {stage.kind} from {stage.in_shape} to {stage.out_shape} needs a projection.")
    channels = stage.in_shape[0]
    last = replace(units[-1], shortcut="identity" if shortcut is None else shortcut, relays_in=channels)
    assert last.conv is not None
    groups = last.conv.groups if shortcut is None else gcd(last.conv.groups, shortcut.groups)
    done = [replace(last, groups=groups)]
    for unit in reversed(units[:-1]):
        own = gcd(unit.groups, groups)
        first = unit is units[0]
        done.append(
            replace(unit, groups=own, relays_in=0 if first else channels, relays_out=channels, next_groups=groups)
        )
        groups = own
    return tuple(reversed(done))
