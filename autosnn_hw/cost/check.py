"""`check`: all limits of a target at once, for every layer, and what would make a network fit."""

from __future__ import annotations

from dataclasses import replace

from autosnn_hw.cost.limits import layer_uses, network_uses
from autosnn_hw.cost.placement import LayerPlacement, Placement, limit_of, place
from autosnn_hw.cost.reach import volume
from autosnn_hw.cost_report import FitReport, LayerFit, LimitUse, Violation
from autosnn_hw.network import ChipNetwork, DenseLayer, Layer
from hw_profiles.schema import Profile

NETWORK = "network"


def check(network: ChipNetwork, profile: Profile, *, remedies: bool = True) -> FitReport:
    """Whether a network fits a target. Not fitting is an answer, never an exception.

    Args:
        remedies: look for the smallest changes that would fit, each checked again before it is proposed.

    Returns:
        every violation of every layer, cores of each layer, and notes (smallest device that fits, limits not known).
    """
    report = assess(network, profile)
    if remedies and report.violations:
        from autosnn_hw.cost.remedies import propose

        violations = tuple(
            replace(violation, remedies=tuple(r.sentence for r in propose(network, profile, violation, report)))
            for violation in report.violations
        )
        report = replace(report, violations=violations)
    return report


def assess(network: ChipNetwork, profile: Profile) -> FitReport:
    """`check` without remedies."""
    placement = place(network, profile)
    fits, violations = [], []
    crossbar: dict[str, list[LimitUse]] = {}
    if profile.placement.kind == "crossbar":
        from autosnn_hw.cost import crossbar as mapping

        crossbar = mapping.check(network, profile)
    for layer, place_ in zip(network.layers, placement.layers):
        uses = _unique(
            [*_placement_uses(layer, place_, profile), *crossbar.get(layer.name, []), *layer_uses(layer, profile)]
        )
        neurons = int(place_.neurons.max()) if place_.cores and len(place_.neurons) else None
        if place_.cores == 0:
            neurons = 0
        fits.append(LayerFit(layer.name, place_.cores, neurons, tuple(uses)))
        violations += [_violation(layer.name, use) for use in uses if use.used > use.limit]
    whole = [*network_uses(network, profile), *crossbar.get(NETWORK, []), *_cores(placement, profile)]
    violations += [_violation(NETWORK, use) for use in whole if use.used > use.limit]
    return FitReport(
        profile.name,
        not violations,
        placement.cores_used,
        profile.cores,
        placement.chips,
        tuple(fits),
        tuple(violations),
        tuple(_notes(network, placement, profile)),
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


def _notes(network: ChipNetwork, placement: Placement, profile: Profile) -> list[str]:
    notes = []
    if placement.cores_used is not None:
        chips = -(-placement.cores_used // profile.limits.cores_per_chip.value)
        fitting = [device for device in profile.smallest_first if device.chips >= chips]
        if fitting:
            notes.append(
                f"The smallest device of the family {profile.family} with enough cores is {fitting[0].name} ({fitting[0].chips} chip(s))."
            )
        else:
            notes.append(f"No device of the family {profile.family} has the {chips} chips that this network needs.")
    cut = [
        layer.name
        for layer, place_ in zip(network.layers, placement.layers)
        if place_.edges is not None
        and not isinstance(layer, DenseLayer)
        and (place_.block[0], place_.block[1]) != volume(layer.shape)[:2]
    ]
    if cut:
        notes.append(
            f"Layers {', '.join(cut)} are cut along channels or rows as well: that part of the rule is unverified."
        )
    if profile.placement.kind == "crossbar":
        from autosnn_hw.cost import crossbar

        notes += crossbar.notes(placement)
    unknown = [name for name in ("input_axons", "output_axons", "fan_in") if getattr(profile.limits, name) is None]
    if unknown and profile.placement.kind == "columns":
        notes.append(f"The profile states no limit for {', '.join(unknown)}; they are not checked.")
    return notes
