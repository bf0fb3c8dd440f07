"""What a profile of placement kind crossbar says about its cores, as plain integers."""

from __future__ import annotations

from dataclasses import dataclass

from autosnn_hw.errors import InputError
from hw_profiles import Profile


@dataclass(frozen=True)
class CrossbarLimits:
    """Limits of a core (and `cores` of the device).

    Args:
        axons, neurons, axon_types: of a core.
        weight, leak: largest absolute values.
        delay: ticks of the longest delivery delay.
        cores: of all chips of the device.
    """

    axons: int
    neurons: int
    axon_types: int
    weight: int
    leak: int
    delay: int
    cores: int


def crossbar_limits(profile: Profile) -> CrossbarLimits:
    """The limits that a crossbar placement needs.

    Raises:
        InputError: the profile leaves one of the limits out.
    """
    found = {}
    for name in ("input_axons", "axon_types", "leak", "delivery_delay"):
        limit = getattr(profile.limits, name)
        if limit is None:
            raise InputError(f"target {profile.name} has no limits.{name}; a crossbar placement needs it.")
        found[name] = limit.value
    if found["delivery_delay"] < 2:
        raise InputError(
            f"target {profile.name}: limits.delivery_delay is {found['delivery_delay']}; splitters need a delay of 2."
        )
    return CrossbarLimits(
        axons=found["input_axons"],
        neurons=profile.limits.neurons_per_core.value,
        axon_types=found["axon_types"],
        weight=2 ** (profile.weights.bits - 1) - 1,
        leak=found["leak"],
        delay=found["delivery_delay"],
        cores=profile.cores,
    )
