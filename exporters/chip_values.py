"""Which integers of a network the registers of a chip cannot hold. The numbers come from the chip's profile, never from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosnn_hw.cost_report import Violation
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer

Range = tuple[int, int]


@dataclass(frozen=True)
class ValueLimits:
    """What the registers of a chip hold, as inclusive (low, high); None: no limit.

    Args:
        weight: of any weight.
        even_weight: wider range of a layer whose weights are all even (chips that keep a mixed-sign weight as 8 bits
            with an exponent).
        one_sign_weight: range of a layer whose weights are all >= 0 or all <= 0, as magnitudes.
        vth_mant, bias, v_decay, i_decay, delay: mantissas as in `ChipNetwork`.
        source: where the limits stand, for the report.
    """

    weight: Range | None = None
    even_weight: Range | None = None
    one_sign_weight: Range | None = None
    vth_mant: Range | None = None
    bias: Range | None = None
    v_decay: Range | None = None
    i_decay: Range | None = None
    delay: Range | None = None
    source: str = ""


def value_limits(profile: Any) -> ValueLimits:
    """The limits of a chip profile (`hw_profiles.Profile`: its `limits` and `weights` tables); absent ones are no limit."""

    def up_to(name: str, signed: bool = False) -> Range | None:
        limit = getattr(profile.limits, name, None)
        return None if limit is None else (-limit.value if signed else 0, limit.value)

    half = 2 ** (profile.weights.bits - 1)
    exponents = profile.weights.format == "loihi"
    return ValueLimits(
        weight=(-half, half - 1),
        even_weight=(-2 * half, 2 * (half - 1)) if exponents else None,
        one_sign_weight=(0, 2 * half - 1) if exponents else None,
        vth_mant=up_to("threshold"),
        bias=up_to("bias", signed=True),
        v_decay=up_to("v_decay"),
        i_decay=up_to("i_decay"),
        delay=up_to("synaptic_delay"),
        source=f"profile {profile.name}",
    )


def chip_violations(network: ChipNetwork, limits: ValueLimits) -> tuple[Violation, ...]:
    """The values that do not fit, at most one for each layer and kind.

    A layer's weights are judged as a whole: all within `weight`, or all even and within `even_weight`, or all of one sign
    and within `one_sign_weight`. `needed` and `limit` are magnitudes. Source: definitions of the weight ranges, docs/netx.md.
    """
    return tuple(found for layer in network.layers for found in _of(layer, limits))


def _of(layer: Layer, limits: ValueLimits) -> Iterator[Violation]:
    if isinstance(layer, ConvLayer | DenseLayer):
        yield from _weights(layer, limits)
    values: list[tuple[str, Range | None, object]] = [("bias mantissa", limits.bias, layer.bias)]
    if isinstance(layer, DenseLayer):
        values.append(("delay", limits.delay, layer.delay))
    on_host = isinstance(layer, InputLayer) and layer.host
    if layer.neuron is not None and not on_host:
        values.append(("threshold mantissa", limits.vth_mant, layer.neuron.vth_mant))
        values.append(("voltage decay", limits.v_decay, layer.neuron.v_decay))
        values.append(("current decay", limits.i_decay, layer.neuron.i_decay))
    for resource, allowed, value in values:
        if value is not None and allowed is not None:
            yield from _beyond(layer.name, resource, np.asarray(value), allowed, limits.source)


def _beyond(layer: str, resource: str, values: np.ndarray, allowed: Range, source: str) -> Iterator[Violation]:
    low, high = int(values.min()), int(values.max())
    if high > allowed[1]:
        yield Violation(layer, resource, high, allowed[1], source)
    elif low < allowed[0]:
        yield Violation(layer, f"{resource} (negative)", abs(low), abs(allowed[0]), source)


def _weights(layer: ConvLayer | DenseLayer, limits: ValueLimits) -> Iterator[Violation]:
    if limits.weight is None:
        return
    low, high = int(layer.weight.min()), int(layer.weight.max())
    if limits.weight[0] <= low and high <= limits.weight[1]:
        return
    single = limits.one_sign_weight
    if single is not None and (low >= 0 or high <= 0) and max(-low, high) <= single[1]:
        return
    wide = limits.even_weight
    even = not (layer.weight & 1).any()
    if wide is not None and even and wide[0] <= low and high <= wide[1]:
        return
    if wide is None or not even:
        resource = "weight" if wide is None else "weight of a layer that also has odd weights"
        yield from _beyond(layer.name, resource, layer.weight, limits.weight, limits.source)
    else:
        yield from _beyond(layer.name, "weight", layer.weight, wide, limits.source)
