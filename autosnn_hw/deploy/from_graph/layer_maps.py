"""Layers in floats with all that they hear as one map each: what is rounded (`chip_layers`), run in floats, or trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autosnn_hw.axes import along_first
from autosnn_hw.deploy.from_graph.composition import materialised, side_by_side
from autosnn_hw.deploy.from_graph.euler_steps import Conventions, Discrete, discrete
from autosnn_hw.deploy.from_graph.maps import ConvMap, DenseMap, Map, Shape, per_channel
from autosnn_hw.deploy.from_graph.receiving_layers import FloatLayer, layers_of
from autosnn_hw.deploy.from_graph.relayed_layers import Place, refuse_impassable
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons
from autosnn_hw.errors import InputError
from exporters.nir.graph import NirGraph


@dataclass(frozen=True, eq=False)
class PlannedLayer:
    """One layer before anything is rounded.

    Args:
        layer: the neurons and what reaches them.
        constants: of the neurons, a step.
        joint: one map over all that the layer hears, for its form; the weights that count are those of `floats`.
        floats: weights with the gain of the neurons, biases, decays, thresholds.
        heard: what the layer hears, in the order of its inputs.
        carried: which of it a later layer needs, and which is therefore passed on.
    """

    layer: FloatLayer
    constants: Discrete
    joint: ConvMap | DenseMap
    floats: FloatNeurons
    heard: tuple[Place, ...]
    carried: tuple[Place, ...]

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def where(self) -> str:
        return f"node {self.name!r} ({self.layer.node.kind})"


@dataclass(frozen=True, eq=False)
class Plan:
    """A whole network before anything is rounded.

    Args:
        start: name of the input; its shape: `input_shape`.
        how: the conventions of the framework.
        about: what is said of the import, JSON-able.
        notes: sentences that travel with the network.
    """

    start: str
    input_shape: Shape
    layers: tuple[PlannedLayer, ...]
    how: Conventions
    about: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())

    def with_floats(self, floats: Sequence[FloatNeurons]) -> Plan:
        """The same network with other weights, biases and thresholds."""
        layers = tuple(replace(layer, floats=own) for layer, own in zip(self.layers, floats, strict=True))
        return replace(self, layers=layers)


def plan_of(graph: NirGraph, how: Conventions, about: Mapping[str, Any], notes: Sequence[str] = ()) -> Plan:
    """The plan of a graph.

    Args:
        about: what is said of the import.
        notes: sentences that travel with the network, before those about its layers.

    Raises:
        InputError: what cannot be mapped, by node, with the nearest that can.
    """
    input_shape, layers = layers_of(graph, how.dt)
    start = next(node.name for node in graph.nodes.values() if node.kind == "Input" and not graph.into(node.name))
    heard: tuple[Place, ...] = (Place(start, input_shape, False),)
    planned, said = [], list(notes)
    for index, layer in enumerate(layers):
        later = {source for following in layers[index + 1 :] for source in following.signal.terms}
        carried = tuple(place for place in heard if place.source in later)
        constants = discrete(layer.node, how)
        where = f"node {layer.name!r} ({layer.node.kind})"
        terms = {source: materialised(term, where) for source, term in layer.signal.terms.items()}
        joint = _joint(terms, heard, where)
        if isinstance(joint, ConvMap):
            refuse_impassable(joint, carried, where)
        floats, more = _floats(layer, constants, joint.weight, where)
        planned.append(PlannedLayer(layer, constants, joint, floats, heard, carried))
        said += more
        heard = (
            Place(layer.name, layer.shape, False),
            *(Place(place.source, _carried_shape(place, layer), True) for place in carried),
        )
    return Plan(start, input_shape, tuple(planned), how, about, tuple(said))


def _carried_shape(place: Place, layer: FloatLayer) -> Shape:
    return place.shape if len(layer.shape) == 3 else (int(np.prod(place.shape)),)


def _joint(terms: dict[str, ConvMap | DenseMap], heard: tuple[Place, ...], where: str) -> ConvMap | DenseMap:
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
    rows = weight * along_first(gain, weight.ndim)
    bias, notes = np.asarray(drive), []
    given = layer.signal.bias
    if given is not None and np.any(given):
        bias = np.broadcast_to(given, shape) * along_first(gain / current, len(shape)) + along_first(drive, len(shape))
        if len(shape) == 3 and (bias == bias[:, :1, :1]).all():
            bias = bias[:, 0, 0]
        if (current < 1).any():
            notes.append(
                f"{where}: its input has a bias, which the current filters; on the chip it acts in full from the first step on"
            )
    threshold = None if constants.threshold is None else channel(constants.threshold, "v_threshold")
    return FloatNeurons(rows, bias, channel(constants.v_decay, "tau"), current, threshold), notes
