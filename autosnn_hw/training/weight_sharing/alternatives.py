"""What a super-network holds of each stage: a layer for each block of a slot, and the same weights as layers of other sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from torch import nn

from autosnn_hw.architecture import Stage, slot_name
from autosnn_hw.training.modules.blocks import SpikePool, SpikingBlock
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.voting_readout import VotingReadout
from autosnn_hw.training.path_sampling import Gene
from autosnn_hw.training.weight_sharing.narrow import NarrowLayer

Views = Mapping[tuple[str, str], nn.Module | NarrowLayer]  # by stage and key


def alternatives(stage: Stage, genes: Sequence[Sequence[Gene]]) -> dict[str, Stage]:
    """By key the blocks of a slot; a stage that is no slot by itself."""
    slots = {slot_name(i): choices for i, choices in enumerate(genes)}
    if stage.name not in slots:
        return {"": stage}
    return {f"{block}/{groups}": replace(stage, kind=block, groups=groups) for block, groups in slots[stage.name]}


def untracked_layer(stage: Stage, classes: int, fabric: Fabric) -> nn.Module:
    """A layer whose batch norm keeps no statistics."""
    if stage.kind == "readout":
        return VotingReadout(stage, classes, neuron=fabric.neuron, block=fabric.readout_block)
    if stage.kind in ("max_pool", "avg_pool", "gap"):
        return SpikePool(stage, neuron=fabric.neuron)
    return SpikingBlock(stage, neuron=fabric.stem_neuron if stage.kind == "stem" else fabric.neuron, tracked=False)


def views(
    stages: Iterable[Stage],
    layers: nn.ModuleDict,
    genes: Sequence[Sequence[Gene]],
    classes: int,
    fabric: Fabric,
) -> Views:
    """All layers of a network of other sizes that has the weights of `layers`: where a stage is the very same, its layer itself."""
    found: dict[tuple[str, str], nn.Module | NarrowLayer] = {}
    for stage in stages:
        for key, one in alternatives(stage, genes).items():
            wide: nn.Module = layers[stage.name][key] if key else layers[stage.name]  # type: ignore[index]
            same = wide.stage == one
            found[stage.name, key] = wide if same else NarrowLayer(untracked_layer(one, classes, fabric), wide)
    return found
