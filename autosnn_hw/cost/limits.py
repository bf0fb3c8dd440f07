"""Limits on a layer's integers: weights, thresholds, biases, decays, kernels, neuron kinds. What does not depend on placement."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autosnn_hw.cost_report import LimitUse
from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer, SigmaDeltaNeuron
from autosnn_hw.network.chip_layers import DECAY_ONE, cuba
from autosnn_hw.network.sigma_delta import MESSAGE_BITS
from hw_profiles.constants import Limit
from hw_profiles.core_rules import Weights
from hw_profiles.schema import Profile


def layer_uses(layer: Layer, profile: Profile) -> list[LimitUse]:
    """Use of every limit on the integers of a layer; a use above its limit is a violation.

    What is not a quantity (a neuron kind, biases per image, odd weights beyond the range of odd ones) has the number of
    neurons or weights concerned as use and 0 as limit, and stands here only where it is violated. Kept with the layer.
    """
    return list(_uses(layer, profile))


@kept_with(key=lambda profile: profile.sha256)
def _uses(layer: Layer, profile: Profile) -> tuple[LimitUse, ...]:
    if isinstance(layer, InputLayer) and layer.neuron is None:
        return tuple(_value_uses(layer.payload, profile))
    if layer.neuron is None or (isinstance(layer, InputLayer) and layer.host):
        return ()
    return (*_neuron(layer, profile), *_kinds(layer, profile), *_synapses(layer, profile))


def _value_uses(payload: int, profile: Profile) -> Iterator[LimitUse]:
    """The largest value that a message carries: a chip that names no payload takes spikes alone."""
    limit = profile.limits.payload
    if limit is not None:
        yield _use("payload", payload, limit)
    elif payload > 1:
        yield LimitUse("payload", payload, 1, "value of a graded spike", "the profile names no payload", False)


def network_uses(network: ChipNetwork, profile: Profile) -> list[LimitUse]:
    """Use of the limits that no single layer has, cores excepted."""
    limit = profile.limits.timesteps
    if limit is None or network.timesteps is None:
        return []
    return [_use("timesteps", network.timesteps, limit)]


def _use(resource: str, used: float, limit: Limit) -> LimitUse:
    return LimitUse(resource, float(used), float(limit.value), limit.unit, limit.source, limit.verified)


def _each(value: int | np.ndarray, channels: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(value).reshape(-1), (channels,))


def memoryless_by_construction(layer: Layer) -> np.ndarray:
    """bool (C,): channels that never carry a voltage over, whatever v_decay says: any single input fires them, nothing
    inhibits them and nothing is added (pools and relays)."""
    channels = layer.shape[0]
    if isinstance(layer, InputLayer) or isinstance(layer.neuron, SigmaDeltaNeuron):
        return np.zeros(channels, bool)
    neuron = cuba(layer)
    found = _each(neuron.i_decay, channels) == DECAY_ONE
    if layer.bias is not None:
        found = found & (layer.bias.reshape(channels, -1) == 0).all(axis=1)
    some = np.flatnonzero(found)  # mostly few: every other channel has a bias
    weight = layer.weight.reshape(channels, -1)[some]
    threshold = _each(neuron.vth_mant, channels)[some]
    result = np.zeros(channels, bool)
    result[some] = ((weight == 0) | (weight > threshold[:, None])).all(axis=1)
    return result


def neuron_kinds(layer: Layer) -> np.ndarray:
    """Kind of each channel's neurons, "leaky", "integrate", "memoryless" or "sigma_delta": str array (C,)."""
    channels = layer.shape[0]
    if isinstance(layer.neuron, SigmaDeltaNeuron):
        return np.full(channels, "sigma_delta")
    neuron = cuba(layer)
    v, i = _each(neuron.v_decay, channels), _each(neuron.i_decay, channels)
    kinds = np.full(channels, "leaky", dtype="<U10")
    kinds[(v == 0) & (i == DECAY_ONE)] = "integrate"
    kinds[(v == DECAY_ONE) & (i == DECAY_ONE)] = "memoryless"
    kinds[memoryless_by_construction(layer)] = "memoryless"
    return kinds


