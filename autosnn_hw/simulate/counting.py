"""Spike trains to `Activity`: the one place that counts, for every backend. Numpy only.

A synaptic operation is one spike meeting one non-zero stored weight (what Loihi 2's counter counts); `synops_dense` counts
every tap of a kernel that falls on a neuron. Operations are counted at the layer where they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.connectivity import fan_out
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, Role
from autosnn_hw.simulate.stimulus import Stimulus

_ROWS_AT_ONCE = 1 << 22  # spikes converted to float64 at a time


@dataclass(frozen=True, eq=False)
class Fan:
    """Synapses that one spike of each neuron of a layer meets in the next: float64 (neurons, 2), non-zero and all taps."""

    synapses: np.ndarray


class LayerSums(NamedTuple):
    """Counts of one layer's spikes, of some samples.

    Args:
        spikes: int64 (3, samples, steps), by `Role`.
        sent: int64 (2, samples, steps): operations its spikes cause in the next layer, non-zero weights and all taps.
        neuron_spikes: int64, the layer's shape.
        active: int64 (samples, steps), or None where not known.
    """

    spikes: np.ndarray
    sent: np.ndarray
    neuron_spikes: np.ndarray
    active: np.ndarray | None = None


_FANS: WeakKeyDictionary[ChipNetwork, tuple[Fan, ...]] = WeakKeyDictionary()


def fans(network: ChipNetwork) -> tuple[Fan, ...]:
    """`Fan` of each layer of `network.layers` (the input layer too; the last layer's is zero)."""
    if network not in _FANS:
        result = []
        for source, layer in zip(network.layers, network.layers[1:]):
            assert isinstance(layer, ConvLayer | DenseLayer)
            both = [fan_out(layer, source.shape, zero_weights=zero).reshape(-1) for zero in (False, True)]
            result.append(Fan(np.stack(both, axis=1).astype(np.float64)))
        result.append(Fan(np.zeros((int(np.prod(network.layers[-1].shape)), 2))))
        _FANS[network] = tuple(result)
    return _FANS[network]


def channel_roles(layer: Any) -> np.ndarray:
    """uint8 (C,): the role of each channel; layers fill it in when they are made."""
    roles: np.ndarray = layer.roles
    return roles


def neuron_roles(layer: Any) -> np.ndarray:
    """uint8 (neurons,): the role of each neuron of a layer, in C, H, W order."""
    return np.repeat(channel_roles(layer), int(np.prod(layer.shape[1:])))


def layer_sums(layer: Any, spikes: np.ndarray, fan: Fan, per_step: bool, active: np.ndarray | None = None) -> LayerSums:
    """Count one layer's spikes.

    Args:
        layer: the layer that fired.
        spikes: uint8 (N, T, *shape); anything but 0 is one spike.
        fan: its `Fan`.
        per_step: keep the steps apart; otherwise they are summed.
        active: int64 (N, T), passed through.
    """
    samples, steps = spikes.shape[:2]
    fired = (spikes != 0).reshape(samples, steps, -1)
    rows = fired.reshape(samples * steps, -1) if per_step else fired.sum(axis=1, dtype=np.int32)
    columns = count_columns(layer, fan)
    sums = np.empty((len(rows), columns.shape[1]))
    at_once = max(1, _ROWS_AT_ONCE // max(1, rows.shape[1]))
    for low in range(0, len(rows), at_once):
        sums[low : low + at_once] = rows[low : low + at_once].astype(np.float64) @ columns  # integers below 2^53: exact
    per_neuron = fired.sum(axis=(0, 1), dtype=np.int64).reshape(layer.shape)
    return as_layer_sums(sums, (samples, steps if per_step else 1), per_neuron, active)


def count_columns(layer: Any, fan: Fan) -> np.ndarray:
    """float64 (neurons, 5): what one spike of each neuron counts: own, relay, pool, operations, operations with zero weights."""
    roles = neuron_roles(layer)[:, None] == np.arange(len(Role))
    return np.concatenate([roles.astype(np.float64), fan.synapses], axis=1)


def as_layer_sums(
    sums: np.ndarray, rows: tuple[int, int], per_neuron: np.ndarray, active: np.ndarray | None
) -> LayerSums:
    """`LayerSums` of spikes (rows, neurons) times `count_columns`; rows are (samples, steps), 1 where steps were summed."""
    counted = np.rint(sums).astype(np.int64).T.reshape(sums.shape[1], *rows)
    if active is not None and rows[1] == 1:
        active = active.sum(axis=1, keepdims=True)
    return LayerSums(counted[:3], counted[3:], per_neuron, active)


def join(parts: Sequence[LayerSums]) -> LayerSums:
    """The counts of several batches of samples as one."""
    if len(parts) == 1:
        return parts[0]
    active = [part.active for part in parts]
    return LayerSums(
        np.concatenate([part.spikes for part in parts], axis=1),
        np.concatenate([part.sent for part in parts], axis=1),
        np.sum([part.neuron_spikes for part in parts], axis=0),
        None if any(a is None for a in active) else np.concatenate([a for a in active if a is not None]),
    )


def source_sums(network: ChipNetwork, stimulus: Stimulus, per_step: bool) -> LayerSums | None:
    """Counts of the frames sent into a network whose input has no neuron; a graded value is one spike where it is not 0."""
    if network.input_layer.neuron is not None:
        return None
    return layer_sums(network.input_layer, stimulus.values, fans(network)[0], per_step)


def driven(network: ChipNetwork, stimulus: Stimulus, per_step: bool) -> np.ndarray | None:
    """int64 (N, T), or (N, 1) summed over the steps: active neurons of an input that holds one value over the sample.

    A value counts as a bias, so that a neuron is active in every step or never. None for other inputs.
    """
    layer = network.input_layer
    if layer.neuron is None or stimulus.kind != "constant":
        return None
    values = stimulus.values != 0
    if layer.bias is not None:
        bias = (
            layer.bias if layer.bias.shape == layer.shape else layer.bias.reshape((-1,) + (1,) * (len(layer.shape) - 1))
        )
        values = values | (bias != 0)
    each = values.reshape(len(values), -1).sum(axis=1, dtype=np.int64)[:, None]
    return np.repeat(each, stimulus.timesteps, axis=1) if per_step else each * stimulus.timesteps


def activity(
    network: ChipNetwork,
    layers: Sequence[LayerSums],
    source: LayerSums | None,
    *,
    timesteps: int,
    outputs: np.ndarray,
    backend: Mapping[str, str],
    final_v: np.ndarray | None = None,
    host_macs: float | None = None,
    details: Mapping[str, Any] | None = None,
) -> Activity:
    """Put the counts of all layers with neurons together; the operations a layer received are those its source sent."""
    senders: list[LayerSums | None] = [source, *layers[:-1]]
    entries = []
    for layer, sums, sender in zip(network.neuron_layers, layers, senders):
        received = np.zeros((2, *sums.spikes.shape[1:]), np.int64) if sender is None else sender.sent
        entries.append(
            LayerActivity(layer.name, sums.spikes, received[0], received[1], sums.active, sums.neuron_spikes)
        )
    return Activity(
        tuple(entries),
        samples=len(outputs),
        timesteps=timesteps,
        outputs=outputs,
        final_v=final_v,
        input_spikes=None if source is None else source.neuron_spikes,
        host_macs=host_macs,
        backend=backend,
        details=details,
    )


def count(
    network: ChipNetwork,
    stimulus: Stimulus,
    spikes: Sequence[np.ndarray],
    *,
    per_step: bool = True,
    backend: Mapping[str, str],
    final_v: np.ndarray | None = None,
    host_macs: float | None = None,
    active: Sequence[np.ndarray] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Activity:
    """Count what a run did.

    Args:
        network: what ran.
        stimulus: what it was driven by.
        spikes: uint8 (N, T, *shape) of each layer with neurons, in order; a layer may be a np.memmap.
        per_step: keep the steps apart; otherwise they are summed.
        backend: {"name", "kind", "version"}.
        final_v: int64 (N, neurons of the last layer) after the last step, or None.
        host_macs: per image; None takes the stimulus's.
        active: int64 (N, T) of each layer with neurons: neurons that received a spike or have a non-zero bias or v, or None.
        details: anything else worth keeping.

    Raises:
        InputError: a spike train has the wrong shape.
    """
    wanted = network.neuron_layers
    if len(spikes) != len(wanted):
        raise InputError(f"{len(spikes)} spike trains were given; the network has {len(wanted)} layers with neurons.")
    lead = (len(stimulus.values), stimulus.timesteps)
    for layer, train in zip(wanted, spikes):
        if train.shape != lead + tuple(layer.shape):
            raise InputError(
                f"layer {layer.name!r}: spikes have shape {train.shape}; {lead + tuple(layer.shape)} is needed."
            )
    all_fans = fans(network)[-len(wanted) :]
    moving: Iterable[np.ndarray | None] = [None] * len(wanted) if active is None else active
    layers = [
        layer_sums(layer, train, fan, per_step, alive)
        for layer, train, fan, alive in zip(wanted, spikes, all_fans, moving)
    ]
    if layers[0].active is None:
        layers[0] = layers[0]._replace(active=driven(network, stimulus, per_step))
    outputs = (spikes[-1] != 0).sum(axis=1, dtype=np.int64).reshape(lead[0], -1)
    return activity(
        network,
        layers,
        source_sums(network, stimulus, per_step),
        timesteps=stimulus.timesteps,
        outputs=outputs,
        backend=backend,
        final_v=final_v,
        host_macs=stimulus.host_macs if host_macs is None else host_macs,
        details=details,
    )
