"""Reading the second root group of our NetX files; `root` has what stands in it and writes it.

Everything in it is optional, and checked like anything that came from outside.
"""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import CheckSamples, Encoder, Readout
from autosnn_hw.network.integer_values import integers, pair
from exporters import hdf5_input as source
from exporters.netx.root import FORMAT, GROUP, LayerFacts, Root

MAX_PAYLOAD = 255  # frames are bytes
MAX_NAME = 200


def read(file: h5py.File) -> Root:
    """Read the group; an empty `Root` where the file has none.

    Raises:
        InputError: a newer format, or contents that do not fit together.
    """
    root = source.group(file, GROUP)
    if root is None:
        return Root()
    version = source.attribute(root, "format")
    if version != FORMAT:
        raise InputError(f"group {GROUP} has format {version}; this version reads format {FORMAT}.")
    layers = source.group(root, "layers")
    return Root(
        timesteps=_whole(root, "timesteps"),
        architecture=_string(root, "architecture"),
        target=_string(root, "target"),
        dataset=_string(root, "dataset"),
        provenance=_provenance(root),
        encoder=_encoder(source.group(root, "encoder")),
        layers={} if layers is None else dict(_layers(layers)),
        readout=_readout(source.group(root, "readout")),
        check=_check(source.group(root, "check")),
    )


def _whole(root: h5py.Group, name: str) -> int | None:
    value = source.attribute(root, name)
    if isinstance(value, str):
        raise InputError(f"attribute {name!r} of {GROUP} is {value[:40]!r}; an integer is needed.")
    return value


def _string(root: h5py.Group, name: str) -> str | None:
    value = source.attribute(root, name)
    return None if value is None else str(value)


def _provenance(root: h5py.Group) -> dict[str, Any]:
    text = _string(root, "provenance") or source.text(root, "provenance")
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError(f"the provenance in {GROUP} is not a JSON object.")
    return value


def needed(parent: h5py.Group, name: str) -> np.ndarray:
    """A dataset of numbers that must be there."""
    values = source.numbers(parent, name)
    if values is None:
        raise InputError(f"{source.where(parent, name)} is missing.")
    return values


