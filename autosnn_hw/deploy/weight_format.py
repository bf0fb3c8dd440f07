"""Which integers a target holds: from its profile to a `WeightFormat`."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from autosnn_hw.deploy.quantise import EVEN, TERNARY, WeightFormat
from autosnn_hw.errors import InputError
from hw_profiles.constants import Limit
from hw_profiles.schema import Profile

Target: TypeAlias = Profile | WeightFormat | str | None  # a string: the name or path of a profile, or one of `KINDS`
KINDS = {"loihi": EVEN, "even": EVEN, "ternary": TERNARY}


def weight_format(target: Target) -> WeightFormat:
    """The `WeightFormat` of a target.

    Args:
        target: None (even weights), a `WeightFormat`, "loihi" or "ternary", a profile, or the name or path of one: a
            profile with Loihi's weight format takes even weights and PLIF neurons, a crossbar ternary weights and
            memoryless neurons.

    Raises:
        InputError: the profile does not allow the neuron that its weight format is deployed with.
    """
    if target is None:
        return EVEN
    if isinstance(target, WeightFormat):
        return target
    if isinstance(target, str):
        if target in KINDS:
            return KINDS[target]
        import hw_profiles

        target = hw_profiles.load(target)
    return _of_profile(target)


def target_name(target: Target) -> str | None:
    """The profile's name, or None for a bare format."""
    if isinstance(target, str):
        return None if target in KINDS else target
    return getattr(target, "name", None)


def _of_profile(profile: Profile) -> WeightFormat:
    kinds, limits, bits = profile.neuron.kinds, profile.limits, profile.weights.bits
    host_stem = not profile.neuron.image_biases
    if profile.weights.format == "crossbar":
        _needs("memoryless", kinds, profile.name)
        leak, axons = _limit(limits.leak, TERNARY.bias_max), _limit(limits.input_axons, 256)
        return replace(
            TERNARY,
            weight_max=2 ** (bits - 1) - 1,
            bias_max=leak,
            readout_block=max(1, axons // 2),
            host_stem=host_stem,
        )
    _needs("leaky", kinds, profile.name)
    return WeightFormat(
        weight_max=2**bits - 2,
        bias_max=_limit(limits.bias, EVEN.bias_max),
        v_decay_max=_limit(limits.v_decay, EVEN.v_decay_max),
        vth_max=_limit(limits.threshold, EVEN.vth_max),
        host_stem=host_stem,
    )


def _limit(limit: Limit | None, otherwise: int) -> int:
    return otherwise if limit is None else int(limit.value)


def _needs(kind: str, kinds: tuple[str, ...], name: str) -> None:
    if kind not in kinds:
        raise InputError(
            f"target {name!r} allows the neuron kinds {', '.join(kinds)}; its weight format is deployed with {kind!r} neurons."
        )
