"""Crossbar chips (TrueNorth): cores of axons x neurons, a bit a synapse, one destination a neuron (docs/truenorth.md).

The mapping is derived from the weights alone: groups are the sets of channels that share inputs, axon types the values
that neurons tell apart. `autosnn_hw.cost` calls `place`, `check`, `price_parts` and `remedies` for profiles of this kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.core_network import CoreNetwork
from autosnn_hw.cost.crossbar_build import build
from autosnn_hw.cost.crossbar_layer import largest_fan_in, leak
from autosnn_hw.cost.crossbar_limits import crossbar_limits
from autosnn_hw.cost.crossbar_place import CrossbarPlacement, Unplaced, place_layers
from autosnn_hw.cost.crossbar_price import breakdown, crossbar_events
from autosnn_hw.cost.crossbar_remedies import core_changes, fan_in_changes
from autosnn_hw.cost.crossbar_search import LayerPlacement as CrossbarLayerPlacement
from autosnn_hw.cost.events import Events
from autosnn_hw.cost.limits import neuron_kinds
from autosnn_hw.cost.placement import LayerPlacement, Placement
from autosnn_hw.cost_report import LimitUse, Violation
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer
from hw_profiles import Profile

DETAILS = "crossbar"

__all__ = [
    "breakdown",
    "check",
    "core_network",
    "crossbar_placement",
    "notes",
    "place",
    "price_parts",
    "remedies",
]


def place(network: ChipNetwork, profile: Profile) -> Placement:
    """Place a network; what cannot be placed is `broken`. `details` holds the `CrossbarPlacement` where all is placed.

    Raises:
        InputError: the profile leaves a limit out that a crossbar placement needs.
    """
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
    whole = tuple(found for found in placed if isinstance(found, CrossbarLayerPlacement))
    if len(whole) < len(placed):
        return Placement(tuple(layers), None)
    chips = max(1, -(-first // profile.limits.cores_per_chip.value))
    return Placement(tuple(layers), chips, details={DETAILS: CrossbarPlacement(whole)})


def crossbar_placement(placement: Placement) -> CrossbarPlacement:
    """What `place` knows of copies, splitters, ticks and events.

    Raises:
        DoesNotFitError: a layer of the network fits on no core.
    """
    if DETAILS not in placement.details:
        lost = next(layer for layer in placement.layers if layer.broken)
        raise DoesNotFitError(
            f"layer {lost.name!r} fits on no crossbar core ({', '.join(lost.broken)}); `check` says what would fit."
        )
    found: CrossbarPlacement = placement.details[DETAILS]
    return found


def check(network: ChipNetwork, profile: Profile) -> dict[str, list[LimitUse]]:
    """Uses of the limits that only a crossbar has, by layer: fan-in in axons, leak, synaptic delays."""
    limits = profile.limits
    uses: dict[str, list[LimitUse]] = {}
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
        uses[layer.name] = found
    return uses


def price_parts(
    network: ChipNetwork, activity: Activity, profile: Profile, placement: Placement, *, per_core: bool = True
) -> Events:
    """Events of one inference; `per_core=False` leaves out the loads of cores, which take longest.

    Raises:
        DoesNotFitError: a layer fits on no core. InputError: the activity is not one of this network.
    """
    return crossbar_events(network, activity, crossbar_placement(placement), per_core=per_core)


def remedies(network: ChipNetwork, profile: Profile, violation: Violation) -> Iterator[tuple[str, ChipNetwork]]:
    """Changes with which a violation of fan-in (input_axons) or of the number of cores is gone: a sentence and the changed
    network, each counted before it is given."""
    from autosnn_hw.cost.placement import place as place_kept

    if violation.resource == "input_axons":
        names = [layer.name for layer in network.layers]
        yield from fan_in_changes(network, names.index(violation.layer), crossbar_limits(profile).axons)
    elif violation.resource == "cores":
        yield from core_changes(network, profile.cores, lambda changed: place_kept(changed, profile).cores_used)


def notes(placement: Placement) -> list[str]:
    """What a reader of `check` wants to know of copies, splitters and ticks."""
    if DETAILS not in placement.details:
        return []
    found = crossbar_placement(placement)
    neurons = sum(layer.layer.neurons for layer in found.layers)
    return [
        f"{neurons} neurons, {found.copies} copies of them and {found.splitters} splitter neurons; {found.splitter_cores} of "
        f"the {found.cores_used} cores hold splitters; the first output comes {found.depth} ticks after the first input."
    ]


def core_network(network: ChipNetwork, profile: Profile, *, placement: Placement | None = None) -> CoreNetwork:
    """The network written out on cores: what winner.cores.json holds.

    Raises:
        DoesNotFitError: it breaks a limit of the chip, or needs a neuron that the chip has not (IF would have to be held
            still until its first tick and reset between samples; PLIF has a multiplicative leak).
        InputError: it does not say how many steps it runs for.
    """
    from autosnn_hw.cost.check import check as check_all
    from autosnn_hw.cost.placement import place as place_kept

    if network.timesteps is None:
        raise InputError("the network has no timesteps, which a cores file needs; give them when lowering it.")
    report = check_all(network, profile, remedies=False)
    if not report.fits:
        first = report.violations[0]
        more = f" (and {len(report.violations) - 1} more)" if len(report.violations) > 1 else ""
        raise DoesNotFitError(
            f"{first.layer}: {first.resource} is {first.needed:g}, at most {first.limit:g} fits {profile.name}{more}; "
            "`check` lists all and what would fit."
        )
    remembering = [layer.name for layer in network.layers[1:] if (neuron_kinds(layer) != "memoryless").any()]
    if remembering:
        raise DoesNotFitError(
            f"a cores file holds memoryless neurons only; those of {', '.join(remembering)} remember."
        )
    return build(network, crossbar_placement(placement or place_kept(network, profile)).layers)
