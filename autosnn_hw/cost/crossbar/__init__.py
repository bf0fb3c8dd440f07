"""Crossbar chips (TrueNorth): cores of axons x neurons, a bit a synapse, one destination a neuron (docs/truenorth.md).

The mapping is derived from the weights alone: groups are the sets of channels that share inputs, axon types the values
that neurons tell apart. A kind of `autosnn_hw.cost.mapping`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost.crossbar.bound import least_events, least_placement
from autosnn_hw.cost.crossbar.changes import core_changes, fan_in_changes
from autosnn_hw.cost.crossbar.events import crossbar_events, events_apart
from autosnn_hw.cost.crossbar.layer import largest_fan_in, leak
from autosnn_hw.cost.crossbar.limits import crossbar_limits
from autosnn_hw.cost.crossbar.placement import TiledNetwork, Unplaced, place_layers
from autosnn_hw.cost.crossbar.tiling import TiledLayer
from autosnn_hw.cost.events import Events
from autosnn_hw.cost.placement import LayerPlacement, Placement
from autosnn_hw.cost_report import LimitUse, Violation
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer
from hw_profiles import Profile

ALONE = ("input_axons", "cores")  # limits for which nothing but `changes` would help


@dataclass(frozen=True, eq=False)
class CrossbarPlacement(Placement):
    """A placement that knows its copies, splitters and ticks; `tiled` is None where a layer has no place."""

    tiled: TiledNetwork | None = None


def place(network: ChipNetwork, profile: Profile) -> CrossbarPlacement:
    """Place a network; what cannot be placed is `broken`.

    Raises:
        InputError: the profile leaves a limit out that a crossbar placement needs, or the network is a sigma-delta one.
    """
    if network.sigma_delta:
        raise InputError(
            f"{profile.name} cannot run sigma-delta networks: their messages carry values, its spikes carry none; loihi2 can."
        )
    placed = place_layers(network, crossbar_limits(profile))
    layers = [LayerPlacement(network.layers[0].name, use={}, count=0)]
    first = 0
    for layer, found in zip(network.layers[1:], placed):
        if isinstance(found, Unplaced):
            layers.append(LayerPlacement(layer.name, use={found.resource: found.needed}, broken=(found.resource,)))
            continue
        count = found.cores + found.reach.splitters.cores
        use = {"neurons_per_core": int(found.neurons.max()), "input_axons": int(found.axons.max())}
        layers.append(LayerPlacement(layer.name, first=first, use=use, count=count))
        first += count
    whole = tuple(found for found in placed if isinstance(found, TiledLayer))
    if len(whole) < len(placed):
        return CrossbarPlacement(tuple(layers), None)
    chips = max(1, -(-first // profile.limits.cores_per_chip.value))
    return CrossbarPlacement(tuple(layers), chips, tiled=TiledNetwork(whole))


def tiled_network(placement: Placement) -> TiledNetwork:
    """What `place` knows of copies, splitters, ticks and events.

    Raises:
        DoesNotFitError: a layer of the network fits on no core.
    """
    if not isinstance(placement, CrossbarPlacement) or placement.tiled is None:
        lost = next(layer for layer in placement.layers if layer.broken)
        raise DoesNotFitError(
            f"layer {lost.name!r} fits on no crossbar core ({', '.join(lost.broken)}); `check` says what would fit."
        )
    return placement.tiled


def uses(network: ChipNetwork, profile: Profile, placement: Placement) -> dict[str, list[LimitUse]]:
    """Uses of the limits that only a crossbar has, by layer: fan-in in axons, leak, synaptic delays."""
    limits = profile.limits
    found_uses: dict[str, list[LimitUse]] = {}
    for source, layer in zip(network.layers, network.layers[1:]):
        assert not isinstance(layer, InputLayer)
        found = []
        if limits.input_axons is not None:
            axons = limits.input_axons
            needed = largest_fan_in(layer, source.shape)
            found.append(LimitUse("input_axons", needed, axons.value, axons.unit, axons.source, axons.verified))
        if limits.leak is not None:
            largest = int(np.abs(leak(layer)).max())
            allowed = limits.leak
            found.append(LimitUse("leak", largest, allowed.value, allowed.unit, allowed.source, allowed.verified))
        if isinstance(layer, DenseLayer) and layer.delay is not None and layer.delay.any():
            source_text = "a crossbar delays every spike of a neuron alike, not those of one synapse"
            found.append(LimitUse("synaptic_delay", int(layer.delay.max()), 0, "steps", source_text, True))
        found_uses[layer.name] = found
    return found_uses


def events(
    network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile, *, per_core: bool = True
) -> Events:
    """Events of one inference; `per_core=False` leaves out the loads of cores, which take longest.

    Raises:
        DoesNotFitError: a layer fits on no core. InputError: the activity is not one of this network.
    """
    return crossbar_events(network, activity, tiled_network(placement), per_core=per_core)


def bound(network: ChipNetwork, activity: Activity, profile: Profile) -> tuple[Placement, Events] | None:
    """Cores and events that no placement is below; None where a layer fits on no core.

    Raises:
        InputError: the activity is not one of this network.
    """
    least = least_placement(network, profile)
    return None if least is None else (least, least_events(network, activity))


def breakdown(network: ChipNetwork, activity: Activity, placement: Placement) -> dict[str, Any]:
    """Under "crossbar": synaptic events of copies and splitters set apart."""
    return {"crossbar": events_apart(network, activity, tiled_network(placement))}


def changes(
    network: ChipNetwork,
    profile: Profile,
    violation: Violation,
    cores_used: Callable[[ChipNetwork], int | None],
    solved: Callable[[ChipNetwork | None], bool],
) -> Iterator[tuple[str, ChipNetwork]]:
    """Changes with which a violation of fan-in (input_axons) or of the number of cores is gone, each counted before it is given."""
    if violation.resource == "input_axons":
        names = [layer.name for layer in network.layers]
        yield from fan_in_changes(network, names.index(violation.layer), crossbar_limits(profile).axons)
    elif violation.resource == "cores":
        yield from core_changes(network, profile.cores, crossbar_limits(profile).neurons, cores_used)


def notes(network: ChipNetwork, placement: Placement, profile: Profile) -> list[str]:
    """What a reader of `check` wants to know of copies, splitters and ticks."""
    if not isinstance(placement, CrossbarPlacement) or placement.tiled is None:
        return []
    found = placement.tiled
    neurons = sum(layer.layer.neurons for layer in found.layers)
    return [
        f"{neurons} neurons, {found.copies} copies of them and {found.splitters} splitter neurons; {found.splitter_cores} of "
        f"the {found.cores_used} cores hold splitters; the first output comes {found.depth} ticks after the first input."
    ]
