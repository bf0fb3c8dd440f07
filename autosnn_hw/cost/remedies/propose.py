"""Remedies: the nearest changes that would make a network fit, each tried on the changed network before it is proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.limits import layer_uses, neuron_kinds
from autosnn_hw.cost.mapping import mapping_of, place
from autosnn_hw.cost.remedies import variation
from autosnn_hw.cost.remedies.reshaping import narrower_networks, with_layer
from autosnn_hw.cost_report import FitReport, Violation
from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer, Layer
from autosnn_hw.network.chip_layers import DECAY_ONE
from hw_profiles.schema import Profile

MOST = 4  # remedies of one violation
SCALED = ("weight", "threshold", "bias", "leak")  # limits that a smaller scale of the layer meets


@dataclass(frozen=True, eq=False)
class Remedy:
    """A sentence, and the network and target that it leads to."""

    sentence: str
    network: ChipNetwork
    profile: Profile


def propose(network: ChipNetwork, profile: Profile, violation: Violation, report: FitReport) -> list[Remedy]:
    """Remedies of one violation, nearest first; every one removes the violation and makes no limit worse.

    A remedy after which everything fits ends in "then everything fits"; others solve this violation and leave the rest.
    """
    before = {(v.layer, v.resource): v.needed for v in report.violations}
    found: list[Remedy] = []
    for sentence, changed, target in _candidates(network, profile, violation, before):
        after = assess(changed, target)
        ending = "then everything fits" if after.fits else "this removes this violation, not the others"
        found.append(Remedy(f"{sentence}: {ending}.", changed, target))
        if len(found) == MOST:
            break
    return found


Candidate = tuple[str, ChipNetwork, Profile]


def _solves(
    changed: ChipNetwork | None, profile: Profile, violation: Violation, before: dict[tuple[str, str], float]
) -> bool:
    """Whether the violation is gone and no other is new or larger."""
    if changed is None:
        return False
    after = {(v.layer, v.resource): v.needed for v in assess(changed, profile).violations}
    if (violation.layer, violation.resource) in after:
        return False
    return all(needed <= before.get(key, -1.0) for key, needed in after.items())


def _candidates(
    network: ChipNetwork, profile: Profile, violation: Violation, before: dict[tuple[str, str], float]
) -> Iterator[Candidate]:
    def solved(changed: ChipNetwork | None, target: Profile = profile) -> bool:
        return _solves(changed, target, violation, before)

    names = [layer.name for layer in network.layers]
    mapping = mapping_of(profile)

    def of_mapping() -> Iterator[Candidate]:
        cores = lambda changed: place(changed, profile).cores_used  # noqa: E731
        changes = mapping.changes(network, profile, violation, cores, solved)
        yield from ((sentence, changed, profile) for sentence, changed in changes if solved(changed))

    if violation.resource in mapping.ALONE:
        yield from of_mapping()
        return
    if violation.layer not in names:
        yield from _whole_network(network, profile, violation, solved)
        return
    index = names.index(violation.layer)
    for sentence, changed in _parameters(network, profile, violation, index, before):
        if solved(changed):
            yield sentence, changed, profile
    yield from of_mapping()


def _parameters(
    network: ChipNetwork, profile: Profile, violation: Violation, index: int, before: dict[tuple[str, str], float]
) -> Iterator[tuple[str, ChipNetwork]]:
    """Changes of a layer's integers."""
    layer, limits, resource = network.layers[index], profile.limits, violation.resource
    name = layer.name
    if network.sigma_delta:
        return  # its messages carry values: whatever changes one layer's integers changes what all others mean
    if resource == "threshold" and limits.threshold:
        value = limits.threshold.value
        if _reads_voltage(network, index) or not _moves_synapses(layer, _scale(layer, profile, before)):
            sentence = f"lower the threshold of {name!r} to {int(value):,}"
            yield sentence, variation.with_thresholds(network, index, int(value))
            return
    if resource in SCALED or resource.startswith("odd weights"):
        factor = _scale(layer, profile, before)
        way = f"by {_short_of_one(factor)} to even integers" if factor < 1.0 else "to even integers"
        yield f"rescale weights, biases and thresholds of {name!r} {way}", variation.rescaled(network, index, factor)
    if resource == "v_decay" and limits.v_decay:
        value = limits.v_decay.value
        yield f"set v_decay of {name!r} to {value}", variation.with_decays(network, index, v_decay=value)
    if resource == "i_decay" and limits.i_decay:
        value = limits.i_decay.value
        yield f"set i_decay of {name!r} to {value}", variation.with_decays(network, index, i_decay=value)
    if isinstance(layer, InputLayer) and (resource.startswith(("neuron kind", "biases rewritten"))):
        yield f"run the neurons of {name!r} on the host", variation.with_host_stem(network)
    elif resource.startswith("neuron kind") and "memoryless" in profile.neuron.kinds:
        changed = variation.with_decays(network, index, v_decay=DECAY_ONE, i_decay=None)
        if set(neuron_kinds(changed.layers[index]).tolist()) == {"memoryless"}:
            yield f"train {name!r} with memoryless neurons", changed
    if resource == "synaptic_delay" and limits.synaptic_delay and isinstance(layer, DenseLayer):
        value = limits.synaptic_delay.value
        delay = np.minimum(layer.delay, value)  # type: ignore[arg-type]
        yield (
            f"shorten delays of {name!r} to {value} steps",
            with_layer(network, index, replace(layer, delay=delay)),
        )


def _scale(layer: Layer, profile: Profile, before: dict[tuple[str, str], float]) -> float:
    """Factor that brings every integer of the layer within its limit, rounding to the next even integer included."""
    factor = 1.0
    for use in layer_uses(layer, profile):
        if use.resource in SCALED and (layer.name, use.resource) in before:
            factor = min(factor, (use.limit - 1.0) / use.used)
    return factor


def _reads_voltage(network: ChipNetwork, index: int) -> bool:
    """Whether a layer is the readout that never fires: its threshold may be any that it does not reach."""
    readout = network.readout
    return readout is not None and readout.accumulates and index == len(network.layers) - 1


def _moves_synapses(layer: Layer, factor: float) -> bool:
    """Whether a factor changes weights or biases at all once they are integers; one just below 1 may not."""
    values = [layer.bias] if isinstance(layer, InputLayer) else [layer.bias, layer.weight]
    return any(value is not None and bool(np.any(np.rint(value * factor) != value)) for value in values)


def _short_of_one(factor: float) -> str:
    """A factor below 1 with three digits, or as many as tell it from 1."""
    digits = 3
    while float(f"{factor:.{digits}g}") >= 1.0 and digits < 17:
        digits += 1
    return f"{factor:.{digits}g}"


def _whole_network(
    network: ChipNetwork, profile: Profile, violation: Violation, solved: Callable[..., bool]
) -> Iterator[Candidate]:
    if violation.resource == "cores":
        chips = -(-int(violation.needed) // profile.limits.cores_per_chip.value)
        for device in profile.smallest_first:
            target = profile.model_copy(update={"device": device.name})
            target.__dict__.pop("sha256", None)  # the hash of the copy is its own
            if device.chips >= chips and solved(network, target):
                yield f"{chips} chips instead of {profile.chips}, such as {device.name}", network, target
                break
    if violation.resource == "timesteps" and profile.limits.timesteps:
        changed = replace(network, timesteps=profile.limits.timesteps.value)
        if solved(changed):
            yield f"{changed.timesteps} timesteps instead of {network.timesteps}", changed, profile
    for sentence, changed in narrower_networks(network, solved):
        yield sentence, changed, profile
