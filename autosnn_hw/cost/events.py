"""Events of one inference, as data: what energy and time are charged for, layer by layer and core by core, in counts and
without a chip's constants. A mapping makes them of an `Activity` and a placement."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.axes import along_first
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, InputLayer, Layer, SigmaDeltaNeuron

HOST = "the spikes that the host sends in are charged as messages, without the way they take to their cores"
ENCODER = "the delta encoder of the input runs on the host, as that of lava-dl's PilotNet does"
SIGMA_DELTA = (
    "the energy of a sigma-delta neuron's update is taken to be a CUBA neuron's; its time is that of two passes"
)
GRADED = "a graded spike is charged as a spike is, whatever its value"
UNIFORM = "where spikes are not known neuron by neuron they are spread evenly over the neurons of each role"


@dataclass(frozen=True)
class LayerEvents:
    """Counts of one layer, means per inference; synops are those that arrive at it, messages and hops those it sends.

    Args:
        dense: a fully connected layer (a profile may charge its synapses differently).
        hops: along x, along y, borders between chips.
    """

    name: str
    cores: int
    dense: bool = False
    spikes: float = 0.0
    synops: float = 0.0
    synops_dense: float = 0.0
    neuron_updates: float = 0.0
    neuron_active: float = 0.0
    messages: float = 0.0
    hops: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class CoreEvents:
    """Counts of every core, means per step: float64 (cores,) each; `layer` is the index of its layer in the network.

    `synops` is what the core really computes: where a profile pads blocks, columns beyond the layer's edge, too. `passes` are
    neurons times the passes of the program that updates them, where these are not one each.
    """

    layer: np.ndarray
    dense: np.ndarray
    neurons: np.ndarray
    synops: np.ndarray
    neuron_active: np.ndarray
    spikes_out: np.ndarray
    messages_in: np.ndarray
    messages_out: np.ndarray
    passes: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Events:
    """Events of a network on a target.

    Args:
        latency_steps: steps from the first step of a sample to its last output.
        notes: what had to be assumed.
    """

    layers: tuple[LayerEvents, ...]
    cores: CoreEvents
    latency_steps: int
    notes: tuple[str, ...] = ()


def matched(network: ChipNetwork, activity: Activity) -> list[LayerActivity | None]:
    """The activity of every layer of the network, None for a first entry without neurons.

    Raises:
        InputError: the activity is not one of this network.
    """
    expected = [layer.name for layer in network.neuron_layers]
    found = [layer.name for layer in activity.layers]
    if expected != found:
        raise InputError(f"the activity is of layers {found}; this network's are {expected}.")
    if activity.samples < 1 or activity.timesteps < 1:
        raise InputError(f"the activity is of {activity.samples} samples and {activity.timesteps} steps; 1 is needed.")
    missing = len(network.layers) - len(expected)
    return [None] * missing + list(activity.layers)


def spike_map(layer: Layer, measured: LayerActivity | None, activity: Activity, notes: list[str]) -> np.ndarray:
    """Spikes of each neuron over the whole run, measured or spread evenly."""
    if measured is None:
        notes.append(HOST)
        if isinstance(layer, InputLayer) and layer.payload > 1:
            notes.append(GRADED)
        return np.zeros(layer.shape) if activity.input_spikes is None else activity.input_spikes
    if isinstance(layer, InputLayer) and layer.host:
        notes.append(HOST)
    if isinstance(layer.neuron, SigmaDeltaNeuron):
        notes += [ENCODER] if isinstance(layer, InputLayer) and layer.host else [GRADED, SIGMA_DELTA]
    if measured.neuron_spikes is not None:
        return measured.neuron_spikes
    notes.append(UNIFORM)
    roles = np.asarray(layer.roles)
    positions = prod(layer.shape[1:])
    rate = np.zeros(len(roles))
    for role in np.unique(roles):
        chosen = roles == role
        rate[chosen] = measured.spikes[role].sum() / (chosen.sum() * positions)
    return np.broadcast_to(along_first(rate, len(layer.shape)), layer.shape)
