"""`ChipNetwork` to NetX (the HDF5 files that lava-dl loads). The format: docs/netx.md.

What is written is what Lava runs: `write` recomputes what Lava would make of every layer and refuses, with the layer's
name, what Lava would silently change. It imports nothing of Lava.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.exact_floats import EXACT_IN_FLOAT32
from autosnn_hw.files import whole_file
from autosnn_hw.network import (
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    InputLayer,
    Layer,
    SigmaDeltaNeuron,
    SigmaDeltaPart,
)
from autosnn_hw.network.chip_layers import LONGEST_DELAY
from exporters import grouped_kernels, lava_dense
from exporters.netx import root as netx_root
from exporters.netx.values import VTH_MAX

INT8_MAX = 127
INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
LIBRARY = ("v110", "v110")
"""The file format of HDF5 1.10: metadata with checksums, so that damage is noticed and never followed."""


def write(network: ChipNetwork, path: str | Path) -> None:
    """Write a network as a NetX file that lava-dl loads with exactly these integers.

    Args:
        path: written whole or not at all; an existing file is replaced.

    Raises:
        InputError: Lava would not run the network as it is (names the layer, and what would work).
        RunError: the file cannot be written.
    """
    for layer in network.layers:
        _refuse_what_lava_changes(layer)
    image = io.BytesIO()
    with h5py.File(image, "w", libver=LIBRARY) as file:
        _write_file(file, network)
    whole_file.replace(path, image.getbuffer())


def _write_file(file: h5py.File, network: ChipNetwork) -> None:
    layers = file.create_group("layer")
    entries: dict[str, int] = {}
    regrouped: dict[str, int] = {}
    for source, layer in zip((None, *network.layers), network.layers):
        if isinstance(layer, DenseLayer) and source is not None and len(source.shape) == 3:
            _put(layers, {"type": "flatten", "shape": np.array([int(np.prod(source.shape)), 1, 1])})
        if isinstance(layer, ConvLayer) and layer.groups > grouped_kernels.MAX_GROUPS:
            regrouped[layer.name] = layer.groups
        entries[layer.name] = len(layers)
        _put(layers, _entry(layer))
    netx_root.write(file, network, entries, regrouped)


def _put(layers: h5py.Group, entry: Mapping[str, Any]) -> None:
    group = layers.create_group(str(len(layers)))
    for name, value in entry.items():
        if name == "type":
            group.create_dataset("type", (1,), "S10", [value.encode("ascii")])
        else:
            group.create_dataset(name, data=value)


def _entry(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, InputLayer):
        entry = {"type": "input", "shape": np.asarray(layer.shape)}
        if layer.foreign_transform is not None:
            entry["weight"], entry["bias"] = layer.foreign_transform
        return entry | _neuron_entry(layer.neuron)
    entry = _conv_entry(layer) if isinstance(layer, ConvLayer) else _dense_entry(layer)
    if layer.bias is not None:
        # NetX reads a bias of the layer's full shape in Lava's axis order.
        entry["bias"] = _floats(layer.bias.T if layer.bias.ndim == 3 else layer.bias)
    return entry | _neuron_entry(layer.neuron)


def _conv_entry(layer: ConvLayer) -> dict[str, Any]:
    groups = grouped_kernels.fewer(layer.groups)
    return {
        "type": "conv",
        "shape": np.asarray(layer.shape),
        "inChannels": layer.weight.shape[1] * layer.groups,
        "outChannels": layer.shape[0],
        "kernelSize": np.asarray(layer.weight.shape[2:]),
        "stride": np.asarray(layer.stride),
        "padding": np.asarray(layer.padding),
        "dilation": np.asarray(layer.dilation),
        "groups": groups,
        "weight": _floats(grouped_kernels.merge(layer.weight, layer.groups, groups)),
    }


def _dense_entry(layer: DenseLayer) -> dict[str, Any]:
    entry = {
        "type": "dense",
        "shape": np.asarray(layer.shape),
        "inFeatures": layer.weight.shape[1],
        "outFeatures": layer.shape[0],
        "weight": _floats(_as_stored(layer)),
    }
    if layer.delay is not None:
        entry["delay"] = layer.delay
    return entry


def _neuron_entry(neuron: CubaNeuron | SigmaDeltaNeuron | None) -> dict[str, Any]:
    """As slayer writes it. Never `messageBits`, which makes NetX fail (a key missing from its NetDict)."""
    if neuron is None:
        return {}
    if isinstance(neuron, SigmaDeltaNeuron):
        entry = {
            "neuron/type": np.bytes_("SDNN"),
            "neuron/activation": np.bytes_("relu"),
            "neuron/vThMant": neuron.vth_mant,
        }
        return entry | ({"neuron/sigma_output": True} if neuron.part is SigmaDeltaPart.SIGMA else {})
    return {
        "neuron/type": np.bytes_("CUBA"),
        "neuron/iDecay": neuron.i_decay,
        "neuron/vDecay": neuron.v_decay,
        "neuron/vThMant": neuron.vth_mant,
        "neuron/refDelay": 1,
        "neuron/gradedSpike": False,
    }


def _as_stored(layer: DenseLayer) -> np.ndarray:
    """The weights to write: what a file held, where Lava makes the layer's own of them, else the layer's own."""
    stored = layer.stored
    if stored is None or stored.shape != layer.weight.shape:
        return layer.weight
    used = lava_dense.effective_weight(stored)
    return stored if used is not None and np.array_equal(used, layer.weight) else layer.weight


def _floats(values: np.ndarray) -> np.ndarray:
    """float32 as slayer writes it where that is exact, else the integers."""
    return values.astype(np.float32) if int(np.abs(values).max(initial=0)) <= EXACT_IN_FLOAT32 else values


def _refuse_what_lava_changes(layer: Layer) -> None:
    for problem in _problems(layer):
        raise InputError(f"layer {layer.name!r} cannot be written as NetX: {problem}.")


def _problems(layer: Layer) -> list[str]:
    found = []
    if layer.neuron is not None and np.max(layer.neuron.vth_mant) > VTH_MAX:
        found.append(
            f"its threshold mantissa is {int(np.max(layer.neuron.vth_mant))}, Lava holds at most {VTH_MAX}; from 131072 on a neuron never fires"
        )
    wraps = not isinstance(layer.neuron, SigmaDeltaNeuron)
    if wraps and layer.bias is not None and (layer.bias.min() < INT16_MIN or layer.bias.max() > INT16_MAX):
        found.append(
            f"its biases reach {layer.bias.min()}..{layer.bias.max()}, Lava wraps beyond {INT16_MIN}..{INT16_MAX}"
        )
    if isinstance(layer, InputLayer):
        if any(np.size(value) != 1 for value in layer.foreign_transform or ()):
            found.append("its foreign weight and bias have more than one value, NetX reads one of each")
    elif layer.weight.min() < INT32_MIN or layer.weight.max() > INT32_MAX:
        found.append(f"its weights reach {layer.weight.min()}..{layer.weight.max()}, Lava holds 32 bits")
    if isinstance(layer, DenseLayer):
        problem = None if _as_stored(layer) is layer.stored else lava_dense.fault(layer.weight)
        found += [] if problem is None else [problem]
        if layer.delay is not None and layer.delay.max() > LONGEST_DELAY:
            found.append(f"its largest delay is {layer.delay.max()}, Lava clips delays to {LONGEST_DELAY}")
    if isinstance(layer, ConvLayer):
        for name, values in (
            ("kernel", layer.weight.shape[2:]),
            ("stride", layer.stride),
            ("padding", layer.padding),
            ("dilation", layer.dilation),
        ):
            if max(values) > INT8_MAX:
                found.append(f"its {name} is {max(values)}, Lava keeps it in 8 bits: at most {INT8_MAX}")
    return found
