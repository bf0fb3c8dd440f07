"""How many neurons have something to do in a step (a spike arrived, or a bias or a voltage is there), from spikes alone.

Counting them exactly needs every voltage. It is hardly ever needed: a neuron with a bias is active in every step, and a pool
or relay, which any spike fires, just when it fires. What is left, neurons without bias that may hold a voltage, is charged as
active in every step, and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost.limits import memoryless_by_construction
from autosnn_hw.kept import kept_with
from autosnn_hw.network import Layer, SigmaDeltaNeuron


@dataclass(frozen=True, eq=False)
class Kinds:
    """Neurons of a layer by what makes them active.

    Args:
        biased: neurons with a bias, and sigma-delta neurons, active in every step.
        firing: bool (C,), channels whose neurons are active when they fire; None where there are none.
        roles: the roles that those channels, and no others, have; None where roles do not tell them apart.
        unknown: neurons of which the spikes do not tell.
    """

    biased: int
    firing: np.ndarray | None
    roles: tuple[int, ...] | None
    unknown: int


@kept_with()
def kinds_of(layer: Layer) -> Kinds:
    """Kinds of a layer with neurons; kept with the layer."""
    if isinstance(layer.neuron, SigmaDeltaNeuron):
        return Kinds(prod(layer.shape), None, None, 0)  # its program runs in every step, whatever arrives
    positions = prod(layer.shape[1:])
    firing = memoryless_by_construction(layer)
    bias = np.zeros(layer.shape[0]) if layer.bias is None else layer.bias
    each = positions if bias.size == layer.shape[0] else 1
    biased = int(np.count_nonzero(bias)) * each
    unknown = prod(layer.shape) - biased - int(firing.sum()) * positions
    roles = np.asarray(layer.roles)
    chosen = tuple(sorted(set(roles[firing].tolist())))
    alone = not set(roles[~firing].tolist()) & set(chosen)
    return Kinds(biased, firing if chosen else None, chosen if alone else None, unknown)


def active_share(layer: Layer, measured: LayerActivity, activity: Activity) -> tuple[float, int]:
    """Mean part of a layer's neurons that is active in a step, 0..1, and how many neurons were taken as always active.

    A measured count is taken as it is.
    """
    steps = float(activity.timesteps * activity.samples)
    neurons = prod(layer.shape)
    if measured.active_neurons is not None:
        return float(measured.active_neurons.sum()) / (steps * neurons), 0
    kinds = kinds_of(layer)
    always, fired = kinds.biased + kinds.unknown, 0.0
    assumed = kinds.unknown
    if kinds.firing is not None:
        found = _fired(kinds, measured)
        if found is None:
            some = int(kinds.firing.sum()) * prod(layer.shape[1:])
            always, assumed = always + some, assumed + some
        else:
            fired = found
    return (always * steps + fired) / (steps * neurons), assumed


def _fired(kinds: Kinds, measured: LayerActivity) -> float | None:
    """Spikes of the channels that are active when they fire; None where the counts do not tell them from the others."""
    if kinds.roles is not None:
        return float(sum(measured.spikes[role].sum() for role in kinds.roles))
    return None if measured.neuron_spikes is None else float(measured.neuron_spikes[kinds.firing].sum())
