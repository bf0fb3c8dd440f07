"""From a graph of nodes, as NIR has them, to the layers of neurons in order, each with what it receives from which layers before."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import numpy as np

from autosnn_hw.deploy.from_graph.euler_steps import KINDS, OR, SILENT
from autosnn_hw.deploy.from_graph.linear_nodes import Signal, any_of, is_spikes, summed, through
from autosnn_hw.deploy.from_graph.maps import Identity, Shape
from autosnn_hw.errors import InputError
from exporters.nir.graph import NirGraph, NirNode


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


def layers_of(graph: NirGraph, dt: float) -> tuple[Shape, list[FloatLayer]]:
    """Shape of the input, and the layers in an order in which each comes after all that it listens to.

    Raises:
        InputError: the graph is recurrent, has not one input, or holds what no layer can be; names the node.
    """
    order = _order(graph)
    inputs = [name for name in order if graph.nodes[name].kind == "Input" and not graph.into(name)]
    if len(inputs) != 1:
        raise InputError(f"the graph has {len(inputs)} inputs ({', '.join(inputs) or 'none'}); one is needed.")
    start = graph.nodes[inputs[0]]
    shape = _input_shape(start)
    signals = {start.name: Signal(shape, {start.name: Identity(shape, np.ones(()))})}
    layers: list[FloatLayer] = []
    for name in order:
        node = graph.nodes[name]
        if name == start.name or not _reached(graph, name, signals):
            continue
        into = summed([signals[before] for before in graph.into(name)], name)
        if node.kind == OR:
            into = any_of(node, into)
        if node.kind in (*KINDS, OR):
            layers.append(FloatLayer(node, into))
            signals[name] = Signal(into.shape, {name: Identity(into.shape, np.ones(()))}, flat=into.flat)
        else:
            signals[name] = through(node, into, dt)
    if not layers:
        raise InputError("the graph has no neurons that its input reaches; at least one layer of them is needed.")
    _refuse_loose_ends(graph, layers, signals)
    return shape, layers


def _order(graph: NirGraph) -> list[str]:
    sorter = TopologicalSorter({name: graph.into(name) for name in graph.nodes})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(repr(str(name)) for name in reversed(error.args[1]))
        raise InputError(
            f"the graph is recurrent: {circle}. NetX holds feed-forward networks only; unrolled or trained without the recurrent "
            "edge it can be mapped."
        ) from None


def _reached(graph: NirGraph, name: str, signals: dict[str, Signal]) -> bool:
    before = graph.into(name)
    reached = [start for start in before if start in signals]
    if reached and len(reached) < len(before):
        lost = next(start for start in before if start not in signals)
        raise InputError(f"node {name!r} adds up {lost!r}, which the input does not reach.")
    return bool(reached)


def _refuse_loose_ends(graph: NirGraph, layers: list[FloatLayer], signals: dict[str, Signal]) -> None:
    heard = {source for layer in layers for source in layer.signal.terms}
    ends = [layer.name for layer in layers if layer.name not in heard]
    if len(ends) != 1:
        raise InputError(f"the layers {', '.join(map(repr, ends))} all end somewhere; one output is needed.")
    for layer in layers:
        if layer.node.kind in SILENT and layer.name != ends[0]:
            raise InputError(
                f"node {layer.name!r} ({layer.node.kind}) never fires and others listen to its voltage; only the last layer may be read so. "
                "A spiking kind of it (IF, LIF, CubaLIF) can be mapped."
            )
    for name, node in graph.nodes.items():
        if node.kind != "Output" or name not in signals:
            continue
        terms = signals[name].terms
        if signals[name].bias is not None or set(terms) != set(ends) or not all(map(is_spikes, terms.values())):
            raise InputError(
                f"node {name!r}: what comes out is no spikes of a layer but a linear map of them; end with neurons (LI for a readout)."
            )


def _input_shape(node: NirNode) -> Shape:
    shape = tuple(int(n) for n in np.asarray(node.values["shape"]).reshape(-1))
    if not 1 <= len(shape) <= 3 or min(shape) < 1 or float(np.prod(shape, dtype=float)) > 2**26:
        raise InputError(f"node {node.name!r} has shape {shape}; (N,), (C, L) or (C, H, W) is needed.")
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape
