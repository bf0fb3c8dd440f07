"""Reading NetX files, our own and those made by others, into a `ChipNetwork`. The format: docs/netx.md.

What Lava's NetX would skip, ignore or cut is done alike and written into `provenance["notes"]`; what a `ChipNetwork`
cannot say is refused by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer, Readout
from exporters import grouped_kernels, netx_root, netx_values
from exporters import hdf5_input as source
from exporters.netx_root import Root
from exporters.netx_values import Reading, integers

MAX_GROUPS = 2**15
NEVER_FIRES = 131071

NO_NEURON = CubaNeuron(vth_mant=1 << 17, v_decay=4096, i_decay=0)
"""lava-dl's default for a dense entry without a neuron: adds up in u and never fires."""

_LAVA_REFUSES = "lava-dl cannot load it either"
_LAVA_SKIPS = "lava-dl skips it without a word, which runs another network"
UNSUPPORTED = {
    "pool": f"{_LAVA_REFUSES}; a max pool is a depthwise conv entry whose weights exceed vThMant",
    "average": f"{_LAVA_REFUSES}; it belongs to the reading of the output",
    "convT": f"{_LAVA_REFUSES}; conv, dense and flatten entries are read",
    "unpool": f"{_LAVA_REFUSES}; conv, dense and flatten entries are read",
    "concat": f"{_LAVA_REFUSES}; a network here is strictly sequential",
    "dense_rec": "recurrent layers are not supported; conv, dense and flatten entries are read",
    "dense_comp": f"{_LAVA_REFUSES}; complex weights are not supported",
}


def read(path: str | Path, *, input_shape: tuple[int, ...] | None = None, num_layers: int | None = None) -> ChipNetwork:
    """Read a NetX file as Lava would run it.

    Args:
        input_shape: (C, H, W) of what comes in, for a file without an input entry that begins with a convolution.
        num_layers: read only the first entries (as NetX counts them: input and flatten included).

    Returns:
        The network. `provenance["notes"]` lists, in sentences, what NetX ignores or changes in this file.

    Raises:
        InputError: missing, damaged or hostile file, or something a `ChipNetwork` cannot say, by the entry's name.
    """
    with source.opened(path) as file:
        root = netx_root.read(file)
        reading = Reading(root)
        for index, entry in enumerate(_entries(file)[:num_layers]):
            reading.index, reading.place = index, f"layer/{index}"
            _read_entry(reading, entry, input_shape)
    if len(reading.layers) < 2:
        raise InputError(f"{path} holds no conv or dense layer; at least one is needed.")
    unknown = sorted(set(root.layers) - set(range(index + 1)))
    if unknown and num_layers is None:
        raise InputError(
            f"group {netx_root.GROUP}/layers speaks of layer entries {unknown}, which are not in the file."
        )
    return _network(reading, cut=num_layers is not None and num_layers <= index)


def _network(reading: Reading, cut: bool) -> ChipNetwork:
    root, layers = reading.root, tuple(reading.layers)
    provenance = dict(root.provenance)
    if reading.notes:
        known = provenance.get("notes", [])
        known = known if isinstance(known, list) else [known]
        provenance["notes"] = known + [note for note in reading.notes if note not in known]
    first = layers[0]
    if root.encoder is not None and root.encoder.weight.shape[0] != first.shape[0]:
        raise InputError(
            f"the encoder gives {root.encoder.weight.shape[0]} channels, {first.name!r} has {first.shape[0]}."
        )
    network = ChipNetwork(
        layers=layers,
        timesteps=root.timesteps,
        encoder=root.encoder,
        readout=_readout(root, layers[-1]),
        architecture=root.architecture,
        target=root.target,
        dataset=root.dataset,
        provenance=provenance,
        check=root.check,
    )
    if network.check is not None and len(network.check.spikes) != len(network.neuron_layers):
        raise InputError(
            f"the check samples hold spikes of {len(network.check.spikes)} layers; the network has {len(network.neuron_layers)}."
        )
    return network


def _readout(root: Root, last: Layer) -> Readout | None:
    """The file's own, or for a foreign net that ends in neurons that never fire: read by their v."""
    if root.readout is not None or root.layers:
        return root.readout
    neuron = last.neuron
    if neuron is None or np.min(neuron.vth_mant) < NEVER_FIRES:
        return None
    return Readout(classes=last.shape[0], voters=1, accumulates=True)


