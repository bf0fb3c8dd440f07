"""What in a network works badly or cannot work, layer by layer: silence, values at their limits, currents that wrap around."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.network import ChipNetwork, InputLayer
from autosnn_hw.network.sigma_delta import MESSAGE_BITS, SIGMA_BITS

_SAMPLES = 4  # whose currents are followed step by step


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Args:
        layer: its name.
        kind: "silent", "always_fires", "bias_at_limit", "weights_at_limit", "u_wraps"; of sigma-delta
            layers "message_too_wide" or "sum_too_wide".
        count: neurons, biases, weights or neuron-steps concerned; total: of how many.
        sentence: the finding in words.
    """

    layer: str
    kind: str
    count: int
    total: int
    sentence: str


def examine(
    network: ChipNetwork,
    activity: Activity,
    inputs: np.ndarray | None = None,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    bias_limit: int | None = None,
    weight_range: Callable[[np.ndarray], tuple[int, int]] | None = None,
) -> tuple[Finding, ...]:
    """Findings in the order of the layers.

    Args:
        activity: of a run of this network.
        inputs: images or frames; with them, currents that wrap around are looked for in the first few samples.
        timesteps, graded: of that run.
        bias_limit: largest bias mantissa of the target; None does not look at biases.
        weight_range: least and largest weight that the target could hold instead of a layer's; None does not look at weights.
    """
    found: list[Finding] = []
    read_by_voltage = network.readout is not None and network.readout.accumulates
    for layer, counts in zip(network.neuron_layers, activity.layers):
        if counts.neuron_spikes is not None and not (layer is network.layers[-1] and read_by_voltage):
            found += _firing(
                layer.name, counts.neuron_spikes, activity.samples * activity.timesteps, network.sigma_delta
            )
        if bias_limit is not None and layer.bias is not None:
            found += _share(
                layer.name,
                "bias_at_limit",
                np.abs(layer.bias) >= bias_limit,
                f"biases are at or beyond the limit of {bias_limit}; the layer's scale is too large for them",
            )
        if weight_range is not None and not isinstance(layer, InputLayer):
            low, high = weight_range(layer.weight)
            used = layer.weight[layer.weight != 0]
            found += _share(
                layer.name,
                "weights_at_limit",
                (used <= low) | (used >= high),
                f"non-zero weights stand at the limits {low} and {high}; they may have been clipped",
                expected=len(layer.weight),  # an identity shortcut has one in each channel, and it is the largest
            )
    if inputs is not None:
        look = _too_wide if network.sigma_delta else _wraps
        found += look(network, inputs[:_SAMPLES], timesteps, graded)
    order = {layer.name: index for index, layer in enumerate(network.layers)}
    return tuple(sorted(found, key=lambda finding: order[finding.layer]))


def _firing(name: str, spikes: np.ndarray, steps: int, values: bool) -> Iterator[Finding]:
    if not spikes.any():
        yield Finding(
            name, "silent", spikes.size, spikes.size, f"layer {name!r} never fired: nothing after it hears anything."
        )
    always = int((spikes == steps).sum())
    if always == spikes.size and not values:
        yield Finding(
            name,
            "always_fires",
            always,
            spikes.size,
            f"layer {name!r} fired everywhere in every step: it carries nothing.",
        )


def _share(name: str, kind: str, mask: np.ndarray, what: str, expected: int = 1) -> Iterator[Finding]:
    count = int(mask.sum())
    # A scale is chosen so that some value reaches its limit; more than one in a hundred is a sign of clipping.
    if count > max(expected, mask.size // 100):
        yield Finding(name, kind, count, mask.size, f"layer {name!r}: {count} of {mask.size} {what}.")


def _wraps(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, graded: bool) -> Iterator[Finding]:
    # Here and not at the top: reading an activity does not need torch.
    from autosnn_hw.simulate.exact.overflow import wrapped_currents

    for name, count, total in wrapped_currents(network, inputs, timesteps=timesteps, graded=graded):
        yield Finding(
            name,
            "u_wraps",
            count,
            total,
            f"layer {name!r}: the current left its 24 bits and wrapped around in {count} of {total} neuron-steps; smaller weights are needed.",
        )


def _too_wide(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, graded: bool) -> Iterator[Finding]:
    # Here and not at the top: see `_wraps`.
    from autosnn_hw.simulate.exact.overflow import wide_values

    for name, messages, sums, wrapped, total in wide_values(network, inputs, timesteps=timesteps, graded=graded):
        for kind, what, count, bits in (
            ("message_too_wide", "messages", messages, MESSAGE_BITS),
            ("sum_too_wide", "sums", sums, SIGMA_BITS),
        ):
            if count:
                sentence = f"layer {name!r}: {count} of {total} {what} need more than {bits} bits, which Lava simulates and a chip has not; smaller inputs or weights are needed."
                yield Finding(name, kind, count, total, sentence)
        if wrapped:
            sentence = f"layer {name!r}: a convolution's sum left its 24 bits and wrapped around in {wrapped} of {total} neuron-steps; smaller inputs or weights are needed."
            yield Finding(name, "u_wraps", wrapped, total, sentence)
