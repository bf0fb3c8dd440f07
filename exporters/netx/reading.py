"""Reading NetX files, our own and those made by others, into a `ChipNetwork`. The format: docs/netx.md.

What Lava's NetX would skip, ignore or cut is done alike and written into `provenance["notes"]`; what a `ChipNetwork`
cannot say is refused by name.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, Readout, SigmaDeltaNeuron
from autosnn_hw.network.chip_layers import THRESHOLD_LIMIT
from exporters import hdf5_input as source
from exporters.netx import layers as netx_layers
from exporters.netx import root as netx_root
from exporters.netx import root_reading as netx_root_read
from exporters.netx import values as netx_values
from exporters.netx.values import Reading

_LAVA_REFUSES = "lava-dl cannot load it either"
_LAVA_SKIPS = "lava-dl skips it without a word, which runs another network"
UNSUPPORTED = {
    "pool": f"{_LAVA_REFUSES}; a max pool is a depthwise conv entry whose weights exceed vThMant",
    "convT": f"{_LAVA_REFUSES}; conv, dense and flatten entries are read",
    "unpool": f"{_LAVA_REFUSES}; conv, dense and flatten entries are read",
    "concat": f"{_LAVA_REFUSES}; a network here is strictly sequential",
    "dense_rec": "recurrent layers are not supported; conv, dense and flatten entries are read",
    "dense_comp": f"{_LAVA_REFUSES}; complex weights are not supported",
}


def read(
    path: str | Path,
    *,
    input_shape: tuple[int, ...] | None = None,
    sample_shape: tuple[int, ...] | None = None,
    num_layers: int | None = None,
) -> ChipNetwork:
    """Read a NetX file as Lava would run it.

    Args:
        input_shape: (C, H, W) or (N,) of what comes in, for a file without an input entry.
        sample_shape: of one of the samples that will be sent, an image or frames (T, ..); looked at where neither the file
            nor `input_shape` says a shape.
        num_layers: read only the first entries (as NetX counts them: input and flatten included).

    Returns:
        The network. `provenance["notes"]` lists, in sentences, what NetX ignores or changes in this file; `provenance["part"]` says
        how many last entries were left out, where any were: what such a network gives are no votes.

    Raises:
        InputError: missing, damaged or hostile file, or something a `ChipNetwork` cannot say, by the entry's name.
    """
    if num_layers is not None and num_layers < 1:
        raise InputError(f"{num_layers} layers were asked for; at least 1 entry is read.")
    with source.opened(path) as file:
        root = netx_root_read.read(file)
        reading = Reading(root, input_shape=input_shape, sample_shape=sample_shape)
        entries = _entries(file)
        reading.left_out = 0 if num_layers is None else max(0, len(entries) - num_layers)
        for index, entry in enumerate(entries[:num_layers]):
            reading.index, reading.place = index, f"layer/{index}"
            _read_entry(reading, entry, entries[index:])
    if len(reading.layers) < 2:
        whole = "" if num_layers is None else f" in its first {num_layers} entries"
        raise InputError(f"{path} holds no conv or dense layer{whole}; at least one is needed.")
    unknown = sorted(set(root.layers) - set(range(len(entries))))
    if unknown:
        raise InputError(
            f"group {netx_root.GROUP}/layers speaks of layer entries {unknown}, which are not in the file."
        )
    return _network(reading)


def ends_in_average(path: str | Path) -> bool:
    """Whether the last entry of a file is an average of voters, which lava-dl writes and does not load.

    Raises:
        InputError: missing or damaged file.
    """
    with source.opened(path) as file:
        return source.text(_entries(file)[-1], "type") == "average"


def _network(reading: Reading) -> ChipNetwork:
    root, layers = reading.root, tuple(reading.layers)
    provenance = dict(root.provenance)
    notes = reading.sentences()
    if notes:
        known = provenance.get("notes", [])
        known = known if isinstance(known, list) else [known]
        # A net that was read and written again has its entries at other places.
        said = {str(note).partition(": ")[2] for note in known}
        provenance["notes"] = known + [note for note in notes if note.partition(": ")[2] not in said]
    if reading.left_out:
        provenance["part"] = {"left_out": reading.left_out}
    first = layers[0]
    if root.encoder is not None and root.encoder.weight.shape[0] != first.shape[0]:
        raise InputError(
            f"the encoder gives {root.encoder.weight.shape[0]} channels, {first.name!r} has {first.shape[0]}."
        )
    network = ChipNetwork(
        layers=layers,
        timesteps=root.timesteps,
        encoder=root.encoder,
        readout=_readout(reading),
        architecture=root.architecture,
        target=root.target,
        dataset=root.dataset,
        provenance=provenance,
        check=None if reading.left_out else root.check,
    )
    if network.check is not None and len(network.check.spikes) != len(network.neuron_layers):
        raise InputError(
            f"the check samples hold spikes of {len(network.check.spikes)} layers; the network has {len(network.neuron_layers)}."
        )
    return network


def _readout(reading: Reading) -> Readout | None:
    """The file's own, unless its last layers were left out; else what a foreign net ends in: an average of voters, or
    neurons that never fire, which are read by their v."""
    root, last = reading.root, reading.layers[-1]
    if isinstance(last.neuron, SigmaDeltaNeuron) and (root.readout is None or reading.left_out):
        classes = reading.classes or last.shape[0]
        return Readout(classes, last.shape[0] // classes, accumulates=True) if prod(last.shape[1:]) == 1 else None
    if root.readout is not None or root.layers:
        return None if reading.left_out else root.readout
    silent = last.neuron is not None and np.min(last.neuron.vth_mant) >= THRESHOLD_LIMIT
    if reading.classes is not None:
        return Readout(classes=reading.classes, voters=last.shape[0] // reading.classes, accumulates=bool(silent))
    return Readout(classes=last.shape[0], voters=1, accumulates=True) if silent else None


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


def _read_entry(reading: Reading, entry: h5py.Group, following: list[h5py.Group]) -> None:
    """Read one entry; `following` begins with it."""
    kind = source.text(entry, "type")
    if kind is None:
        reading.refuse("type is missing; one of input, conv, dense, flatten, average is needed")
    if reading.classes is not None:
        reading.refuse(f"type {kind[:40]!r} after an average entry, which is the reading of the output and comes last")
    if kind in UNSUPPORTED:
        reading.refuse(
            f"type {kind!r} cannot be represented: {UNSUPPORTED[kind]}"
            + (f"; --layers {reading.index} reads what comes before it" if len(reading.layers) > 1 else "")
        )
    if kind not in netx_layers.KNOWN:
        reading.refuse(f"type {kind[:40]!r} is not known ({_LAVA_SKIPS}); one of input, conv, dense, flatten is needed")
    netx_layers.note_unread(reading, entry, kind)
    if kind == "input":
        reading.layers.append(netx_layers.input_layer(reading, entry))
        return
    if not reading.layers:
        reading.layers.append(netx_layers.missing_input(reading, kind, following))
    if kind == "flatten":
        reading.flattened = True
    elif kind == "average":
        reading.classes = _classes(reading, entry)
    else:
        layer = netx_layers.conv_layer if kind == "conv" else netx_layers.dense_layer
        reading.layers.append(layer(reading, entry))


def _classes(reading: Reading, entry: h5py.Group) -> int:
    """Classes of an average entry, which lava-dl's trainer writes behind neurons that vote in groups of equal size."""
    if len(reading.layers) < 2:
        reading.refuse("an average entry comes after the layer whose neurons vote; there is none before it")
    last = reading.layers[-1]
    classes = int(np.prod(netx_values.shape(reading, entry)))
    if last.shape[0] % classes or last.shape[1:] not in ((), (1, 1)):
        reading.refuse(
            f"it averages to {classes} outputs, which {last.name!r} of shape {last.shape} cannot be shared among"
        )
    reading.note(
        f"the average entry is no layer: the {last.shape[0]} neurons before it are read as {classes} classes with "
        f"{last.shape[0] // classes} voters each"
    )
    return classes
