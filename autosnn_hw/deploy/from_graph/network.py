"""`chip_network`: a graph of weights and neurons as an integer network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autosnn_hw.deploy.from_graph.chip_layers import chip_layers
from autosnn_hw.deploy.from_graph.layers import layers_of
from autosnn_hw.deploy.from_graph.neurons import discrete
from autosnn_hw.network import ChipNetwork, Readout
from exporters.nir_graph import NirGraph


def chip_network(
    graph: NirGraph, dt: float, about: Mapping[str, Any], *, fires_at: bool = False, notes: Sequence[str] = ()
) -> ChipNetwork:
    """The integer network of a graph; `provenance["import"]` is `about` and the account of every layer.

    Args:
        dt: of a step, in the graph's unit of time.
        fires_at: the neurons fire at v >= threshold, not above it.
        notes: sentences that travel with the network, before those about its layers.

    Raises:
        InputError: what cannot be mapped, by node, with the nearest that can.
    """
    input_shape, layers = layers_of(graph, dt)
    chip, account, said = chip_layers(graph, input_shape, layers, dt, fires_at)
    silent = layers[-1].shape if discrete(layers[-1].node, dt).threshold is None else None
    sentences = [*notes, *said]
    provenance = {"import": {**about, "layers": account}, **({"notes": sentences} if sentences else {})}
    readout = Readout(int(np.prod(silent)), 1, accumulates=True) if silent is not None else None
    return ChipNetwork(tuple(chip), readout=readout, provenance=provenance)
