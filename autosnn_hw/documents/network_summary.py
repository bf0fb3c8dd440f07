"""A JSON-able description of a `ChipNetwork`: what `inspect` shows. Numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.documents.layer_words import kind_of, role_of
from autosnn_hw.network import (
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    Encoder,
    InputLayer,
    IntOrArray,
    Layer,
    Role,
    SigmaDeltaNeuron,
)


def summarise(network: ChipNetwork) -> dict[str, Any]:
    """Layers, roles and numbers of a network.

    Returns:
        JSON-able; what is not known is None. Ranges are [least, largest]; parameters are numbers, or ranges with the
        number of different values where they differ from channel to channel.
    """
    layers = [_layer(layer, network) for layer in network.layers]
    provenance = {name: value for name, value in network.provenance.items() if name != "notes"}
    return {
        "architecture": network.architecture,
        "target": network.target,
        "dataset": network.dataset,
        "timesteps": network.timesteps,
        "neurons": sum(int(np.prod(layer.shape)) for layer in network.neuron_layers),
        "weights": sum(layer["weights"]["stored"] for layer in layers if layer["weights"]),
        "non_zero_weights": sum(layer["weights"]["non_zero"] for layer in layers if layer["weights"]),
        "input": _input(network),
        "encoder": None if network.encoder is None else _encoder(network.encoder),
        "layers": layers,
        "readout": _readout(network),
        "check_samples": 0 if network.check is None else len(network.check.images),
        "notes": list(network.provenance.get("notes", [])),
        "provenance": provenance,
    }


def _input(network: ChipNetwork) -> str:
    """In words, what the network takes."""
    shape = ", ".join(map(str, network.input_layer.shape))
    if network.encoder is not None:
        pixels = "byte" if network.encoder.table is not None else "float32"
        return f"{pixels} images (N, {network.encoder.weight.shape[1]}, H, W), through the encoder on the host"
    if network.sigma_delta and network.input_layer.neuron is not None:
        return f"frames (N, T, {shape}) or images (N, {shape}) of integers, each value into its delta encoder as it is"
    if network.input_layer.neuron is not None:
        return f"images (N, {shape}), each value the bias mantissa of an input neuron as it is"
    if network.input_layer.payload > 1:
        return f"frames (N, T, {shape}) of counts up to {network.input_layer.payload} (graded spikes)"
    return f"spike frames (N, T, {shape})"


def _readout(network: ChipNetwork) -> dict[str, Any]:
    readout, last = network.readout, network.layers[-1]
    by_value = "final value" if network.sigma_delta else "final v"
    if readout is None:
        return {
            "classes": int(np.prod(last.shape)),
            "voters": 1,
            "by": by_value if network.sigma_delta else "spikes of each neuron",
        }
    return {
        "classes": readout.classes,
        "voters": readout.voters,
        "by": by_value if readout.accumulates else "summed spikes",
    }


def _encoder(encoder: Encoder) -> dict[str, Any]:
    return {
        "weight_shape": list(encoder.weight.shape),
        "weight": _range(encoder.weight),
        "bias": _range(encoder.bias),
        "multiplier": _range(encoder.multiplier),
        "shift": int(encoder.shift),
        "pixels": "float32 x scale" if encoder.table is None else "byte table",
        "stride": list(encoder.stride),
        "padding": list(encoder.padding),
    }


def _layer(layer: Layer, network: ChipNetwork) -> dict[str, Any]:
    roles = {role.name.lower(): int(np.count_nonzero(layer.roles == role)) for role in Role}
    described: dict[str, Any] = {
        "name": layer.name,
        "kind": kind_of(layer),
        "block": layer.block,
        "role": role_of(layer, network),
        "shape": list(layer.shape),
        "neurons": int(np.prod(layer.shape)) if layer.neuron is not None else 0,
        "channels": roles,
        "neuron": None if layer.neuron is None else _neuron(layer.neuron),
        "bias": _range(layer.bias),
        "scale": layer.scale,
        "k": layer.k,
        "weights": None,
    }
    if isinstance(layer, InputLayer):
        described["host"] = layer.host
        described["foreign_transform"] = _transform(layer)
        return described
    described["weights"] = {
        "shape": list(layer.weight.shape),
        "stored": int(layer.weight.size),
        "non_zero": int(np.count_nonzero(layer.weight)),
        "range": _range(layer.weight),
        "even": not (layer.weight & 1).any(),
    }
    if isinstance(layer, ConvLayer):
        described |= {name: list(getattr(layer, name)) for name in ("stride", "padding", "dilation")}
        described["groups"] = layer.groups
    else:
        described["delay"] = _range(layer.delay)
    return described


def _neuron(neuron: CubaNeuron | SigmaDeltaNeuron) -> dict[str, Any]:
    if isinstance(neuron, SigmaDeltaNeuron):
        return {"kind": neuron.part.value, "vth_mant": neuron.vth_mant}
    return {name: _parameter(getattr(neuron, name)) for name in ("vth_mant", "v_decay", "i_decay")}


def _parameter(value: IntOrArray) -> Any:
    values = np.unique(value)
    return int(values[0]) if values.size == 1 else {"range": _range(values), "different": int(values.size)}


def _range(values: np.ndarray | None) -> list[int] | None:
    return None if values is None or not values.size else [int(values.min()), int(values.max())]


def _transform(layer: InputLayer) -> dict[str, Any] | None:
    """The weight and bias of a foreign input entry, with whose they are."""
    if layer.foreign_transform is None:
        return None
    weight, bias = (np.asarray(value).reshape(-1).tolist() for value in layer.foreign_transform)
    return {
        "weight": weight[0] if len(weight) == 1 else weight,
        "bias": bias[0] if len(bias) == 1 else bias,
        "note": "belongs to its owner's pre-processing; never applied here",
    }
