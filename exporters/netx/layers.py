"""One entry of a NetX file as a layer of a `ChipNetwork`, with what Lava does to its numbers when it loads them."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from autosnn_hw.network import ConvLayer, CubaNeuron, DenseLayer, InputLayer, SigmaDeltaNeuron
from autosnn_hw.network.chip_layers import DECAY_ONE
from exporters import grouped_kernels, lava_dense
from exporters import hdf5_input as source
from exporters.netx import values as netx_values
from exporters.netx.values import Reading, integers

MAX_GROUPS = 2**15
GEOMETRY = ("stride", "padding", "dilation", "groups")
KNOWN = {
    "input": {"type", "shape", "neuron", "weight", "bias"},
    "flatten": {"type", "shape"},
    "average": {"type", "shape"},
    "dense": {"type", "shape", "neuron", "weight", "bias", "delay", "inFeatures", "outFeatures"},
    "conv": {
        "type",
        "shape",
        "neuron",
        "weight",
        "bias",
        "delay",
        "inChannels",
        "outChannels",
        "kernelSize",
        *GEOMETRY,
    },
}
"""Datasets of an entry that are read, or repeat what others say."""

NO_NEURON = CubaNeuron(vth_mant=1 << 17, v_decay=DECAY_ONE, i_decay=0)
"""lava-dl's default for a dense entry without a neuron: adds up in u and never fires."""


def note_unread(reading: Reading, entry: h5py.Group, kind: str) -> None:
    """Note the datasets that neither NetX nor this reader knows."""
    unread = sorted(set(source.names(entry)) - KNOWN[kind])
    if unread:
        reading.note(f"NetX ignores {', '.join(name[:40] for name in unread)}, and so does this")


def input_layer(reading: Reading, entry: h5py.Group) -> InputLayer:
    """The layer of an input entry.

    Raises:
        InputError: it is not the first entry, its shape is another than the one that was asked for, or a value is odd.
    """
    if reading.layers:
        reading.refuse("a second input entry; only the first entry may be one")
    shape, facts = netx_values.shape(reading, entry), reading.facts
    if reading.input_shape is not None and reading.input_shape != shape:
        reading.refuse(
            f"the file says that its input is {_text(shape)}, --input-shape says {_text(reading.input_shape)}; leave it out"
        )
    transform = None
    if entry.keys() & {"weight", "bias"}:
        # NetX only stores these two (64 and 0 where missing); they belong to the pre-processing of the file's owner.
        weight, bias = (source.numbers(entry, name) for name in ("weight", "bias"))
        transform = (np.asarray(64) if weight is None else weight, np.asarray(0) if bias is None else bias)
        if any(value.size != 1 for value in transform):
            reading.refuse("weight and bias of an input entry must be one number each")
        reading.note(
            f"the input entry carries weight {transform[0].item():g} and bias {transform[1].item():g} for its owner's "
            "pre-processing; they are never applied, an image is the bias mantissa as it is"
        )
    neuron = netx_values.neuron(reading, entry, is_input=True)
    return InputLayer(
        name=reading.name("input"),
        shape=shape,
        neuron=neuron,
        bias=facts.bias,
        roles=facts.roles,
        block=facts.block if reading.root.layers else "",
        scale=facts.scale,
        k=facts.k,
        host=facts.host or isinstance(neuron, SigmaDeltaNeuron),
        payload=facts.payload,
        foreign_transform=transform,
    )


def missing_input(reading: Reading, kind: str, following: list[h5py.Group]) -> InputLayer:
    """The input of a file that has no entry for it.

    What begins with a dense entry, flattened or not, has as many inputs as its weights say; the samples that will be sent
    may give them a shape. A convolution says its input's channels; its size the caller must give, or the samples.

    Args:
        kind: type of the file's first entry.
        following: all entries.
    """
    given, first = reading.input_shape, _first_weighted(following)
    dense = first is not None and source.text(first, "type") == "dense"
    if first is not None and dense:
        count = _inputs_of(reading, first)
        if given is not None and int(np.prod(given)) != count:
            reading.refuse(
                f"its dense entry takes {count} inputs, --input-shape {_text(given)} gives {int(np.prod(given))}"
            )
        fitting = [shape for shape in _of_samples(reading.sample_shape) if int(np.prod(shape)) == count]
        return InputLayer(name="input", shape=(given or [*fitting, (count,)][0]), block="")
    channels = None if first is None else _channels_of(reading, first)
    fitting = [shape for shape in _of_samples(reading.sample_shape) if len(shape) == 3 and shape[0] == channels]
    shape = given or (fitting[0] if fitting else None)
    if shape is None or len(shape) != 3:
        samples = reading.sample_shape
        found = "" if samples is None else f", and samples of shape {_text(samples)} do not say it"
        known = "" if channels is None else f" (C is {channels})"
        reading.refuse(
            f"the file has no input entry and begins with a {kind} entry, so the shape of its input is not known{found}; give "
            f"it: --input-shape C,H,W{known}, in Python input_shape=(C, H, W)"
        )
    return InputLayer(name="input", shape=shape, block="")


def _first_weighted(entries: list[h5py.Group]) -> h5py.Group | None:
    """The first entry with synapses."""
    return next((entry for entry in entries if source.text(entry, "type") in ("conv", "dense")), None)


def _of_samples(shape: tuple[int, ...] | None) -> list[tuple[int, ...]]:
    """What may be the shape of a network's input, by one sample: a frame (T, ..) or an image, its channels first or last."""
    if shape is None or not 1 <= len(shape) <= 4:
        return []
    if len(shape) == 4:
        channels_last = (shape[3], shape[1], shape[2])
        return [shape[1:], channels_last]
    if len(shape) == 3:
        return [shape, (shape[2], shape[0], shape[1]), (1, *shape[1:])]
    return [shape[1:], (1, *shape)] if len(shape) == 2 else [shape]


def _channels_of(reading: Reading, conv: h5py.Group) -> int:
    groups, shape = integers(reading, conv, "groups"), source.shape(conv, "weight")
    return int(groups.reshape(-1)[0]) * shape[1] if groups.size and shape is not None and len(shape) > 1 else 0


def _inputs_of(reading: Reading, dense: h5py.Group) -> int:
    rows = int(np.prod(integers(reading, dense, "shape")))
    stored = source.shape(dense, "weight")
    weights = None if stored is None else int(np.prod(stored))
    if weights is None or rows < 1 or weights < rows or weights % rows:
        reading.refuse(f"its dense entry has {weights} weights for {rows} neurons; (N, Nin) is needed")
    return weights // rows


def _text(shape: tuple[int, ...]) -> str:
    return ",".join(map(str, shape))


def conv_layer(reading: Reading, entry: h5py.Group) -> ConvLayer:
    """The layer of a conv entry.

    Raises:
        InputError: a dataset is missing, or they do not fit together.
    """
    if reading.flattened:
        reading.refuse("a conv entry after a flatten entry; flatten belongs right before dense")
    shape, facts = netx_values.shape(reading, entry), reading.facts
    geometry: dict[str, Any] = {name: integers(reading, entry, name) for name in GEOMETRY}
    if geometry["groups"].size != 1:
        reading.refuse(f"groups has shape {geometry['groups'].shape}; one integer is needed")
    groups = int(geometry["groups"].reshape(-1)[0])
    weight = integers(reading, entry, "weight")
    if weight.ndim == 5 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.ndim != 4 or groups < 1 or groups > MAX_GROUPS or weight.shape[0] % groups or not weight.size:
        reading.refuse(f"weight has shape {weight.shape} with {groups} groups; (C, Cin / groups, kH, kW) is needed")
    if groups > grouped_kernels.MAX_GROUPS:
        reading.note(f"{groups} groups, which Lava keeps in 8 bits and gets wrong; read as they are meant")
    if facts.groups is not None:
        split = grouped_kernels.split(weight, groups, facts.groups)
        if split is None:
            reading.refuse(f"the weights are not those of {facts.groups} groups, as the file says")
        weight, geometry["groups"] = split, facts.groups
    if "delay" in source.names(entry):
        reading.note("Lava ignores the delay of a conv entry, and so does this")
    neuron = netx_values.neuron(reading, entry)
    if neuron is None:
        reading.refuse("neuron is missing; a conv entry needs one")
    return ConvLayer(
        name=reading.name("conv"),
        shape=shape,
        weight=weight,
        neuron=neuron,
        bias=netx_values.bias(reading, entry, shape, neuron),
        roles=facts.roles,
        block=facts.block,
        scale=facts.scale,
        k=facts.k,
        **geometry,
    )


def dense_layer(reading: Reading, entry: h5py.Group) -> DenseLayer:
    """The layer of a dense entry, with the weights that Lava makes of the file's.

    Raises:
        InputError: a dataset is missing, or they do not fit together.
    """
    previous, facts = reading.layers[-1], reading.facts
    if len(previous.shape) == 3 and not reading.flattened and previous.neuron is not None:
        reading.refuse(
            f"a dense entry after {previous.name!r} of shape {previous.shape} needs a flatten entry between them"
        )
    reading.flattened = False
    neurons = int(np.prod(netx_values.shape(reading, entry)))
    stored = integers(reading, entry, "weight")
    if stored.ndim == 1 and stored.size % neurons == 0:
        stored = stored.reshape(neurons, -1)
    if stored.ndim != 2 or stored.shape[0] != neurons or not stored.size:
        reading.refuse(f"weight has shape {stored.shape} for {neurons} neurons; (N, Nin) is needed")
    weight = _as_lava_loads(reading, stored)
    neuron = netx_values.neuron(reading, entry)
    if neuron is None:
        reading.note("no neuron: Lava's default adds up in u and never fires")
    return DenseLayer(
        name=reading.name("dense"),
        shape=(neurons,),
        weight=weight,
        neuron=neuron or NO_NEURON,
        bias=netx_values.bias(reading, entry, (neurons,), neuron),
        delay=netx_values.delay(reading, entry, weight.shape),
        roles=facts.roles,
        block=facts.block,
        scale=facts.scale,
        k=facts.k,
        stored=None if weight is stored else stored,
    )


def _as_lava_loads(reading: Reading, stored: np.ndarray) -> np.ndarray:
    """The weights that Lava computes with; `stored` itself where they are the file's."""
    weight = lava_dense.effective_weight(stored)
    if weight is None:
        reading.note("all its weights are zero: Lava cannot load such a file, here they are zeros")
        return stored
    if np.array_equal(weight, stored):
        return stored
    changed = (
        f"Lava loads other weights than the file holds, {int((weight != stored).sum())} of {stored.size}: "
        f"{stored.min()}..{stored.max()} become {weight.min():g}..{weight.max():g}, because it shifts them to 8 bits"
    )
    if (weight % 1).any():
        reading.note(f"{changed}; these are no integers, so this keeps the file's, and its spikes are not Lava's")
        return stored
    reading.note(f"{changed}; so does this")
    return weight.astype(np.int64)
