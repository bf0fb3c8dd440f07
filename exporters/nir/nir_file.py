"""`ChipNetwork` to a NIR file (Neuromorphic Intermediate Representation) and back: the chip's integers as a chain of nodes.

What each framework makes of such a file: docs/nir.md. Written with h5py alone. Beside the graph stands the group that our NetX
files have (`netx.root`: names, roles, encoder, readout): nobody needs it, and with it a file read back is the network itself.
"""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.network import ChipNetwork, ConvLayer, require_spiking
from exporters import hdf5_input as source
from exporters.netx import LIBRARY
from exporters.netx import root as netx_root
from exporters.netx import root_reading as netx_root_read
from exporters.nir import graph as nir_graph
from exporters.nir.chain import DT, graph_of, network_of
from exporters.nir.graph import GRAPH, NirGraph, NirNode

VERSION = "1.0"  # of the representation
COMPRESSED_FROM = 64  # values
STEP, AT = "nir_dt", "nir_fires_at_threshold"


def write(network: ChipNetwork, path: str | Path, *, dt: float = DT, fires_at_threshold: bool = False) -> None:
    """Write a network as a NIR file.

    Args:
        path: written whole or not at all; an existing file is replaced.
        dt: seconds (or another unit) that a step lasts: time constants are multiples of it.
        fires_at_threshold: for readers whose neurons fire at v >= threshold (sinabs, SpikingJelly), not above it.

    Raises:
        InputError: synapses of one spike have different delays, which NIR cannot say.
        RunError: the file cannot be written.
    """
    if not 0 < dt < np.inf:
        raise InputError(f"dt is {dt:g}; a time above 0 is needed.")
    require_spiking(network, "NIR")
    graph = graph_of(network, dt, fires_at=fires_at_threshold)
    image = io.BytesIO()
    with h5py.File(image, "w", libver=LIBRARY) as file:
        file["version"] = np.bytes_(VERSION)
        node = file.create_group("node")
        node["type"] = np.bytes_(GRAPH)
        node["edges"] = np.array(graph.edges, np.bytes_)
        nodes = node.create_group("nodes")
        for name, values in graph.nodes.items():
            _put(nodes.create_group(name), values)
        _put_own(file, network, dt, fires_at_threshold)
    whole_file.replace(path, image.getbuffer())


def _put(group: h5py.Group, node: NirNode) -> None:
    group["type"] = np.bytes_(node.kind)
    for key, value in node.values.items():
        array = np.asarray(value)
        packed = {"compression": "gzip"} if array.size >= COMPRESSED_FROM else {}
        group.create_dataset(key, data=array, **packed)


def _put_own(file: h5py.File, network: ChipNetwork, dt: float, fires_at: bool) -> None:
    entries = {layer.name: index for index, layer in enumerate(network.layers)}
    groups = {layer.name: layer.groups for layer in network.layers if isinstance(layer, ConvLayer) and layer.groups > 1}
    netx_root.write(file, network, entries, groups)
    file[netx_root.GROUP][STEP] = float(dt)
    file[netx_root.GROUP][AT] = fires_at


def read(path: str | Path, *, dt: float | None = None) -> ChipNetwork | None:
    """The network in a NIR file that `write` wrote, integer for integer; None where another did, or has changed it since.

    Args:
        dt: None, or the one that it was written with; with another the file is read as anybody's.

    Raises:
        InputError: missing, damaged or hostile file.
    """
    with source.opened(path, "a NIR file") as file:
        own = source.group(file, netx_root.GROUP)
        step = None if own is None else source.numbers(own, STEP)
        if own is None or step is None or step.shape != () or not 0 < step < np.inf or dt not in (None, float(step)):
            return None
        at = bool(np.any(netx_root_read.needed(own, AT)))
        root = netx_root_read.read(file)
    graph = nir_graph.read(path)
    try:
        with np.errstate(all="ignore"):  # of another's graph anything may come, and is found out below
            network = network_of(graph, float(step), root, fires_at=at)
            unchanged = _same(graph_of(network, float(step), fires_at=at), graph)
    except (InputError, ArithmeticError, LookupError, TypeError, ValueError):
        return None  # a graph that is no chain of integers: the importer says what it is
    return network if unchanged else None


def _same(made: NirGraph, found: NirGraph) -> bool:
    if set(made.edges) != set(found.edges) or set(made.nodes) != set(found.nodes):
        return False
    return all(_same_node(node, found.nodes[name]) for name, node in made.nodes.items())


def _same_node(made: NirNode, found: NirNode) -> bool:
    if made.kind != found.kind or set(made.values) != set(found.values):
        return False
    return all(np.array_equal(value, found.values[key]) for key, value in made.values.items())
