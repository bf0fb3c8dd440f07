"""A doctor for networks: layers that never or always fire, biases and weights at their limit, currents that could wrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, Layer

WRAP = 2**23  # u is a signed 24-bit number (docs/simulator.md)
SHIFT = 64  # weights and biases enter u and v times 2^6
NOTABLE = 0.01  # share of a layer's values at their limit that is worth a sentence


@dataclass(frozen=True)
class Finding:
    """Something about one layer that its owner should look at.

    Args:
        layer: its name.
        kind: "never fires", "always fires", "bias at its limit", "weights at their limit" or "u could wrap".
        count, share: how many of the layer's neurons or values, and which part of them.
        sentence: what was found, in words.
    """

    layer: str
    kind: str
    count: int
    share: float
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def findings(network: ChipNetwork, activity: Activity, *, bias_limit: int | None = None) -> list[Finding]:
    """What is unusual in a run of a network, layer by layer.

    Args:
        bias_limit: largest absolute bias mantissa of the target, or None where it has none.
    """
    found: list[Finding] = []
    examine: tuple[Callable[[Layer, LayerActivity, int], Finding | None], ...] = (_silent, _saturated)
    runs = activity.samples * activity.timesteps
    for layer, counts in zip(network.neuron_layers, activity.layers):
        found += [finding for look in examine if (finding := look(layer, counts, runs)) is not None]
        found += [
            finding for finding in (_biases(layer, bias_limit), _weights(layer), _wrap(layer)) if finding is not None
        ]
    return found


def _silent(layer: Layer, counts: LayerActivity, runs: int) -> Finding | None:
    if counts.spikes.sum() or runs == 0:
        return None
    neurons = int(np.prod(layer.shape))
    return Finding(
        layer.name,
        "never fires",
        neurons,
        1.0,
        f"layer {layer.name!r} never fired: none of its {neurons} neurons in {runs} steps; what is behind it sees nothing.",
    )


def _saturated(layer: Layer, counts: LayerActivity, runs: int) -> Finding | None:
    if counts.neuron_spikes is None or runs == 0:
        return None
    always = int((counts.neuron_spikes == runs).sum())
    share = always / counts.neuron_spikes.size
    if share < NOTABLE:
        return None
    return Finding(
        layer.name,
        "always fires",
        always,
        share,
        f"layer {layer.name!r}: {always} neurons ({share:.0%}) fired in every step; they say nothing and cost energy.",
    )


def _biases(layer: Layer, limit: int | None) -> Finding | None:
    if layer.bias is None or limit is None:
        return None
    at_limit = int((np.abs(layer.bias) >= limit).sum())
    if not at_limit:
        return None
    return Finding(
        layer.name,
        "bias at its limit",
        at_limit,
        at_limit / layer.bias.size,
        f"layer {layer.name!r}: {at_limit} biases are at or beyond the limit of {limit}; they may have been clipped.",
    )


def _weights(layer: Layer) -> Finding | None:
    """Many weights at one extreme value speak of clipping; relay and pool kernels, all of one weight, do not count."""
    if not isinstance(layer, ConvLayer | DenseLayer):
        return None
    assert layer.roles is not None
    weight = np.abs(layer.weight[layer.roles == 0])
    used = weight[weight > 0]
    if used.size == 0 or len(np.unique(used)) < 8:  # ternary and hand-made kernels hold few values on purpose
        return None
    at_limit = int((used == used.max()).sum())
    share = at_limit / used.size
    if share < NOTABLE or at_limit < 8:
        return None
    return Finding(
        layer.name,
        "weights at their limit",
        at_limit,
        share,
        f"layer {layer.name!r}: {at_limit} weights ({share:.0%}) have the largest value {int(used.max())}; they may have been clipped.",
    )


def _wrap(layer: Layer) -> Finding | None:
    """Neurons whose u could pass 24 bits if all their inputs fired at once, and kept firing where u decays slowly."""
    if not isinstance(layer, ConvLayer | DenseLayer):
        return None
    drive = np.abs(layer.weight).reshape(len(layer.weight), -1).sum(axis=1).astype(float) * SHIFT
    decay = np.maximum(np.asarray(layer.neuron.i_decay, float), 1.0) / 4096
    wrapping = int((drive / decay > WRAP).sum())
    if not wrapping:
        return None
    return Finding(
        layer.name,
        "u could wrap",
        wrapping,
        wrapping / len(drive),
        f"layer {layer.name!r}: u of {wrapping} channels could pass 24 bits and wrap if all inputs fired; the simulators wrap as Lava does.",
    )
