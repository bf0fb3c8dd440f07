"""Layers in floats become the integer layers of a chip, in order, each with its account."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.deploy.from_graph.account import account as account_of
from autosnn_hw.deploy.from_graph.composition import materialised, side_by_side
from autosnn_hw.deploy.from_graph.layers import FloatLayer
from autosnn_hw.deploy.from_graph.maps import ConvMap, DenseMap, Map, Shape, per_channel
from autosnn_hw.deploy.from_graph.neurons import Discrete, discrete
from autosnn_hw.deploy.from_graph.relayed_layers import Place, conv_layer, dense_layer
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons, RoundedNeurons, rounded
from autosnn_hw.errors import InputError
from autosnn_hw.network import InputLayer, Layer
from exporters.nir_graph import NirGraph


def chip_layers(
    graph: NirGraph, input_shape: Shape, layers: list[FloatLayer], dt: float, fires_at: bool
) -> tuple[list[Layer], list[dict[str, Any]], list[str]]:
    start = next(node.name for node in graph.nodes.values() if node.kind == "Input" and not graph.into(node.name))
    chip: list[Layer] = [InputLayer(start, input_shape, block="")]
    heard = [Place(start, input_shape, False)]
    account, notes = [], []
    for index, layer in enumerate(layers):
        later = {source for following in layers[index + 1 :] for source in following.signal.terms}
        carried = [place for place in heard if place.source in later]
        constants = discrete(layer.node, dt)
        made, own, said = _chip_layer(layer, constants, heard, carried, fires_at)
        chip.append(made)
        account.append(account_of(layer, constants, own, made))
        notes += said
        heard = [
            Place(layer.name, layer.shape, False),
            *(Place(place.source, _carried_shape(place, layer), True) for place in carried),
        ]
    return chip, account, notes


def _carried_shape(place: Place, layer: FloatLayer) -> Shape:
    return place.shape if len(layer.shape) == 3 else (int(np.prod(place.shape)),)


def _chip_layer(
    layer: FloatLayer, constants: Discrete, heard: list[Place], carried: list[Place], fires_at: bool
) -> tuple[Layer, RoundedNeurons, list[str]]:
    where = f"node {layer.name!r} ({layer.node.kind})"
    terms = {source: materialised(term, where) for source, term in layer.signal.terms.items()}
    joint = _joint(terms, heard, where)
    floats, notes = _floats(layer, constants, joint.weight, where)
    own = rounded(floats, layer.name, fires_at=fires_at)
    if isinstance(joint, ConvMap):
        made: Layer = conv_layer(layer, joint, own, heard, carried, where)
    else:
        made = dense_layer(layer, joint, own, heard, carried, where)
    return made, own, notes


def _joint(terms: dict[str, ConvMap | DenseMap], heard: list[Place], where: str) -> ConvMap | DenseMap:
    """One map over all that the layer hears; what it does not listen to has no synapses."""
    if len(heard) == 1:
        return terms[heard[0].source]
    parts: list[Map] = []
    dense = any(isinstance(term, DenseMap) for term in terms.values())
    outputs = next(iter(terms.values())).out_shape
    for place in heard:
        term = terms.get(place.source)
        if term is None:
            count = int(np.prod(place.shape))
            parts.append(
                DenseMap(np.zeros((outputs[0], count)), place.shape)
                if dense
                else ConvMap(np.zeros((outputs[0], place.shape[0], 1, 1)), place.shape, _stride(terms))
            )
        elif isinstance(term, DenseMap) != dense or (not dense and place.shape != term.in_shape):
            raise InputError(
                f"{where} adds up a convolution and something flattened, or spikes that went through a dense layer; give both the same form."
            )
        else:
            parts.append(term)
    if not dense:
        return side_by_side([part for part in parts if isinstance(part, ConvMap)], where)
    matrices = [part for part in parts if isinstance(part, DenseMap)]
    delays = [np.zeros(part.weight.shape[1], np.int64) if part.delay is None else part.delay for part in matrices]
    joint = np.concatenate(delays)
    return DenseMap(
        np.concatenate([part.weight for part in matrices], axis=1), (len(joint),), joint if joint.any() else None
    )


def _stride(terms: dict[str, ConvMap | DenseMap]) -> tuple[int, int]:
    return next(term.stride for term in terms.values() if isinstance(term, ConvMap))


def _floats(layer: FloatLayer, constants: Discrete, weight: np.ndarray, where: str) -> tuple[FloatNeurons, list[str]]:
    """The layer per step: gain in the weights, bias and leak in the bias, constants a channel."""
    shape = layer.shape

    def channel(values: np.ndarray, what: str) -> np.ndarray:
        values = values.reshape(shape) if values.size == int(np.prod(shape)) else values
        if len(shape) == 1:
            if values.size not in (1, shape[0]):
                raise InputError(f"{where}: {what} has {values.size} values for {shape[0]} neurons.")
            return np.broadcast_to(values.reshape(-1), shape).astype(float)
        return np.asarray(per_channel(values, shape, f"{where}: {what}"), float)

    gain, drive = channel(constants.gain, "its gain (r, w_in, tau)"), channel(constants.drive, "v_leak")
    current = channel(constants.i_decay, "tau_syn")
    rows = weight * gain.reshape((-1,) + (1,) * (weight.ndim - 1))
    bias, notes = np.asarray(drive), []
    given = layer.signal.bias
    if given is not None and np.any(given):
        columns = (-1,) + (1,) * (len(shape) - 1)
        bias = np.broadcast_to(given, shape) * (gain / current).reshape(columns) + drive.reshape(columns)
        if len(shape) == 3 and (bias == bias[:, :1, :1]).all():
            bias = bias[:, 0, 0]
        if (current < 1).any():
            notes.append(
                f"{where}: its input has a bias, which the current filters; on the chip it acts in full from the first step on"
            )
    threshold = None if constants.threshold is None else channel(constants.threshold, "v_threshold")
    return FloatNeurons(rows, bias, channel(constants.v_decay, "tau"), current, threshold), notes