def _neuron(layer: Layer, profile: Profile) -> Iterator[LimitUse]:
    neuron, limits, channels = layer.neuron, profile.limits, layer.shape[0]
    assert neuron is not None
    if limits.threshold:
        yield _use("threshold", np.max(neuron.vth_mant), limits.threshold)
    if limits.bias:
        yield _use("bias", 0 if layer.bias is None else np.abs(layer.bias).max(), limits.bias)
    if isinstance(neuron, SigmaDeltaNeuron):
        yield from _value_uses(2 ** (MESSAGE_BITS - 1) - 1, profile)
        return
    if limits.v_decay:
        remembers = ~memoryless_by_construction(layer)
        yield _use("v_decay", _each(neuron.v_decay, channels)[remembers].max(initial=0), limits.v_decay)
    if limits.i_decay:
        yield _use("i_decay", np.max(neuron.i_decay), limits.i_decay)


def _kinds(layer: Layer, profile: Profile) -> Iterator[LimitUse]:
    rule = profile.neuron
    kinds = neuron_kinds(layer)
    per_channel = int(np.prod(layer.shape[1:]))
    for kind in sorted(set(kinds.tolist()) - set(rule.kinds)):
        concerned = int((kinds == kind).sum()) * per_channel
        resource = f"neuron kind {kind} (allowed: {', '.join(rule.kinds)})"
        yield LimitUse(resource, concerned, 0, "neurons", rule.source, rule.verified)
    if isinstance(layer, InputLayer) and not rule.image_biases:
        concerned = int(np.prod(layer.shape))
        yield LimitUse("biases rewritten per image", concerned, 0, "neurons", rule.source, rule.verified)


def _synapses(layer: Layer, profile: Profile) -> Iterator[LimitUse]:
    if isinstance(layer, InputLayer):
        return
    limits = profile.limits
    yield from weight_uses(layer.weight, profile.weights)
    fan_in = int((layer.weight.reshape(layer.weight.shape[0], -1) != 0).sum(axis=1).max())
    if limits.fan_in:
        yield _use("fan_in", fan_in, limits.fan_in)
    if profile.weights.format == "crossbar" and limits.axon_types:
        rows = layer.weight.reshape(layer.weight.shape[0], -1)
        yield _use("axon_types", max(len(np.unique(row[row != 0])) for row in rows), limits.axon_types)
    if isinstance(layer, ConvLayer) and limits.kernel_size:
        yield _use("kernel_size", max(layer.weight.shape[2:]), limits.kernel_size)
    if isinstance(layer, DenseLayer) and limits.synaptic_delay:
        yield _use("synaptic_delay", 0 if layer.delay is None else layer.delay.max(), limits.synaptic_delay)


def weight_range(weight: np.ndarray, rule: Weights) -> tuple[int, int]:
    """Least and largest weight that a layer of this step and these signs can hold, see `weight_uses`."""
    half = 1 << (rule.bits - 1)
    if rule.format == "crossbar":
        return 1 - half, half - 1
    if weight.min() >= 0 or weight.max() <= 0:
        return 1 - 2 * half, 2 * half - 1
    return (-half, half - 1) if (weight % 2).any() else (-2 * half, 2 * half - 2)


def weight_uses(weight: np.ndarray, rule: Weights) -> Iterator[LimitUse]:
    """Use of the weight format by one layer's weights, which share one range and one step."""
    half = 1 << (rule.bits - 1)
    low, high = int(weight.min()), int(weight.max())
    unit, source = f"{rule.bits}-bit weight", rule.source
    if rule.format == "crossbar":
        yield LimitUse("weight", max(abs(low), abs(high)), half - 1, unit, source, rule.verified)
        return
    if low >= 0 or high <= 0:
        yield LimitUse("weight", max(-low, high), 2 * half - 1, unit, source, rule.verified)
        return
    # Even weights reach from -2 * half to 2 * half - 2: the negative end is counted so that one number says both.
    yield LimitUse("weight", max(high, -low - 2), 2 * half - 2, unit, source, rule.verified)
    odd = int((weight % 2 != 0).sum())
    if odd and (low < -half or high >= half):
        resource = f"odd weights in a layer beyond [{-half}, {half - 1}], where only even ones exist"
        yield LimitUse(resource, odd, 0, "weights", source, rule.verified)


def limit_of(resource: str, layer_is_dense: bool, profile: Profile) -> Limit | None:
    """The `Limit` of a placement resource, or None where the profile has none."""
    if resource == "synapse_memory":
        memory = profile.memory.dense if layer_is_dense else profile.memory.conv
        return memory.words if memory else None
    limit: Limit | None = getattr(profile.limits, resource)
    return limit
