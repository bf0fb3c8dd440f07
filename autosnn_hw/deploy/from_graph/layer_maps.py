"""Layers in floats with all that they hear as one map each: what is rounded (`chip_layers`), run in floats, or trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autosnn_hw.axes import along_first
from autosnn_hw.deploy.from_graph.composition import materialised, side_by_side
from autosnn_hw.deploy.from_graph.euler_steps import Conventions, Discrete, discrete, refuse_long_step
from autosnn_hw.deploy.from_graph.maps import ConvMap, DenseMap, Map, Shape, per_channel
from autosnn_hw.deploy.from_graph.receiving_layers import FloatLayer, layers_of
from autosnn_hw.deploy.from_graph.relayed_layers import Place, refuse_impassable, refuse_long_delays
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons, refuse_silent
from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems
from exporters.nir.graph import NEEDED, NirGraph


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


def plan_of(
    graph: NirGraph,
    how: Conventions,
    about: Mapping[str, Any],
    notes: Sequence[str] = (),
    problems: Problems | None = None,
) -> Plan:
    """The plan of a graph.

    Args:
        about: what is said of the import.
        notes: sentences that travel with the network, before those about its layers.
        problems: that are known already, to be refused together with those that are found.

    Raises:
        InputError: all that cannot be mapped, by node, each with the nearest that can.
    """
    problems = Problems() if problems is None else problems
    received = layers_of(graph, how.dt, problems)
    layers = received.layers
    with problems.kept():
        refuse_long_step([*(layer.node for layer in layers), *received.alone], how)
    heard: tuple[Place, ...] = (Place(received.start, received.shape, False),)
    planned, said = [], list(notes)
    for index, layer in enumerate(layers):
        later = {source for following in layers[index + 1 :] for source in following.signal.terms}
        # Behind a layer that was refused there are some that nobody listens to.
        heard = tuple(place for place in heard if place.source in later or place.source in layer.signal.terms)
        carried = tuple(place for place in heard if place.source in later)
        with problems.kept():
            made = _planned(layer, how, heard, carried)
            if made is not None:
                planned.append(made[0])
                said += made[1]
        heard = (
            Place(layer.name, layer.shape, False),
            *(Place(place.source, _carried_shape(place, layer), True) for place in carried),
        )
    for node in received.alone:
        with problems.kept():
            discrete(node, how)
    problems.refuse()
    return Plan(received.start, received.shape, tuple(planned), how, about, tuple(said))


def _planned(
    layer: FloatLayer, how: Conventions, heard: tuple[Place, ...], carried: tuple[Place, ...]
) -> tuple[PlannedLayer, list[str]] | None:
    """One layer, and what is said of it; None where what leads to it was refused and nothing more is wrong.

    Raises:
        InputError: all that is wrong with its synapses and with its neurons.
    """
    where = f"node {layer.name!r} ({layer.node.kind})"
    problems = Problems(where)
    joint: ConvMap | DenseMap | None = None
    if layer.signal.terms:
        with problems.kept():
            terms = {source: materialised(term, where) for source, term in layer.signal.terms.items()}
            joint = _joint(terms, heard, where)
            refuse_long_delays(joint, where)
            if isinstance(joint, ConvMap):
                refuse_impassable(joint, carried, where)
    values: ChannelConstants | None = None
    with problems.kept():
        constants = discrete(layer.node, how)
        values = _channels(layer, constants, where)
    if joint is None or values is None:
        problems.refuse()
        return None
    floats, notes = _floats(layer, values, joint.weight, where)
    with problems.kept():
        refuse_silent(floats.weight, layer.name)
    problems.refuse()
    return PlannedLayer(layer, constants, joint, floats, heard, carried), notes


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


@dataclass(frozen=True, eq=False)
class ChannelConstants:
    """`Discrete` with one value a channel, or a neuron: float64 (C,) or (N,) each."""

    gain: np.ndarray
    drive: np.ndarray
    v_decay: np.ndarray
    i_decay: np.ndarray
    threshold: np.ndarray | None


def _channels(layer: FloatLayer, constants: Discrete, where: str) -> ChannelConstants:
    """The constants of a layer's neurons, one a channel.

    Raises:
        InputError: all parameters that differ within a channel, or one that is of another shape, as then most of them are.
    """
    named = (
        (constants.gain, "its gain (r, w_in, tau)"),
        (constants.drive, "v_leak"),
        (constants.v_decay, "tau"),
        (constants.i_decay, "tau_syn"),
    )
    try:
        gain, drive, v_decay, i_decay = (_channel(values, layer.shape, f"{where}: {what}") for values, what in named)
        threshold = constants.threshold
        if threshold is not None:
            threshold = _channel(threshold, layer.shape, f"{where}: v_threshold")
        return ChannelConstants(gain, drive, v_decay, i_decay, threshold)
    except InputError:
        problems = Problems(where)
        for name in NEEDED.get(layer.node.kind, ()):
            values = np.asarray(layer.node.values[name], float)
            if not _fits(values, layer.shape):
                _channel(values, layer.shape, f"{where}: {name}")
            with problems.kept():
                _channel(values, layer.shape, f"{where}: {name}")
        problems.refuse()
        raise


def _fits(values: np.ndarray, shape: Shape) -> bool:
    """Whether values are one, one a neuron, or broadcast to the shape."""
    if values.size in (1, int(np.prod(shape))):
        return True
    sides = values.shape[::-1]
    return (
        len(shape) > 1 and len(sides) <= len(shape) and all(side in (1, own) for side, own in zip(sides, shape[::-1]))
    )


def _channel(values: np.ndarray, shape: Shape, where: str) -> np.ndarray:
    """float64 (C,) or (N,)."""
    values = values.reshape(shape if values.size == int(np.prod(shape)) else values.shape if values.size > 1 else ())
    if len(shape) > 1:
        return np.asarray(per_channel(values, shape, where), float)
    if values.size not in (1, shape[0]):
        raise InputError(f"{where} has {values.size} values for {shape[0]} neurons.")
    return np.broadcast_to(values.reshape(-1), shape).astype(float)


def _floats(
    layer: FloatLayer, values: ChannelConstants, weight: np.ndarray, where: str
) -> tuple[FloatNeurons, list[str]]:
    """The layer per step: gain in the weights, bias and leak in the bias, constants a channel."""
    shape, notes = layer.shape, []
    rows = weight * along_first(values.gain, weight.ndim)
    bias = np.asarray(values.drive)
    given = layer.signal.bias
    if given is not None and np.any(given):
        share, drive = along_first(values.gain / values.i_decay, len(shape)), along_first(values.drive, len(shape))
        bias = np.broadcast_to(given, shape) * share + drive
        if len(shape) == 3 and (bias == bias[:, :1, :1]).all():
            bias = bias[:, 0, 0]
        if (values.i_decay < 1).any():
            notes.append(
                f"{where}: its input has a bias, which the current filters; on the chip it acts in full from the first step on"
            )
    return FloatNeurons(rows, bias, values.v_decay, values.i_decay, values.threshold), notes
