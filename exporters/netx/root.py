"""The second root group of our NetX files, `autosnn_hw`: what a file needs beyond Lava's layers (docs/netx.md).

lava-dl ignores it; `root_reading` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import CheckSamples, ChipNetwork, Encoder, InputLayer, Layer, Readout
from autosnn_hw.network.integer_values import integers

GROUP = "autosnn_hw"
FORMAT = 1
MAX_ATTRIBUTE_BYTES = 60_000
"""HDF5 holds at most 64 KB in an attribute; a longer provenance becomes a dataset of the same name."""


@dataclass(frozen=True, eq=False)
class LayerFacts:
    """What the group says of one layer entry; None where it says nothing."""

    name: str | None = None
    block: str = ""
    roles: Any = None  # uint8 (channels,); None in a file that does not say them
    scale: float | None = None
    k: float | None = None
    host: bool = False
    payload: int = 1
    groups: int | None = None
    bias: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Root:
    """The whole group, as read."""

    timesteps: int | None = None
    architecture: str | None = None
    target: str | None = None
    dataset: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    encoder: Encoder | None = None
    layers: Mapping[int, LayerFacts] = field(default_factory=dict)
    readout: Readout | None = None
    check: CheckSamples | None = None


def write(file: h5py.File, network: ChipNetwork, entries: Mapping[str, int], groups: Mapping[str, int]) -> None:
    """Write the group.

    Args:
        entries: number of the layer entry that holds each layer, by layer name.
        groups: the groups of convolutions that were written with fewer, by layer name.
    """
    root = file.create_group(GROUP)
    root.attrs["format"] = FORMAT
    for name in ("timesteps", "architecture", "target", "dataset"):
        value = getattr(network, name)
        if value is not None and value != "":
            root.attrs[name] = _bytes(value) if isinstance(value, str) else value
    _put_provenance(root, network.provenance)
    if network.encoder is not None:
        _put_encoder(root.create_group("encoder"), network.encoder)
    layers = root.create_group("layers")
    for layer in network.layers:
        _put_layer(layers.create_group(str(entries[layer.name])), layer, groups.get(layer.name))
    if network.readout is not None:
        readout = root.create_group("readout")
        for name in ("classes", "voters", "accumulates"):
            readout[name] = getattr(network.readout, name)
    if network.check is not None:
        check = root.create_group("check")
        check["images"] = network.check.images
        for name in ("labels", "spikes", "predictions"):
            check[name] = np.asarray(getattr(network.check, name), np.int64)


def _put_provenance(root: h5py.Group, provenance: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(dict(provenance), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InputError(f"the provenance cannot be written as JSON: {error}.") from None
    if len(text.encode()) <= MAX_ATTRIBUTE_BYTES:
        root.attrs["provenance"] = _bytes(text)
    else:
        root["provenance"] = _bytes(text)


def _bytes(text: str) -> np.bytes_:
    """Strings of fixed length: HDF5 keeps those of variable length where no checksum covers them."""
    return np.bytes_(text.encode("utf-8"))


def _put_encoder(group: h5py.Group, encoder: Encoder) -> None:
    for name, dtype in (("weight", np.int8), ("bias", np.int32), ("multiplier", np.int32), ("table", np.int8)):
        if getattr(encoder, name) is None:
            continue
        values = integers(getattr(encoder, name), f"encoder {name}")
        if (values < np.iinfo(dtype).min).any() or (values > np.iinfo(dtype).max).any():
            raise InputError(
                f"encoder {name} reaches {values.min()}..{values.max()}; {np.dtype(dtype).name} values are needed."
            )
        group[name] = values.astype(dtype)
    if not 0 <= encoder.shift <= 62:
        raise InputError(f"encoder shift is {encoder.shift}; 0..62 is allowed.")
    group["shift"] = np.uint8(encoder.shift)
    if encoder.scale is not None:
        group["scale"] = np.asarray(encoder.scale, np.float32)
    if encoder.pixel_range is not None:
        group["pixel_range"] = np.asarray(encoder.pixel_range, np.float32)
    group["stride"] = np.asarray(encoder.stride, np.int64)
    group["padding"] = np.asarray(encoder.padding, np.int64)


def _put_layer(group: h5py.Group, layer: Layer, groups: int | None) -> None:
    group["name"] = _bytes(layer.name)
    if layer.block:
        group["block"] = _bytes(layer.block)
    group["role"] = layer.roles
    for name in ("scale", "k"):
        if getattr(layer, name) is not None:
            group[name] = float(getattr(layer, name))
    if groups is not None:
        group["groups"] = groups
    if isinstance(layer, InputLayer):
        group["host"] = layer.host
        if layer.payload > 1:
            group["payload"] = layer.payload
        if layer.bias is not None:
            group["bias"] = layer.bias
