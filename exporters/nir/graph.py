"""Reading NIR files (Neuromorphic Intermediate Representation, Pedersen et al. 2024) into a plain graph of named nodes.

Read with the same care as NetX and without the nir package: that follows links, allocates what a file claims and types
nodes in ways that refuse good files. What the nodes mean: docs/nir.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from autosnn_hw.errors import InputError
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
    """Nodes by name, in the file's order, and edges (from, to); nested graphs are taken apart."""

    nodes: Mapping[str, NirNode]
    edges: tuple[tuple[str, str], ...]

    def into(self, name: str) -> list[str]:
        """Nodes whose values a node adds up."""
        return [start for start, end in self.edges if end == name]


def read(path: str | Path) -> NirGraph:
    """Read a NIR file.

    Raises:
        InputError: missing, damaged or hostile file; nodes of unknown types, all of them, or one without its parameters; an edge to a
            node that is not there.
    """
    graph, problems = survey(path)
    _refuse(problems)
    return graph


def survey(path: str | Path) -> tuple[NirGraph, list[str]]:
    """What a NIR file holds, whether it can be mapped or not.

    Returns:
        the graph, nodes of unknown types without their parameters and edges to nowhere left out, and a sentence for each of these.

    Raises:
        InputError: missing, damaged or hostile file; a known node without its parameters.
    """
    problems: list[str] = []
    with source.opened(path, "a NIR file") as file:
        root = source.group(file, "node")
        if root is None:
            raise InputError(f"{path} has no group 'node'; a NIR file is needed.")
        nodes, edges, _, _ = _graph(root, "", 0, problems)
    return NirGraph(nodes, tuple(edges)), problems


def from_nodes(graph: Any) -> NirGraph:
    """The plain graph of a `nir.NIRGraph` in memory.

    Raises:
        InputError: as `read`.
    """
    problems: list[str] = []
    if not (hasattr(graph, "nodes") and hasattr(graph, "edges")):
        raise InputError(
            f"{type(graph).__name__} is no NIR graph; the path of a .nir file or a nir.NIRGraph is needed."
        )
    nodes, edges, _, _ = _from_object(graph, "", 0, problems)
    _refuse(problems)
    return NirGraph(nodes, tuple(edges))


def _refuse(problems: list[str]) -> None:
    """One sentence for one problem, else a line for each."""
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise InputError(problems[0] if len(problems) == 1 else f"{len(problems)} things cannot be mapped:{lines}")


Part = tuple[dict[str, NirNode], list[tuple[str, str]], list[str], list[str]]  # nodes, edges, inputs, outputs


def _from_object(graph: Any, prefix: str, depth: int, problems: list[str]) -> Part:
    def part(name: str) -> Part | NirNode:
        node = graph.nodes[name]
        kind = type(node).__name__
        if kind == GRAPH:
            return _from_object(node, f"{prefix}{name}.", depth + 1, problems)
        if kind not in NEEDED:
            return _foreign(f"{prefix}{name}", kind, problems)
        values = {key: value for key, value in node.to_dict().items() if key not in ("type", "metadata")}
        return _checked(NirNode(f"{prefix}{name}", kind, {key: _plain(value) for key, value in values.items()}))

    return _joined(prefix, depth, list(graph.nodes), part, [(str(a), str(b)) for a, b in graph.edges], problems)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else np.asarray(value)


def _graph(group: h5py.Group, prefix: str, depth: int, problems: list[str]) -> Part:
    kind = source.text(group, "type")
    if kind != GRAPH:
        raise InputError(f"{source.where(group)} is of type {str(kind)[:40]!r}; {GRAPH} is needed.")
    found = source.group(group, "nodes")
    if found is None:
        raise InputError(f"{source.where(group)} has no nodes.")
    edges = source.texts(group, "edges")
    if edges is None or edges.ndim != 2 or edges.shape[1] != 2:
        raise InputError(f"{source.where(group, 'edges')} is missing or no list of pairs.")
    names = source.names(found)

    def part(name: str) -> Part | NirNode:
        node = source.group(found, name)
        if node is None:
            raise InputError(f"{source.where(found, name)} is named and not there.")
        if source.text(node, "type") == GRAPH:
            return _graph(node, f"{prefix}{name}.", depth + 1, problems)
        return _node(node, f"{prefix}{name}", problems)

    return _joined(prefix, depth, names, part, [(str(a), str(b)) for a, b in edges], problems)


def _joined(
    prefix: str, depth: int, names: list[str], part: Any, edges: list[tuple[str, str]], problems: list[str]
) -> Part:
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
        found = part(name)
        if isinstance(found, NirNode):
            nodes[found.name] = found
            entries[name], exits[name] = [found.name], [found.name]
        else:
            inner, inner_edges, entries[name], exits[name] = found
            nodes |= inner
            led += inner_edges
    nowhere = [(start, end) for start, end in edges if start not in entries or end not in entries]
    for start, end in nowhere[:1]:
        problems.append(
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


def _node(group: h5py.Group, name: str, problems: list[str]) -> NirNode:
    kind = source.text(group, "type")
    if kind not in NEEDED:
        return _foreign(name, str(kind), problems)
    values: dict[str, Any] = {}
    for key in source.names(group):
        if key in ("type", "metadata"):
            continue
        values[key] = source.numbers(group, key) if source.is_numeric(group, key) else source.text(group, key)
    return _checked(NirNode(name, str(kind), values))


def _foreign(name: str, kind: str, problems: list[str]) -> NirNode:
    """A node of a type that is not known, without its parameters."""
    nearest = f" (nearest: {NEAREST[kind]})" if kind in NEAREST else ""
    known = "" if any("known are" in problem for problem in problems) else f"; known are {', '.join(NEEDED)}"
    problems.append(f"node {name!r} is of type {kind[:40]!r}{nearest}{known}.")
    return NirNode(name, kind[:40], {})


def _checked(node: NirNode) -> NirNode:
    missing = [key for key in NEEDED[node.kind] if node.values.get(key) is None]
    if missing:
        raise InputError(f"node {node.name!r} ({node.kind}) has no {', '.join(missing)}.")
    for key, value in node.values.items():
        named = key == "padding" and isinstance(value, str)
        if value is None or named or (key not in NEEDED[node.kind] and key not in OPTIONAL):
            continue
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or not value.size:
            raise InputError(f"node {node.name!r} ({node.kind}): {key} is no array of numbers.")
        refuse_not_finite({key: value}, f"node {node.name!r} ({node.kind})")
    return node


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
