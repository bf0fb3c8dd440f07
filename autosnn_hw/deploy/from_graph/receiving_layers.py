"""From a graph of nodes, as NIR has them, to the layers of neurons in order, each with what it receives from which layers before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

import numpy as np

from autosnn_hw.deploy.from_graph.euler_steps import KINDS, OR, SILENT
from autosnn_hw.deploy.from_graph.linear_nodes import Signal, any_of, is_spikes, summed, through
from autosnn_hw.deploy.from_graph.maps import Identity, Shape
from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems
from exporters.nir.graph import NirGraph, NirNode

AS_IT_COMES = ("Delay", "Scale", "Norm", "Flatten")
"""Kinds that give as many values as they get, whatever is wrong with them."""


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """A neuron node and what it receives.

    Args:
        node: the neurons.
        signal: what reaches them.
    """

    node: NirNode
    signal: Signal = field(repr=False)

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def shape(self) -> Shape:
        return self.signal.shape


@dataclass(frozen=True, eq=False)
class Received:
    """What the neurons of a graph receive.

    Args:
        shape: of the input; its name: `start`.
        layers: in an order in which each comes after all that it listens to; without terms where what leads to one was refused.
        alone: neurons of which not even the shape is known, because what leads to them was refused.
    """

    start: str
    shape: Shape
    layers: list[FloatLayer] = field(default_factory=list)
    alone: list[NirNode] = field(default_factory=list)


def layers_of(graph: NirGraph, dt: float, problems: Problems) -> Received:
    """The layers of a graph, with what they receive.

    What is refused joins the problems, by node; what hangs on it is looked at no further than it can be without it.

    Raises:
        InputError: the graph has not one input of a shape that can be, with all problems before.
    """
    graph, order = _uncircled(graph, problems)
    inputs = [name for name in order if graph.nodes[name].kind == "Input" and not graph.into(name)]
    if len(inputs) != 1:
        problems.add(f"the graph has {len(inputs)} inputs ({', '.join(inputs) or 'none'}); one is needed.")
        problems.refuse()
    start = graph.nodes[inputs[0]]
    shape: Shape = ()
    if start.name not in graph.broken:
        with problems.kept():
            shape = _input_shape(start)
    if not shape:
        problems.refuse()
    found, signals = (
        Received(start.name, shape),
        {start.name: Signal(shape, {start.name: Identity(shape, np.ones(()))})},
    )
    lost = set(graph.broken)
    for name in order:
        if name not in lost and name != start.name:
            _receive(graph, graph.nodes[name], dt, found, signals, lost, problems)
    if not problems:
        if not found.layers:
            raise InputError("the graph has no neurons that its input reaches; at least one layer of them is needed.")
        _refuse_loose_ends(graph, found.layers, signals, problems)
    return found


def _receive(
    graph: NirGraph,
    node: NirNode,
    dt: float,
    found: Received,
    signals: dict[str, Signal],
    lost: set[str],
    problems: Problems,
) -> None:
    """What one node gives, from what those before it give; it is lost where not even its shape is known."""
    before = graph.into(node.name)
    if not any(start in signals or start in lost for start in before):
        return  # the input does not reach it
    into: Signal | None = None
    if not any(start in lost for start in before):
        with problems.kept():
            _refuse_unreached(node.name, before, signals)
            into = summed([signals[start] for start in before], node.name)
            into = any_of(node, into) if node.kind == OR else into
    if node.kind in (*KINDS, OR):
        if into is None or not (into.terms or _suits(node, into.shape)):
            into = _of_known_shape(node)
        if into is None:
            found.alone.append(node)
        else:
            found.layers.append(FloatLayer(node, into))
            into = Signal(into.shape, {node.name: Identity(into.shape, np.ones(()))}, flat=into.flat)
    elif into is not None:
        reached, into = into, None
        with problems.kept():
            into = through(node, reached, dt)
        if into is None and node.kind in AS_IT_COMES:
            into = Signal(reached.shape, {}, flat=reached.flat or node.kind == "Flatten")
        elif into is None and (reached.flat or len(reached.shape) == 1):
            into = _of_known_shape(node)  # what comes in is of another length
    else:
        into = _of_known_shape(node)
    if into is None:
        lost.add(node.name)
    else:
        signals[node.name] = into


def _of_known_shape(node: NirNode) -> Signal | None:
    """What a node gives whose inputs are not known, where its own parameters say the shape: rows of a matrix, (C, H, W) of neurons."""
    if node.kind in ("Linear", "Affine") and np.ndim(node.values["weight"]) == 2:
        return Signal((len(node.values["weight"]),), {})
    if node.kind in KINDS:
        for value in node.values.values():
            if np.ndim(value) == 3 and np.size(value) > np.shape(value)[0]:
                return Signal(np.shape(value), {})
    return None


def _suits(node: NirNode, shape: Shape) -> bool:
    """Whether neurons can be of a shape that was concluded, not received."""
    return all(np.size(value) in (1, shape[0], np.prod(shape)) for value in node.values.values())


def _uncircled(graph: NirGraph, problems: Problems) -> tuple[NirGraph, list[str]]:
    """The graph without an edge of each of its circles, which are problems, and its nodes in order."""
    while True:
        sorter = TopologicalSorter({name: graph.into(name) for name in graph.nodes})
        try:
            return graph, list(sorter.static_order())
        except CycleError as error:
            names = [str(name) for name in reversed(error.args[1])]
        problems.add(
            f"the graph is recurrent: {' -> '.join(map(repr, names))}. NetX holds feed-forward networks only; unrolled or trained without the "
            "recurrent edge it can be mapped."
        )
        circle = [edge for edge in zip(names, names[1:]) if edge in graph.edges]
        # Where something else leads to a node, too, it is the circle's edge that is one too many.
        closing = next((edge for edge in circle if len(graph.into(edge[1])) > 1), circle[0])
        graph = replace(graph, edges=tuple(edge for edge in graph.edges if edge != closing))


def _refuse_unreached(name: str, before: list[str], signals: dict[str, Signal]) -> None:
    unreached = [start for start in before if start not in signals]
    if unreached:
        raise InputError(f"node {name!r} adds up {unreached[0]!r}, which the input does not reach.")


def _refuse_loose_ends(
    graph: NirGraph, layers: list[FloatLayer], signals: dict[str, Signal], problems: Problems
) -> None:
    heard = {source for layer in layers for source in layer.signal.terms}
    ends = [layer.name for layer in layers if layer.name not in heard]
    if len(ends) != 1:
        problems.add(f"the layers {', '.join(map(repr, ends))} all end somewhere; one output is needed.")
        return
    for layer in layers:
        if layer.node.kind in SILENT and layer.name != ends[0]:
            problems.add(
                f"node {layer.name!r} ({layer.node.kind}) never fires and others listen to its voltage; only the last layer may be read so. "
                "A spiking kind of it (IF, LIF, CubaLIF) can be mapped."
            )
    for name, node in graph.nodes.items():
        if node.kind != "Output" or name not in signals:
            continue
        terms = signals[name].terms
        if signals[name].bias is not None or set(terms) != set(ends) or not all(map(is_spikes, terms.values())):
            problems.add(
                f"node {name!r}: what comes out is no spikes of a layer but a linear map of them; end with neurons (LI for a readout)."
            )


def _input_shape(node: NirNode) -> Shape:
    shape = tuple(int(n) for n in np.asarray(node.values["shape"]).reshape(-1))
    if not 1 <= len(shape) <= 3 or min(shape) < 1 or float(np.prod(shape, dtype=float)) > 2**26:
        raise InputError(f"node {node.name!r} has shape {shape}; (N,), (C, L) or (C, H, W) is needed.")
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape
