"""All limits of a target at once, for every layer: what `check` says, before anybody looks for remedies."""

from __future__ import annotations

from autosnn_hw.cost.limits import layer_uses, limit_of, network_uses
from autosnn_hw.cost.mapping import mapping_of, place
from autosnn_hw.cost.placement import LayerPlacement, Placement
from autosnn_hw.cost_report import FitReport, LayerFit, LimitUse, Violation
from autosnn_hw.network import ChipNetwork, DenseLayer, Layer
from hw_profiles.schema import Profile

NETWORK = "network"


def assess(network: ChipNetwork, profile: Profile) -> FitReport:
    """Every violation of every layer, cores of each layer, and notes; remedies are left empty."""
    placement = place(network, profile)
    fits, violations = [], []
    mapping = mapping_of(profile)
    mapped = mapping.uses(network, profile, placement)
    for layer, place_ in zip(network.layers, placement.layers):
        uses = _unique(
            [*_placement_uses(layer, place_, profile), *mapped.get(layer.name, []), *layer_uses(layer, profile)]
        )
        neurons = int(place_.neurons.max()) if place_.cores and len(place_.neurons) else None
        if place_.cores == 0:
            neurons = 0
        fits.append(LayerFit(layer.name, place_.cores, neurons, tuple(uses)))
        violations += [_violation(layer.name, use) for use in uses if use.used > use.limit]
    whole = [*network_uses(network, profile), *mapped.get(NETWORK, []), *_cores(placement, profile)]
    violations += [_violation(NETWORK, use) for use in whole if use.used > use.limit]
    return FitReport(
        profile.name,
        not violations,
        placement.cores_used,
        profile.cores,
        placement.chips,
        tuple(fits),
        tuple(violations),
        (*_device(placement, profile), *mapping.notes(network, placement, profile)),
    )


def _violation(layer: str, use: LimitUse) -> Violation:
    return Violation(layer, use.resource, use.used, use.limit, use.source, (), use.verified)


def _unique(uses: list[LimitUse]) -> list[LimitUse]:
    """One use a resource: the larger."""
    kept: dict[str, LimitUse] = {}
    for use in uses:
        if use.resource not in kept or use.used > kept[use.resource].used:
            kept[use.resource] = use
    return list(kept.values())


def _placement_uses(layer: Layer, place_: LayerPlacement, profile: Profile) -> list[LimitUse]:
    uses = []
    for resource, used in place_.use.items():
        limit = limit_of(resource, isinstance(layer, DenseLayer), profile)
        if limit is not None:
            uses.append(LimitUse(resource, used, limit.value, limit.unit, limit.source, limit.verified))
    return uses


def _cores(placement: Placement, profile: Profile) -> list[LimitUse]:
    if placement.cores_used is None:
        return []
    per_chip = profile.limits.cores_per_chip
    source = f"{profile.device}: {profile.chips} chip(s) of {per_chip.value} cores ({per_chip.source})"
    return [LimitUse("cores", placement.cores_used, profile.cores, "cores", source, per_chip.verified)]


def _device(placement: Placement, profile: Profile) -> list[str]:
    """The smallest device that has the cores."""
    if placement.cores_used is None:
        return []
    chips = -(-placement.cores_used // profile.limits.cores_per_chip.value)
    fitting = [device for device in profile.smallest_first if device.chips >= chips]
    if not fitting:
        return [f"No device of the family {profile.family} has the {chips} chips that this network needs."]
    return [
        f"The smallest device of the family {profile.family} with enough cores is {fitting[0].name} ({fitting[0].chips} chip(s))."
    ]
