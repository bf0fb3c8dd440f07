"""`CoreNetwork`: a network laid out on crossbar cores (TrueNorth), as winner.cores.json holds it. Plain data, no work.

Source of the core: Merolla et al., Science 345 (2014); Cassidy et al., IJCNN 2013 (neuron).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

NOWHERE, AXON, OUT = 0, 1, 2
"""First entry of a row of `Core.dest`: nothing reads the neuron; [core, axon]; [class, voter]."""

SPLITTER = -1
"""First entry of a row of `Core.source` for a neuron that only passes a spike on."""


@dataclass(frozen=True, eq=False)
class Core:
    """One core of A axons and N neurons. In every tick, for each neuron: v += sum over the axons that carry a spike and
    whose crossbar bit is set of weights[type of the axon], then v += leak; it fires if v >= alpha, and v becomes 0 if it
    fired or v < -beta.

    Args:
        axon_types: uint8 (A,).
        crossbar: bool (N, A).
        weights: int16 (N, types), the weight of each axon type.
        leak, alpha, beta: int32 (N,).
        delay: uint8 (N,), ticks after which a spike of the neuron is on its axon.
        dest: int32 (N, 3), rows (NOWHERE, 0, 0), (AXON, core, axon) or (OUT, class, voter).
        source: int32 (N, 4), rows (layer, channel, y, x) or (SPLITTER, 0, 0, 0); layer counts `CoreNetwork.layers`.
    """

    axon_types: np.ndarray
    crossbar: np.ndarray
    weights: np.ndarray
    leak: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    delay: np.ndarray
    dest: np.ndarray
    source: np.ndarray


@dataclass(frozen=True)
class CoreLayer:
    """A layer of the network that was laid out.

    Args:
        name: its name in winner.net.
        shape: (C, H, W) or (N,).
        start: the tick of its first step when the first input spikes arrive in tick 0; the spikes of its step t are those
            of tick start + t. The input layer starts at 0.
    """

    name: str
    shape: tuple[int, ...]
    start: int


@dataclass(frozen=True, eq=False)
class CoreNetwork:
    """What runs on the chip, freely, and where spikes go in and come out.

    Args:
        timesteps: T.
        depth: ticks between the first input spikes and the first tick of the last layer. Its spikes count in the ticks
            depth .. depth + T - 1.
        layers: the input layer first, then the layers that stand on cores.
        input_pointer: int64 (inputs + 1,), and input_targets: int32 (M, 2): input neuron j (C, H, W order) sends its
            spikes of step t in tick t to the [core, axon] rows input_pointer[j] .. input_pointer[j + 1] - 1.
        cores: the cores; destinations index them.
        classes, voters: of the readout, class-major.
        provenance: JSON-able facts (names, hashes).
    """

    timesteps: int
    depth: int
    layers: tuple[CoreLayer, ...]
    input_pointer: np.ndarray
    input_targets: np.ndarray
    cores: tuple[Core, ...]
    classes: int
    voters: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
