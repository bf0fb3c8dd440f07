"""Remedies: the nearest changes that would make a network fit, each tried on the changed network before it is proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from autosnn_hw.cost import variation
from autosnn_hw.cost.limits import layer_uses, neuron_kinds
from autosnn_hw.cost_report import FitReport, Violation
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer
from hw_profiles.schema import Profile

MOST = 4  # remedies of one violation
SHAPED = (
    "neurons_per_core",
    "block_neurons",
    "input_axons",
    "output_axons",
    "synapse_memory",
    "fan_in",
    "kernel_size",
    "neuron_configurations",
    "thresholds",
)  # limits that other sizes meet
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
        after = _assess(changed, target)
        ending = "then everything fits" if after.fits else "this removes this violation, not the others"
        found.append(Remedy(f"{sentence}: {ending}.", changed, target))
        if len(found) == MOST:
            break
    return found


Candidate = tuple[str, ChipNetwork, Profile]


def _assess(network: ChipNetwork, profile: Profile) -> FitReport:
    from autosnn_hw.cost.check import assess

    return assess(network, profile)


def _solves(
    changed: ChipNetwork | None, profile: Profile, violation: Violation, before: dict[tuple[str, str], float]
) -> bool:
    """Whether the violation is gone and no other is new or larger."""
    if changed is None:
        return False
    after = {(v.layer, v.resource): v.needed for v in _assess(changed, profile).violations}
    if (violation.layer, violation.resource) in after:
        return False
    return all(needed <= before.get(key, -1.0) for key, needed in after.items())


def _candidates(
    network: ChipNetwork, profile: Profile, violation: Violation, before: dict[tuple[str, str], float]
) -> Iterator[Candidate]:
    def solved(changed: ChipNetwork | None, target: Profile = profile) -> bool:
        return _solves(changed, target, violation, before)

    names = [layer.name for layer in network.layers]
    crossbar = profile.placement.kind == "crossbar"
    if crossbar and violation.resource in ("input_axons", "cores"):
        from autosnn_hw.cost import crossbar as mapping

        changes = mapping.remedies(network, profile, violation)
        yield from ((sentence, changed, profile) for sentence, changed in changes if solved(changed))
        return
    if violation.layer not in names:
        yield from _whole_network(network, profile, violation, solved)
        return
    index = names.index(violation.layer)
    for sentence, changed in _parameters(network, profile, violation, index, before):
        if solved(changed):
            yield sentence, changed, profile
    if violation.resource in SHAPED and not crossbar:
        yield from ((s, c, profile) for s, c in _shapes(network, index, solved))


def _parameters(
    network: ChipNetwork, profile: Profile, violation: Violation, index: int, before: dict[tuple[str, str], float]
) -> Iterator[tuple[str, ChipNetwork]]:
    """Changes of a layer's integers."""
    layer, limits, resource = network.layers[index], profile.limits, violation.resource
    name = layer.name
    if resource in SCALED or resource.startswith("odd weights"):
        factor = _scale(network.layers[index], profile, before)
        way = f"by {factor:.3g} to even integers" if factor < 1.0 else "to even integers"
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
        changed = variation.with_decays(network, index, v_decay=4096, i_decay=None)
        if set(neuron_kinds(changed.layers[index]).tolist()) == {"memoryless"}:
            yield f"train {name!r} with memoryless neurons", changed
    if resource == "synaptic_delay" and limits.synaptic_delay and isinstance(layer, DenseLayer):
        value = limits.synaptic_delay.value
        delay = np.minimum(layer.delay, value)  # type: ignore[arg-type]
        yield (
            f"shorten delays of {name!r} to {value} steps",
            variation.with_layer(network, index, replace(layer, delay=delay)),
        )


def _scale(layer: Layer, profile: Profile, before: dict[tuple[str, str], float]) -> float:
    """Factor that brings every integer of the layer within its limit, rounding to the next even integer included."""
    factor = 1.0
    for use in layer_uses(layer, profile):
        if use.resource in SCALED and (layer.name, use.resource) in before:
            factor = min(factor, (use.limit - 1.0) / use.used)
    return factor


def _shapes(
    network: ChipNetwork, index: int, solved: Callable[[ChipNetwork | None], bool]
) -> Iterator[tuple[str, ChipNetwork]]:
    """Fewer channels here or before, more groups, a smaller kernel, a narrower network."""
    last = len(network.layers) - 1
    for at in (index, index - 1):
        if at < 0 or at == last:
            continue
        layer = network.layers[at]
        many = layer.shape[0]
        found = _most(many - 1, partial(variation.keep_channels, network, at), solved)
        if found is not None:
            what = "neurons" if isinstance(layer, DenseLayer) else "channels"
            yield f"{found[0]} {what} instead of {many} in {layer.name!r}", found[1]
    layer = network.layers[index]
    if isinstance(layer, ConvLayer):
        for groups in range(2, layer.shape[0] + 1):
            changed = variation.more_groups(network, index, groups)
            if changed is not None and solved(changed):
                yield f"{groups} groups in {layer.name!r}", changed
                break
        changed = variation.smaller_kernel(network, index)
        while changed is not None:
            if solved(changed):
                size = "x".join(str(k) for k in changed.layers[index].weight.shape[2:])  # type: ignore[union-attr]
                yield f"a {size} kernel in {layer.name!r}", changed
                break
            changed = variation.smaller_kernel(changed, index)
    yield from _narrower(network, solved)


def _narrower(network: ChipNetwork, solved: Callable[[ChipNetwork | None], bool]) -> Iterator[tuple[str, ChipNetwork]]:
    found = _most(63, lambda n: variation.narrower(network, n / 64), solved)
    if found is not None:
        yield f"{found[0] / 64:.0%} of the width in every layer", found[1]


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
    for sentence, changed in _narrower(network, solved):
        yield sentence, changed, profile


def _most(
    largest: int, change: Callable[[int], ChipNetwork | None], solved: Callable[[ChipNetwork | None], bool]
) -> tuple[int, ChipNetwork] | None:
    """The largest n of 1..largest whose change solves, by bisection (what fits with n nearly always fits with less)."""
    low, high, best = 1, largest, None
    while low <= high:
        middle = (low + high) // 2
        changed = change(middle)
        if changed is not None and solved(changed):
            best, low = (middle, changed), middle + 1
        else:
            high = middle - 1
    return best
