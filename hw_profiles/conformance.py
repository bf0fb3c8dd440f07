"""What a profile must do to be a usable target: a suite that a third party runs on a chip of its own (docs/profiles.md).

import autosnn_hw.cost
from hw_profiles import conformance

def test_my_chip():
    assert conformance.problems("mychip.toml", autosnn_hw.cost) == []
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.errors import AutosnnError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.network.chip_layers import cuba
from hw_profiles.loader import load
from hw_profiles.schema import Profile

INTERVALS = ("energy_total", "energy_dynamic", "energy_static", "time_per_step", "latency", "throughput", "edp")
TIMESTEPS = 4


def problems(target: str | Path | Profile, cost: Any) -> list[str]:
    """Run the suite.

    Args:
        target: a profile, its name or its path.
        cost: the module `autosnn_hw.cost` (profiles do not import the cost model themselves).

    Returns:
        one sentence a problem; empty for a profile that conforms.
    """
    try:
        profile = load(target)
    except AutosnnError as error:
        return [str(error)]
    return [*_provenance(profile), *_small_network(profile, cost), *_limits_hold(profile, cost)]


def probe_network(profile: Profile, inputs: int = 12, outputs: int = 6) -> ChipNetwork:
    """A small network of weights 1 and -1 and neurons of a kind that the profile allows."""
    decay = {"integrate": 0, "leaky": 1024}.get(sorted(profile.neuron.kinds)[0], 4096)
    weight = np.where(np.add.outer(np.arange(outputs), np.arange(inputs)) % 3 == 0, -1, 1)
    neuron = CubaNeuron(0, decay)
    stem = InputLayer("in", (inputs,), neuron, host=not profile.neuron.image_biases)
    if decay == 4096 and profile.limits.v_decay and profile.limits.v_decay.value < 4096:
        stem = InputLayer("in", (inputs,))
        weight = np.abs(weight)
    return ChipNetwork((stem, DenseLayer("out", (outputs,), weight, neuron)), timesteps=TIMESTEPS)


def probe_activity(network: ChipNetwork, spikes: int) -> Activity:
    """`spikes` spikes of every neuron over one sample."""
    layers = []
    for layer in network.neuron_layers:
        each = np.full(layer.shape, spikes, np.int64)
        table = np.zeros((3, 1, 1), np.int64)
        table[0] = each.sum()
        layers.append(LayerActivity(layer.name, table, neuron_spikes=each))
    frames = None if network.layers[0].neuron is not None else np.full(network.layers[0].shape, spikes, np.int64)
    return Activity(tuple(layers), 1, TIMESTEPS, np.zeros((1, 1)), input_spikes=frames)


def _provenance(profile: Profile) -> Iterator[str]:
    for name, constant in profile.constants.items():
        if len(constant.source) < 8:
            yield f"{name}: the source {constant.source!r} is too short to be found again."
        if constant.kind == "estimated" and constant.low == constant.high:
            yield f"{name} is estimated and has no interval."
    for name, limit in profile.limits:
        if limit is not None and len(limit.source) < 8:
            yield f"limits.{name}: the source {limit.source!r} is too short to be found again."


def _small_network(profile: Profile, cost: Any) -> Iterator[str]:
    network = probe_network(profile)
    fit = cost.check(network, profile)
    if not fit.fits:
        first = fit.violations[0]
        yield f"a network of 18 neurons does not fit: {first.layer}, {first.resource} {first.needed:g} > {first.limit:g}."
        return
    few, many = (cost.price(network, probe_activity(network, spikes), profile) for spikes in (1, 3))
    for name in INTERVALS:
        interval = getattr(few, name)
        if not 0 <= interval.low <= interval.value <= interval.high < math.inf:
            yield f"{name} is {interval.low:g} <= {interval.value:g} <= {interval.high:g}, which is no interval."
    if not many.energy_dynamic.value > few.energy_dynamic.value:
        yield f"three times the spikes cost {many.energy_dynamic.value:g} J against {few.energy_dynamic.value:g} J."
    if not math.isclose(few.energy_total.value, few.energy_dynamic.value + few.energy_static.value):
        yield "energy_total is not dynamic + static."
    if not 0 <= few.assumed_share <= 1:
        yield f"assumed_share is {few.assumed_share:g}."
    if profile.boundary not in " ".join(few.not_counted):
        yield "the boundary is not named in not_counted."


def _limits_hold(profile: Profile, cost: Any) -> Iterator[str]:
    """What breaks a limit by one must be refused, with that limit."""
    base = probe_network(profile)
    neuron = cuba(base.layers[1])
    limits = profile.limits
    cases: list[tuple[str, ChipNetwork]] = []
    if limits.threshold:
        cases.append(("threshold", _with(base, neuron=CubaNeuron(limits.threshold.value + 1, neuron.v_decay))))
    if limits.bias:
        cases.append(("bias", _with(base, bias=np.full(base.layers[1].shape, limits.bias.value + 1))))
    if limits.timesteps:
        cases.append(("timesteps", ChipNetwork(base.layers, timesteps=limits.timesteps.value + 1)))
    cases.append(("weight", _with(base, weight=np.array([[1 << (profile.weights.bits + 1), -2] * 6] * 6))))
    for resource, network in cases:
        found = [violation.resource for violation in cost.check(network, profile, remedies=False).violations]
        if resource not in found:
            yield f"a {resource} above its limit is not refused (violations: {', '.join(found) or 'none'})."


def _with(network: ChipNetwork, **changes: Any) -> ChipNetwork:
    layer = network.layers[1]
    assert isinstance(layer, DenseLayer)
    kept: dict[str, Any] = {"weight": layer.weight, "neuron": layer.neuron, "bias": layer.bias} | changes
    return ChipNetwork((network.layers[0], DenseLayer("out", layer.shape, **kept)), timesteps=TIMESTEPS)
