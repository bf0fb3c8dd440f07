"""What a walk found out about prefixes, made into their layers and counts again: rounding, no estimating and no simulating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autosnn_hw.deploy.batch_norm import deploy_unit
from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.lowering import folded_conv
from autosnn_hw.deploy.planned_layers import Unit, stem_unit
from autosnn_hw.deploy.shared_prefixes.prefix import Found, Prefix, extended, held, norms
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.folded import BatchNorm, FoldedConv, FoldedNetwork
from autosnn_hw.network import Encoder, InputLayer


class Replay:
    """Prefixes of a space's networks from what was found in them; their trains and outputs are gone.

    Args:
        folded: any network of the space, its batch norm without statistics.
        root: what was found in the stem.
        driven: int64 (1, 1), active neurons of a stem that the host drives, over all images and the steps of the last read; None where frames are
            sent in, and then input_spikes, int64 of the input's shape, says how many.
        target: of the same weight format as the walk's.
        reads: as in `Trunk`.
    """

    def __init__(
        self,
        folded: FoldedNetwork,
        root: Found,
        target: Target,
        *,
        driven: np.ndarray | None = None,
        input_spikes: np.ndarray | None = None,
        reads: Sequence[int] = (),
    ) -> None:
        self.weights = weight_format(target)
        self.classes, self.voters = folded.classes, folded.voters
        self.encoder: Encoder | None = None
        if driven is None:
            assert input_spikes is not None
            sent = Prefix(
                (InputLayer("input", folded.image, payload=folded.payload),), (), input_spikes[None], Found(())
            )
            self.root = self.grow(sent, (stem_unit(folded),), root)
        else:
            stem = folded.blocks[0]
            conv = _with(stem.convs[0], list(root.statistics))
            self.encoder, layer = build_encoder(folded_conv(conv, "stem"), stem.k[0], folded, self.weights)
            reads = tuple(reads) or (folded.timesteps,)
            activities = held(layer, root.totals[0], int(driven.item()) // reads[-1], reads)
            self.root = Prefix((layer,), (activities,), root.totals[0], root)

    def grow(self, prefix: Prefix, units: Sequence[Unit], found: Found) -> Prefix:
        """The prefix longer by `units`, of which `found` is known."""
        left, made = list(found.statistics), []
        for unit in units:
            shortcut = unit.shortcut
            conv = unit.conv if unit.conv is None else _with(unit.conv, left)
            if isinstance(shortcut, FoldedConv):
                shortcut = _with(shortcut, left)
            known = replace(unit, conv=conv, shortcut=shortcut)
            made.append(deploy_unit(known, self.weights, classes=self.classes, voters=self.voters))
        return extended(prefix, made, found.totals)


def _with(conv: FoldedConv, left: list[tuple[np.ndarray, np.ndarray]]) -> FoldedConv:
    """The convolution with the next of the statistics that are left; one without batch norm takes none."""
    if conv.norm is None:
        return conv
    mean, var = left.pop(0)
    return replace(conv, norm=BatchNorm(conv.norm.gamma, conv.norm.beta, mean, var, conv.norm.eps))


def found_sizes(units: Sequence[Unit]) -> tuple[list[tuple[int, ...]], list[int]]:
    """(shape of each unit's totals at one read, channels of each of its statistics): how `Found` of `units` is laid out."""
    shapes: list[tuple[int, ...]] = [unit.shape[:1] if unit.kind == "dense" else unit.shape for unit in units]
    return shapes, [len(norm.gamma) for unit in units for norm in norms(unit)]
