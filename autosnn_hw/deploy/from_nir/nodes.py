"""What stands in a NIR file, node by node: said of a file that cannot be mapped, so that one sees what was read of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.deploy.from_graph.account import constants_of
from exporters.nir import graph as nir_graph
from exporters.nir.graph import NEEDED, OPTIONAL, NirNode


def nodes_of(path: str | Path) -> list[dict[str, Any]]:
    """The nodes of a NIR file in its order, JSON-able, those that cannot be mapped included.

    Returns:
        [{"node", "kind", "shape": of the input, or of the weight, else [], "from": nodes that lead to it, "read": its parameters, one
        number or [least, largest] each; empty where the type is not known}].

    Raises:
        InputError: missing, damaged or hostile file.
    """
    graph, _ = nir_graph.survey(path)
    return [
        {
            "node": name,
            "kind": node.kind,
            "shape": _shape(node),
            "from": graph.into(name),
            "read": {} if node.kind == "Input" else constants_of(_of_its_type(node)),
        }
        for name, node in graph.nodes.items()
    ]


def _of_its_type(node: NirNode) -> NirNode:
    """The parameters that its type has: a file may hold others, of any kind."""
    own = (*NEEDED.get(node.kind, ()), *OPTIONAL)
    return NirNode(node.name, node.kind, {key: value for key, value in node.values.items() if key in own})


def _shape(node: NirNode) -> list[int]:
    if node.kind == "Input" and "shape" in node.values:
        return [int(n) for n in np.asarray(node.values["shape"]).reshape(-1)]
    return list(np.shape(node.values["weight"])) if "weight" in node.values else []
