"""Reading NIR files (Neuromorphic Intermediate Representation, Pedersen et al. 2024) into a plain graph of named nodes.

Read with the same care as NetX and without the nir package: that follows links, allocates what a file claims and types
nodes in ways that refuse good files. What the nodes mean: docs/nir.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems
from exporters import hdf5_input as source

GRAPH = "NIRGraph"
MAX_DEPTH = 8
MAX_NAME = 200
NEEDED = {
    "Input": ("shape",),
    "Output": (),
    "Linear": ("weight",),
    "Affine": ("weight", "bias"),
    "Conv1d": ("weight", "stride", "padding", "dilation", "groups", "bias"),
    "Conv2d": ("weight", "stride", "padding", "dilation", "groups", "bias"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": ("start_dim", "end_dim"),
    "Scale": ("scale",),
    "Delay": ("delay",),
    "Threshold": ("threshold",),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "IF": ("r", "v_threshold"),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "w_in"),
}
"""Parameters that a node must have, by its type."""
OPTIONAL = ("v_reset",)
NEAREST = {
    "AvgPool1d": "AvgPool2d",
    "MaxPool1d": "SumPool2d and Threshold",
    "MaxPool2d": "SumPool2d and Threshold",
    "SumPool1d": "SumPool2d",
    "Conv3d": "Conv2d",
    "ConvTranspose1d": "Conv1d",
    "ConvTranspose2d": "Conv2d",
    "BatchNorm1d": "Scale",
    "BatchNorm2d": "Scale",
}
"""What comes nearest to types that NIR or its users have and no chip layer can be."""


@dataclass(frozen=True, eq=False)
class NirNode:
    """One node: its type and its parameters, arrays of numbers or (padding "same", "valid") text."""

    name: str
    kind: str
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class NirGraph:
    """Nodes by name, in the file's order, and edges (from, to); nested graphs are taken apart.

    Args:
        broken: nodes that have no values, because what is wrong with them was said already.
        whole: no edge was left out.
    """

    nodes: Mapping[str, NirNode]
    edges: tuple[tuple[str, str], ...]
    broken: frozenset[str] = frozenset()
    whole: bool = True

    def into(self, name: str) -> list[str]:
        """Nodes whose values a node adds up."""
        return [start for start, end in self.edges if end == name]


def read(path: str | Path) -> NirGraph:
    """Read a NIR file.

    Raises:
        InputError: missing, damaged or hostile file; nodes of unknown types and nodes without their parameters, all of them; an edge to a
            node that is not there.
    """
    graph, problems = survey(path)
    problems.refuse()
    return graph


def survey(graph: str | Path | Any) -> tuple[NirGraph, Problems]:
    """What a NIR file, or a `nir.NIRGraph` in memory, holds, whether it can be mapped or not.

    Returns:
        the graph, edges to nowhere left out, and a sentence for each of these and for each broken node: of an unknown type, or without its
        parameters.

    Raises:
        InputError: missing, damaged or hostile file; no graph.
    """
    found = _Found(Problems(str(graph) if isinstance(graph, str | Path) else "the graph"))
    if isinstance(graph, str | Path):
        with source.opened(graph, "a NIR file") as file:
            root = source.group(file, "node")
            if root is None:
                raise InputError(f"{graph} has no group 'node'; a NIR file is needed.")
            nodes, edges, _, _ = _graph(root, "", 0, found)
    elif hasattr(graph, "nodes") and hasattr(graph, "edges"):
        nodes, edges, _, _ = _from_object(graph, "", 0, found)
    else:
        raise InputError(
            f"{type(graph).__name__} is no NIR graph; the path of a .nir file or a nir.NIRGraph is needed."
        )
    return NirGraph(nodes, tuple(edges), frozenset(found.broken), found.whole), found.problems


@dataclass(eq=False)
class _Found:
    """What is wrong with a graph that is being read."""

    problems: Problems
    broken: set[str] = field(default_factory=set)
    whole: bool = True


Part = tuple[dict[str, NirNode], list[tuple[str, str]], list[str], list[str]]  # nodes, edges, inputs, outputs


def _from_object(graph: Any, prefix: str, depth: int, found: _Found) -> Part:
    def part(name: str) -> Part | NirNode:
        node = graph.nodes[name]
        kind = type(node).__name__
        if kind == GRAPH:
            return _from_object(node, f"{prefix}{name}.", depth + 1, found)
        if kind not in NEEDED:
            return _foreign(f"{prefix}{name}", kind, found)
        values = {key: value for key, value in node.to_dict().items() if key not in ("type", "metadata")}
        return _checked(NirNode(f"{prefix}{name}", kind, {key: _plain(value) for key, value in values.items()}), found)

    return _joined(prefix, depth, list(graph.nodes), part, [(str(a), str(b)) for a, b in graph.edges], found)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else np.asarray(value)


def _graph(group: h5py.Group, prefix: str, depth: int, found: _Found) -> Part:
    kind = source.text(group, "type")
    if kind != GRAPH:
        raise InputError(f"{source.where(group)} is of type {str(kind)[:40]!r}; {GRAPH} is needed.")
    inside = source.group(group, "nodes")
    if inside is None:
        raise InputError(f"{source.where(group)} has no nodes.")
    edges = source.texts(group, "edges")
    if edges is None or edges.ndim != 2 or edges.shape[1] != 2:
        raise InputError(f"{source.where(group, 'edges')} is missing or no list of pairs.")
    names = source.names(inside)

    def part(name: str) -> Part | NirNode:
        node = source.group(inside, name)
        if node is None:
            raise InputError(f"{source.where(inside, name)} is named and not there.")
        if source.text(node, "type") == GRAPH:
            return _graph(node, f"{prefix}{name}.", depth + 1, found)
        return _node(node, f"{prefix}{name}", found)

    return _joined(prefix, depth, names, part, [(str(a), str(b)) for a, b in edges], found)


def _joined(prefix: str, depth: int, names: list[str], part: Any, edges: list[tuple[str, str]], found: _Found) -> Part:
    """One level of a graph: its nodes, those of nested graphs included, with edges into and out of these led on.

    The first edge that leads to no node joins the problems, as the cause of the others mostly is the same.
    """
    if depth > MAX_DEPTH:
        raise InputError(f"{prefix}: graphs are nested more than {MAX_DEPTH} deep.")
    nodes: dict[str, NirNode] = {}
    led: list[tuple[str, str]] = []
    entries: dict[str, list[str]] = {}
    exits: dict[str, list[str]] = {}
    for name in names:
        if not name or len(name) > MAX_NAME:
            raise InputError(f"a node's name has {len(name)} characters; 1 to {MAX_NAME} are allowed.")
        made = part(name)
        if isinstance(made, NirNode):
            nodes[made.name] = made
            entries[name], exits[name] = [made.name], [made.name]
        else:
            inner, inner_edges, entries[name], exits[name] = made
            nodes |= inner
            led += inner_edges
    nowhere = [(start, end) for start, end in edges if start not in entries or end not in entries]
    found.whole &= not nowhere
    for start, end in nowhere[:1]:
        found.problems.add(
            f"an edge of the graph leads from {start!r} to {end!r}, and there is no node {end if start in entries else start!r}; there are "
            f"{', '.join(sorted(names))[:300]}."
        )
    for start, end in edges:
        if start not in entries or end not in entries:
            continue
        led += [(a, b) for a in exits[start] for b in entries[end]]
    inputs = [exits[name][0] for name in names if nodes.get(prefix + name, _NOTHING).kind == "Input"]
    outputs = [entries[name][0] for name in names if nodes.get(prefix + name, _NOTHING).kind == "Output"]
    return nodes, led, inputs, outputs


_NOTHING = NirNode("", "", {})


def _node(group: h5py.Group, name: str, found: _Found) -> NirNode:
    kind = source.text(group, "type")
    if kind not in NEEDED:
        return _foreign(name, str(kind), found)
    values: dict[str, Any] = {}
    unread = len(found.problems)
    for key in source.names(group):
        if key in ("type", "metadata"):
            continue
        with found.problems.kept():
            values[key] = source.numbers(group, key) if source.is_numeric(group, key) else source.text(group, key)
    if len(found.problems) > unread:
        return _broken(name, str(kind), found)
    return _checked(NirNode(name, str(kind), values), found)


def _foreign(name: str, kind: str, found: _Found) -> NirNode:
    """A node of a type that is not known."""
    nearest = f" (nearest: {NEAREST[kind]})" if kind in NEAREST else ""
    said = any("known are" in problem for problem in found.problems.sentences)
    known = "" if said else f"; known are {', '.join(NEEDED)}"
    found.problems.add(f"node {name!r} is of type {kind[:40]!r}{nearest}{known}.")
    return _broken(name, kind, found)


def _broken(name: str, kind: str, found: _Found) -> NirNode:
    """A node without its parameters."""
    found.broken.add(name)
    return NirNode(name, kind[:40], {})


def _checked(node: NirNode, found: _Found) -> NirNode:
    """The node, broken where its parameters are not all there, no numbers, or not finite."""
    before = len(found.problems)
    missing = [key for key in NEEDED[node.kind] if node.values.get(key) is None]
    if missing:
        found.problems.add(f"node {node.name!r} ({node.kind}) has no {', '.join(missing)}.")
    for key, value in node.values.items():
        named = key == "padding" and isinstance(value, str)
        if value is None or named or (key not in NEEDED[node.kind] and key not in OPTIONAL):
            continue
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or not value.size:
            found.problems.add(f"node {node.name!r} ({node.kind}): {key} is no array of numbers.")
            continue
        with found.problems.kept():
            refuse_not_finite({key: value}, f"node {node.name!r} ({node.kind})")
    return node if len(found.problems) == before else _broken(node.name, node.kind, found)


def refuse_not_finite(values: Mapping[str, Any], where: str) -> None:
    """Refuse a node whose parameters hold NaN or infinite values, with how many of which.

    Args:
        where: the node, for the sentence.

    Raises:
        InputError: there are such values.
    """
    arrays = {key: np.asarray(value) for key, value in values.items() if isinstance(value, np.ndarray)}
    bad = {key: int((~np.isfinite(array)).sum()) for key, array in arrays.items() if array.dtype.kind == "f"}
    named = ", ".join(f"{count} of {arrays[key].size} values of its {key}" for key, count in bad.items() if count)
    if named:
        raise InputError(f"{where}: {named} are NaN or infinite; finite ones are needed.")