def _entries(file: h5py.File) -> list[h5py.Group]:
    layers = source.group(file, "layer")
    if layers is None:
        raise InputError("the file has no group 'layer'; a NetX file is needed.")
    names = source.names(layers)
    wanted = [str(index) for index in range(len(names))]
    if not names or set(names) != set(wanted):
        odd = sorted(set(names) - set(wanted)) or ["none"]
        raise InputError(
            f"group 'layer' holds {len(names)} entries, among them {odd[0][:40]!r}; the names 0, 1, .. without a gap are needed."
        )
    found = [source.group(layers, name) for name in wanted]
    return [entry for entry in found if entry is not None]


def _read_entry(reading: Reading, entry: h5py.Group, input_shape: tuple[int, ...] | None) -> None:
    kind = source.text(entry, "type")
    if kind is None:
        reading.refuse("type is missing; one of input, conv, dense, flatten is needed")
    if kind in UNSUPPORTED:
        reading.refuse(
            f"type {kind!r} cannot be represented: {UNSUPPORTED[kind]}"
            + (f"; num_layers={reading.index} reads what comes before it" if len(reading.layers) > 1 else "")
        )
    if kind == "input":
        _input(reading, entry)
        return
    if kind not in ("conv", "dense", "flatten"):
        reading.refuse(f"type {kind[:40]!r} is not known ({_LAVA_SKIPS}); one of input, conv, dense, flatten is needed")
    if not reading.layers:
        reading.layers.append(_missing_input(reading, entry, kind, input_shape))
    if kind == "flatten":
        reading.flattened = True
    elif kind == "conv":
        _conv(reading, entry)
    else:
        _dense(reading, entry)


def _missing_input(reading: Reading, entry: h5py.Group, kind: str, input_shape: tuple[int, ...] | None) -> InputLayer:
    if input_shape is None and kind == "dense":
        rows = int(np.prod(integers(reading, entry, "shape")))
        weights = integers(reading, entry, "weight").size
        input_shape = (weights // rows,) if rows > 0 and weights >= rows else None
    if input_shape is None:
        reading.refuse(
            f"the file has no input entry and begins with a {kind} entry, so the shape of its input is not known; "
            "give it: input_shape=(C, H, W)"
        )
    return InputLayer(name="input", shape=tuple(input_shape), block="")


def _input(reading: Reading, entry: h5py.Group) -> None:
    if reading.layers:
        reading.refuse("a second input entry; only the first entry may be one")
    shape, facts = netx_values.shape(reading, entry), reading.facts
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
    layer = InputLayer(
        name=reading.name("input"),
        shape=shape,
        neuron=netx_values.neuron(reading, entry),
        bias=facts.bias,
        roles=facts.roles,
        block=facts.block if reading.root.layers else "",
        scale=facts.scale,
        k=facts.k,
        host=facts.host,
        foreign_transform=transform,
    )
    reading.layers.append(layer)


def _conv(reading: Reading, entry: h5py.Group) -> None:
    if reading.flattened:
        reading.refuse("a conv entry after a flatten entry; flatten belongs right before dense")
    shape, facts = netx_values.shape(reading, entry), reading.facts
    geometry: dict[str, Any] = {
        name: integers(reading, entry, name) for name in ("stride", "padding", "dilation", "groups")
    }
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
    layer = ConvLayer(
        name=reading.name("conv"),
        shape=shape,
        weight=weight,
        neuron=neuron,
        bias=netx_values.bias(reading, entry, shape),
        roles=facts.roles,
        block=facts.block,
        scale=facts.scale,
        k=facts.k,
        **geometry,
    )
    reading.layers.append(layer)


def _dense(reading: Reading, entry: h5py.Group) -> None:
    previous, facts = reading.layers[-1], reading.facts
    if len(previous.shape) == 3 and not reading.flattened and previous.neuron is not None:
        reading.refuse(
            f"a dense entry after {previous.name!r} of shape {previous.shape} needs a flatten entry between them"
        )
    reading.flattened = False
    neurons = int(np.prod(netx_values.shape(reading, entry)))
    weight = integers(reading, entry, "weight")
    if weight.ndim == 1 and weight.size % neurons == 0:
        weight = weight.reshape(neurons, -1)
    if weight.ndim != 2 or weight.shape[0] != neurons or not weight.size:
        reading.refuse(f"weight has shape {weight.shape} for {neurons} neurons; (N, Nin) is needed")
    neuron = netx_values.neuron(reading, entry)
    if neuron is None:
        reading.note("no neuron: Lava's default adds up in u and never fires")
    layer = DenseLayer(
        name=reading.name("dense"),
        shape=(neurons,),
        weight=weight,
        neuron=neuron or NO_NEURON,
        bias=netx_values.bias(reading, entry, (neurons,)),
        delay=netx_values.delay(reading, entry, weight.shape),
        roles=facts.roles,
        block=facts.block,
        scale=facts.scale,
        k=facts.k,
    )
    reading.layers.append(layer)
