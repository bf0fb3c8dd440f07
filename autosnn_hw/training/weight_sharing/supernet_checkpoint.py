"""A super-network from its file, whose claims are held against the tensors in it before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from autosnn_hw.architecture import BLOCKS, pool_choices
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.errors import InputError
from autosnn_hw.network import MAX_TIMESTEPS
from autosnn_hw.training.checkpoint import load_into, read_checkpoint
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.neurons import NEURONS
from autosnn_hw.training.weight_sharing.supernet import SEPARATE, SHARINGS, SuperNetwork

MAX_SIDE = 1 << 12
MAX_GENES = 64  # alternatives of a slot
Size = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Slot = Annotated[int, Field(ge=0, le=64)]
Gene = tuple[str, Size]


class SupernetIdentity(BaseModel):
    """What `identity_of` wrote of a super-network, as far as it is needed to build one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["supernet"]
    space: str
    width: Size
    timesteps: Annotated[int, Field(ge=1, le=MAX_TIMESTEPS)]
    widths: Annotated[list[Size], Field(max_length=64)] = []
    steps: Annotated[list[Annotated[int, Field(ge=1, le=MAX_TIMESTEPS)]], Field(max_length=64)] = []
    pools: Annotated[list[Annotated[tuple[Slot, ...], Field(max_length=64)]], Field(max_length=64)] = []
    image: tuple[Size, Size, Size]
    classes: Annotated[int, Field(ge=1, le=1 << 16)]
    genes: Annotated[list[Annotated[list[Gene], Field(min_length=1, max_length=MAX_GENES)]], Field(max_length=16)]
    sharing: str = SEPARATE
    neuron: str
    ternary: bool = False
    readout_block: Annotated[int, Field(ge=1)] | None = None
    chip_stem: bool = False

    @field_validator("space", "sharing", "neuron")
    @classmethod
    def _known(cls, value: str, info: Any) -> str:
        if info.field_name == "space":
            try:
                macro(value)
            except InputError as error:
                raise ValueError(str(error)) from None
            return value
        known = {"sharing": SHARINGS, "neuron": NEURONS}[info.field_name]
        if value not in known:
            raise ValueError(f"known are {', '.join(known)}")
        return value

    @field_validator("genes")
    @classmethod
    def _blocks(cls, genes: list[list[Gene]]) -> list[list[Gene]]:
        unknown = {block for slot in genes for block, _ in slot} - set(BLOCKS)
        if unknown:
            raise ValueError(f"unknown blocks {', '.join(sorted(unknown))}")
        return genes

    @model_validator(mode="after")
    def _alike(self) -> SupernetIdentity:
        try:
            pool_choices.ordered(self.space, sorted(self.pools), self.image)
        except InputError as error:
            raise ValueError(str(error)) from None
        return self


def load_supernet(path: Path, *, device: str = "cpu") -> SuperNetwork:
    """A super-network from its checkpoint.

    Raises:
        InputError: missing, damaged, or no super-network.
    """
    tensors, metadata = read_checkpoint(path)
    found = metadata.get("identity")
    if not isinstance(found, dict) or found.get("kind") != "supernet":
        raise InputError(f"{path} holds no super-network.")
    try:
        identity = SupernetIdentity.model_validate(found)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise InputError(f"{path} is damaged, it cannot say which super-network it holds: {problems}.") from None
    _refuse_claims(identity, tensors, path)
    network = SuperNetwork(
        identity.space,
        identity.width,
        identity.timesteps,
        identity.image,
        identity.classes,
        genes=identity.genes,
        widths=identity.widths,
        steps=identity.steps,
        pools=identity.pools,
        sharing=identity.sharing,
        fabric=Fabric(identity.neuron, identity.ternary, identity.readout_block, identity.chip_stem),
    )
    load_into(network, tensors, path)
    return network.to(device).eval()


def _refuse_claims(identity: SupernetIdentity, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """The stem says width and channels, the readout classes and the image's size: with these no claim is larger than the file."""
    stem, readout = (tensors.get(f"model.layers.{name}.weight") for name in ("stem.convs.0.conv", "readout.linear"))
    if stem is None or readout is None or stem.ndim != 4 or readout.ndim != 2:
        raise InputError(f"{path} is damaged: it has no stem or no readout.")
    pixels = identity.image[1] * identity.image[2]
    largest_factor = max(factor for factor, _ in macro(identity.space).slots)
    inputs = readout.shape[1]
    if (
        stem.shape[:2] != (identity.width, identity.image[0])
        or readout.shape[0] % identity.classes
        or inputs > largest_factor * identity.width * pixels
        or pixels > 64 * 64 * inputs
    ):
        raise InputError(
            f"{path} is damaged: it says width {identity.width}, images {identity.image} and {identity.classes} classes, its stem "
            f"is {tuple(stem.shape)} and its readout {tuple(readout.shape)}."
        )
