"""What became of a layer, in numbers: the constants that were read, their values a step, the integers, what rounding changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.deploy.from_graph.euler_steps import Discrete
from autosnn_hw.deploy.from_graph.receiving_layers import FloatLayer
from autosnn_hw.deploy.from_graph.rounding import RoundedNeurons
from autosnn_hw.network import CubaNeuron, Encoder, InputLayer, Layer
from exporters.nir.graph import NirNode


def account(layer: FloatLayer, constants: Discrete, own: RoundedNeurons, made: Layer) -> dict[str, Any]:
    """The account of one layer, JSON-able."""
    read, step = _read(layer, constants)
    neuron = own.neuron
    integers = {
        "weight": _range(own.weight),
        "bias": _range(own.bias),
        "vThMant": _range(np.asarray(neuron.vth_mant)),
        "vDecay": _range(np.asarray(neuron.v_decay)),
        "iDecay": _range(np.asarray(neuron.i_decay)),
    }
    return {
        "layer": layer.name,
        "kind": layer.node.kind,
        "through": list(layer.signal.nodes),
        "from": list(layer.signal.terms),
        "shape": list(made.shape),
        "read": read,
        "a_step": step,
        "scale": own.scale,
        "integers": integers,
        "weights_exact": own.exact,
        "changed_by_rounding": own.changes,
    }


def image_account(layer: FloatLayer, constants: Discrete, encoder: Encoder, made: InputLayer) -> dict[str, Any]:
    """The account of a first layer whose weights are host work."""
    read, step = _read(layer, constants)
    neuron, scale = made.neuron, made.scale
    assert isinstance(neuron, CubaNeuron) and scale is not None
    integers = {
        "weight": _range(encoder.weight),
        "vThMant": _range(np.asarray(neuron.vth_mant)),
        "vDecay": _range(np.asarray(neuron.v_decay)),
        "iDecay": _range(np.asarray(neuron.i_decay)),
    }
    threshold = 0.0 if constants.threshold is None else float(np.max(constants.threshold))
    off = abs(float(np.max(neuron.vth_mant)) / scale - threshold) / max(threshold, 1e-30)
    return {
        "layer": layer.name,
        "kind": f"{layer.node.kind}, driven by images",
        "through": list(layer.signal.nodes),
        "from": list(layer.signal.terms),
        "shape": list(made.shape),
        "read": read,
        "a_step": step,
        "scale": scale,
        "integers": integers,
        "weights_exact": False,
        "changed_by_rounding": {"threshold": off},
    }


def _read(layer: FloatLayer, constants: Discrete) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was read of the neurons, and what it is in a step."""
    read = constants_of(layer.node)
    step = {
        "gain": _range(constants.gain),
        "v_decay": _range(constants.v_decay),
        "i_decay": _range(constants.i_decay),
        "threshold": None if constants.threshold is None else _range(constants.threshold),
        "drive": _range(constants.drive),
    }
    return read, step


def constants_of(node: NirNode) -> dict[str, float | list[float]]:
    """A node's parameters, JSON-able: one number where all are equal, else [least, largest]; text and nothing are left out."""
    return {
        key: _range(np.asarray(value, float))
        for key, value in node.values.items()
        if value is not None and not isinstance(value, str)
    }


def _range(values: np.ndarray) -> float | list[float]:
    """One number where all are equal, else [least, largest]."""
    low, high = float(np.min(values)), float(np.max(values))
    return low if low == high else [low, high]