def _shaped(parent: h5py.Group, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """An integer dataset whose shape must be `shape`, None for any length."""
    values = integers(needed(parent, name), source.where(parent, name))
    if values.ndim != len(shape) or any(want not in (None, have) for want, have in zip(shape, values.shape)):
        wanted = tuple("any" if want is None else want for want in shape)
        raise InputError(f"{source.where(parent, name)} has shape {values.shape}; {wanted} is needed.")
    return values


def _ranged(parent: h5py.Group, name: str, shape: tuple[int | None, ...], dtype: Any) -> np.ndarray:
    values = _shaped(parent, name, shape)
    if values.size and (values.min() < np.iinfo(dtype).min or values.max() > np.iinfo(dtype).max):
        raise InputError(f"{source.where(parent, name)} holds values beyond {np.dtype(dtype).name}.")
    return values.astype(dtype)


def _encoder(group: h5py.Group | None) -> Encoder | None:
    if group is None:
        return None
    weight = _ranged(group, "weight", (None, None, None, None), np.int8)
    channels, inputs = weight.shape[:2]
    shift = int(_ranged(group, "shift", (), np.uint8))
    if shift > 62 or min(weight.shape) < 1:
        raise InputError(
            f"{source.where(group)} has shift {shift} and weights {weight.shape}; 0..62 and at least one weight are needed."
        )
    scale = source.numbers(group, "scale")
    if scale is not None and (scale.shape != (inputs,) or scale.dtype.kind != "f"):
        raise InputError(
            f"{source.where(group, 'scale')} has shape {scale.shape}, dtype {scale.dtype}; float32 {(inputs,)} is needed."
        )
    pixels = source.numbers(group, "pixel_range")  # files of before have none
    if pixels is not None and (pixels.shape != (2,) or pixels.dtype.kind != "f" or not pixels[0] <= pixels[1]):
        raise InputError(
            f"{source.where(group, 'pixel_range')} has shape {pixels.shape}, dtype {pixels.dtype}; float32 (2,), the lowest and the highest "
            "pixel, is needed."
        )
    return Encoder(
        weight=weight,
        bias=_ranged(group, "bias", (channels,), np.int32),
        multiplier=_ranged(group, "multiplier", (channels,), np.int32),
        shift=shift,
        table=_ranged(group, "table", (inputs, 256), np.int8) if "table" in source.names(group) else None,
        scale=None if scale is None else scale.astype(np.float32),
        stride=pair(needed(group, "stride"), source.where(group, "stride"), 1),
        padding=pair(needed(group, "padding"), source.where(group, "padding"), 0),
        pixel_range=None if pixels is None else (float(pixels[0]), float(pixels[1])),
    )


def _layers(layers: h5py.Group) -> Any:
    for name in source.names(layers):
        group = source.group(layers, name)
        if not name.isdecimal() or len(name) > 6 or group is None:
            raise InputError(f"{source.where(layers, name)} is not the number of a layer entry.")
        yield int(name), _layer(group)


def _layer(group: h5py.Group) -> LayerFacts:
    name = source.text(group, "name")
    if name is not None and not 0 < len(name) <= MAX_NAME:
        raise InputError(f"{source.where(group, 'name')} has {len(name)} characters; 1..{MAX_NAME} are allowed.")
    bias = source.numbers(group, "bias")
    return LayerFacts(
        name=name,
        block=(source.text(group, "block") or "")[:MAX_NAME],
        roles=None if source.numbers(group, "role") is None else _ranged(group, "role", (None,), np.uint8),
        scale=_real(group, "scale"),
        k=_real(group, "k"),
        host=bool(_one(group, "host") or 0),
        payload=_payload(group),
        groups=None if source.numbers(group, "groups") is None else int(_shaped(group, "groups", ())),
        bias=None if bias is None else integers(bias, source.where(group, "bias")),
    )


def _payload(group: h5py.Group) -> int:
    values = source.numbers(group, "payload")
    payload = 1 if values is None else int(_shaped(group, "payload", ()))
    if not 1 <= payload <= MAX_PAYLOAD:
        raise InputError(f"{source.where(group, 'payload')} is {payload}; 1 to {MAX_PAYLOAD} are allowed.")
    return payload


def _one(group: h5py.Group, name: str) -> Any:
    values = source.numbers(group, name)
    if values is not None and values.size != 1:
        raise InputError(f"{source.where(group, name)} has shape {values.shape}; one number is needed.")
    return None if values is None else values.reshape(-1)[0]


def _real(group: h5py.Group, name: str) -> float | None:
    value = _one(group, name)
    return None if value is None else float(value)


def _readout(group: h5py.Group | None) -> Readout | None:
    if group is None:
        return None
    classes, voters = (int(_shaped(group, name, ())) for name in ("classes", "voters"))
    if classes < 1 or voters < 1:
        raise InputError(
            f"{source.where(group)} has {classes} classes and {voters} voters; at least 1 of each is needed."
        )
    return Readout(classes, voters, bool(_one(group, "accumulates") or 0))


def _check(group: h5py.Group | None) -> CheckSamples | None:
    if group is None:
        return None
    images = needed(group, "images")
    if images.dtype not in (np.uint8, np.float32) or images.ndim < 2:
        raise InputError(
            f"{source.where(group, 'images')} has dtype {images.dtype} and shape {images.shape}; uint8 or float32 images (n, ...) are needed."
        )
    samples = len(images)
    return CheckSamples(
        images=images,
        labels=_shaped(group, "labels", (samples,)),
        spikes=_shaped(group, "spikes", (None, samples)),
        predictions=_shaped(group, "predictions", (samples,)),
    )
