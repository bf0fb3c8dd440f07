"""What became of a layer, in numbers: the constants that were read, their values a step, the integers, what rounding changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.deploy.from_graph.layers import FloatLayer
from autosnn_hw.deploy.from_graph.neurons import Discrete
from autosnn_hw.deploy.from_graph.rounding import RoundedNeurons
from autosnn_hw.network import Layer


def account(layer: FloatLayer, constants: Discrete, own: RoundedNeurons, made: Layer) -> dict[str, Any]:
    """The account of one layer, JSON-able."""
    read = {
        key: _range(np.asarray(value, float))
        for key, value in layer.node.values.items()
        if value is not None and not isinstance(value, str)
    }
    step = {
        "gain": _range(constants.gain),
        "v_decay": _range(constants.v_decay),
        "i_decay": _range(constants.i_decay),
        "threshold": None if constants.threshold is None else _range(constants.threshold),
        "drive": _range(constants.drive),
    }
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


def _range(values: np.ndarray) -> float | list[float]:
    """One number where all are equal, else [least, largest]."""
    low, high = float(np.min(values)), float(np.max(values))
    return low if low == high else [low, high]
