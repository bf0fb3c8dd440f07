"""Golden vectors: the inputs, spikes, u and v of every layer and step in one npz file, for people with hardware of their own.

Beside the file stands a JSON document that says what each array is (the same text is in the file as `about`); its schema is that
of `TraceDocument`. The neurons' equations: docs/simulator.md.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autosnn_hw.errors import InputError
from autosnn_hw.files import npz_arrays, whole_file
from autosnn_hw.network import ChipNetwork, Layer, SigmaDeltaNeuron
from autosnn_hw.network.chip_layers import cuba
from autosnn_hw.simulate.stimulus import Stimulus
from autosnn_hw.simulate.trace import LayerTrace, Trace

ABOUT = "about"
FORMAT = "autosnn-hw trace"
RATIO = 1100  # spikes of a silent layer are zeros, which deflate packs a thousandfold
MAX_ABOUT = 1 << 24
QUANTITIES = ("spikes", "u", "v")


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class TraceInputs(_Part):
    """What is sent in: in every step the same value an input neuron ("constant"), or one frame a step."""

    array: str
    kind: Literal["constant", "frames"]
    graded: bool = Field(description="Frames meet the first synapses with their value; else each is 0 or 1.")


class NeuronParameters(_Part):
    """Lava's fixed-point CUBA neuron: one number, or one a channel (or neuron of a dense layer)."""

    vth_mant: int | list[int] = Field(description="It fires where v > 64 vth_mant, and v is then 0.")
    v_decay: int | list[int] = Field(description="0 to 4096, of 4096, that v loses in a step.")
    i_decay: int | list[int] = Field(description="0 to 4096, of 4096, that u loses in a step.")


class SigmaDeltaNeurons(_Part):
    """Lava's fixed-point sigma-delta neuron; arrays of it are messages (spikes), sums that arrived (u) and what is encoded (v)."""

    kind: Literal["delta", "sigma-delta", "sigma"]
    vth_mant: int = Field(description="A change is sent where its magnitude is at least vth_mant << 12.")


class LayerArrays(_Part):
    """One layer with neurons. Arrays are (samples, steps, *shape); u and v are None where they were not recorded."""

    name: str
    shape: list[int]
    neuron: NeuronParameters | SigmaDeltaNeurons
    spikes: str = Field(description="uint8, 1 where the neuron fired; int32 messages of sigma-delta neurons.")
    u: str | None = Field(default=None, description="int32, current after the step.")
    v: str | None = Field(default=None, description="int32, voltage after the step, 0 where the neuron fired.")


class TraceDocument(_Part):
    """What the arrays of a trace file are, by their names in it."""

    format: Literal["autosnn-hw trace"]
    version: Literal[1]
    samples: int
    timesteps: int
    inputs: TraceInputs
    notes: list[str] = Field(default=[], description="What was made of the samples, and what is odd about them.")
    layers: list[LayerArrays]


def schema() -> dict[str, Any]:
    """JSON schema of the document."""
    return TraceDocument.model_json_schema()


def write(
    path: str | Path, network: ChipNetwork, sent: Stimulus, trace: Trace, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a trace file and its document beside it (the same name, .json).

    Args:
        sent: what was sent in.
        about: more keys of the document: the network's file, the backend, the data.

    Returns:
        the document.

    Raises:
        RunError: a file cannot be written.
    """
    path = Path(path)
    layers = {layer.name: layer for layer in network.layers}
    arrays = {"inputs": _smallest(sent.values)}
    entries = []
    for index, traced in enumerate(trace.layers):
        names: dict[str, str | None] = {}
        for quantity in QUANTITIES:
            values = getattr(traced, quantity)
            names[quantity] = None if values is None else f"layer{index}_{quantity}"
            if values is not None:
                arrays[f"layer{index}_{quantity}"] = values
        layer = layers[traced.name]
        entries.append({"name": traced.name, "shape": list(layer.shape), "neuron": _neuron(layer), **names})
    document = {
        "format": FORMAT,
        "version": 1,
        **about,
        "samples": len(sent.values),
        "timesteps": sent.timesteps,
        "inputs": {"array": "inputs", "kind": sent.kind, "graded": sent.graded},
        "layers": entries,
    }
    text = json.dumps(document, indent=2)
    image = io.BytesIO()
    np.savez_compressed(image, **arrays, **{ABOUT: np.frombuffer(text.encode(), np.uint8)})
    whole_file.replace(path, image.getbuffer())
    whole_file.replace(path.with_suffix(".json"), (text + "\n").encode())
    return document


def _smallest(values: np.ndarray) -> np.ndarray:
    for kind in (np.uint8, np.int32):
        if values.min(initial=0) >= np.iinfo(kind).min and values.max(initial=0) <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def _neuron(layer: Layer) -> dict[str, Any]:
    if isinstance(layer.neuron, SigmaDeltaNeuron):
        return {"kind": layer.neuron.part.value, "vth_mant": layer.neuron.vth_mant}
    neuron = cuba(layer)
    return {name: np.asarray(getattr(neuron, name)).tolist() for name in ("vth_mant", "v_decay", "i_decay")}


def read(path: str | Path) -> tuple[Trace, dict[str, Any]]:
    """The trace in a file of `write` (or of anybody who follows its schema), and its document.

    Raises:
        InputError: no npz, no document or one against the schema, an array that is missing or has another shape or dtype.
    """
    arrays = npz_arrays.read(path, lambda name: True, ratio=RATIO)
    document = _document(arrays.get(ABOUT), path)
    traced = []
    for entry in document.layers:
        shape = (document.samples, document.timesteps, *entry.shape)
        values = {}
        for quantity in QUANTITIES:
            name = getattr(entry, quantity)
            values[quantity] = None if name is None else _array(arrays, name, shape, path)
        spikes = values.pop("spikes")
        assert spikes is not None
        traced.append(LayerTrace(entry.name, spikes, **values))
    return Trace(tuple(traced)), document.model_dump(exclude_unset=True)


def _document(raw: np.ndarray | None, path: str | Path) -> TraceDocument:
    if raw is None or raw.dtype != np.uint8 or raw.size > MAX_ABOUT:
        raise InputError(
            f"{path} has no array 'about' with the text of its document; a file of `autosnn-hw trace` is needed."
        )
    try:
        return TraceDocument.model_validate_json(raw.tobytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise InputError(f"{path}: its document is not one of a trace: {where}: {first['msg']}.") from None


def _array(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...], path: str | Path) -> np.ndarray:
    found = arrays.get(name)
    if found is None or found.dtype.kind not in "biu" or found.shape != shape:
        what = "is missing" if found is None else f"is {found.dtype} {found.shape}"
        raise InputError(f"{path}: array {name!r} {what}; integers {shape} are needed.")
    return found
