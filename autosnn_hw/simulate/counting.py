"""Spike trains to `Activity`: the one place that counts, for every backend. Numpy only.

A synaptic operation is one spike meeting one non-zero stored weight (what Loihi 2's counter counts); `synops_dense` counts
every tap of a kernel that falls on a neuron. Operations are counted at the layer where they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.errors import InputError
from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, Role
from autosnn_hw.network.chip_layers import per_neuron
from autosnn_hw.network.connectivity import fan_out
from autosnn_hw.simulate.stimulus import Stimulus

_ROWS_AT_ONCE = 1 << 22  # spikes converted to float64 at a time
_SUMMED = np.zeros((), np.int64)  # instead of spikes of each neuron that were added up already


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


class BatchCounts(NamedTuple):
    """What a batch of samples did.

    Args:
        layers: of each layer with neurons, in order.
        source: of the frames sent into an input without neurons, else None.
        outputs: int64 (samples, neurons of the last layer) spikes; final_v: its v after the last step, or None.
        timesteps: T.
        host_macs: of the host's stem per image, None without an encoder.
        values_written: as in `Activity`.
        values: int32 (samples, steps, neurons of the last layer) of a sigma-delta network, else None.
    """

    layers: Sequence[LayerSums]
    source: LayerSums | None
    outputs: np.ndarray
    final_v: np.ndarray | None
    timesteps: int
    host_macs: float | None
    values_written: int | None = None
    values: np.ndarray | None = None


class Counter:
    """Adds up batches of samples into one `Activity`, whoever measured them.

    Spikes of each neuron are summed at once, so that memory does not grow with neurons x samples.

    Args:
        network: what runs.
        backend: {"name", "kind", "version"} of who measures.
    """

    def __init__(self, network: ChipNetwork, backend: Mapping[str, str]) -> None:
        self._network, self._backend = network, backend
        self._batches: list[BatchCounts] = []
        self._neuron_spikes: list[np.ndarray] = []  # of each layer with neurons
        self._input_spikes: np.ndarray | None = None

    def add(self, batch: BatchCounts) -> None:
        """Add the next samples."""
        new = [sums.neuron_spikes for sums in batch.layers]
        before = self._neuron_spikes
        self._neuron_spikes = [old + more for old, more in zip(before, new)] if before else new
        source = batch.source
        if source is not None:
            known = self._input_spikes
            self._input_spikes = source.neuron_spikes if known is None else known + source.neuron_spikes
            source = source._replace(neuron_spikes=_SUMMED)
        layers = [sums._replace(neuron_spikes=_SUMMED) for sums in batch.layers]
        self._batches.append(batch._replace(layers=layers, source=source))

    def activity(self, details: Mapping[str, Any] | None = None) -> Activity:
        """All that was added; the operations that a layer received are those that its source sent.

        Args:
            details: anything else worth keeping.
        """
        first = self._batches[0]
        layers = [_joined([batch.layers[i] for batch in self._batches]) for i in range(len(first.layers))]
        sources = [batch.source for batch in self._batches if batch.source is not None]
        senders = [_joined(sources) if sources else None, *layers[:-1]]
        entries = []
        for layer, sums, sender, fired in zip(self._network.neuron_layers, layers, senders, self._neuron_spikes):
            received = np.zeros((2, *sums.spikes.shape[1:]), np.int64) if sender is None else sender.sent
            entries.append(LayerActivity(layer.name, sums.spikes, received[0], received[1], sums.active, fired))
        outputs = np.concatenate([batch.outputs for batch in self._batches])
        final_v = [batch.final_v for batch in self._batches if batch.final_v is not None]
        return Activity(
            tuple(entries),
            samples=len(outputs),
            timesteps=first.timesteps,
            outputs=outputs,
            final_v=np.concatenate(final_v) if final_v else None,
            input_spikes=self._input_spikes,
            host_macs=first.host_macs,
            values_written=first.values_written,
            values=None if first.values is None else np.concatenate([batch.values for batch in self._batches]),
            backend=self._backend,
            details=details,
        )


def _joined(parts: Sequence[LayerSums]) -> LayerSums:
    """The counts of several batches as one, but for the spikes of each neuron."""
    if len(parts) == 1:
        return parts[0]
    active = [part.active for part in parts if part.active is not None]
    return LayerSums(
        np.concatenate([part.spikes for part in parts], axis=1),
        np.concatenate([part.sent for part in parts], axis=1),
        _SUMMED,
        np.concatenate(active) if len(active) == len(parts) else None,
    )


@kept_with()
def fans(network: ChipNetwork) -> tuple[np.ndarray, ...]:
    """Synapses that one spike of each neuron meets in the next layer: float64 (neurons, 2), non-zero ones and all taps.

    One for each layer of `network.layers`, the input layer too; the last layer's is zero.
    """
    result = []
    for source, layer in zip(network.layers, network.layers[1:]):
        assert isinstance(layer, ConvLayer | DenseLayer)
        both = [fan_out(layer, source.shape, zero_weights=zero).reshape(-1) for zero in (False, True)]
        result.append(np.stack(both, axis=1).astype(np.float64))
    return (*result, np.zeros((int(np.prod(network.layers[-1].shape)), 2)))


def neuron_roles(layer: Any) -> np.ndarray:
    """uint8 (neurons,): the role of each neuron of a layer, in C, H, W order."""
    return np.repeat(layer.roles, int(np.prod(layer.shape[1:])))


def layer_sums(
    layer: Any, spikes: np.ndarray, fan: np.ndarray, per_step: bool, active: np.ndarray | None = None
) -> LayerSums:
    """Count one layer's spikes.

    Args:
        layer: the layer that fired.
        spikes: uint8 (N, T, *shape); anything but 0 is one spike.
        fan: of it, see `fans`.
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
    neuron_spikes = fired.sum(axis=(0, 1), dtype=np.int64).reshape(layer.shape)
    return as_layer_sums(sums, (samples, steps if per_step else 1), neuron_spikes, active)


def count_columns(layer: Any, fan: np.ndarray) -> np.ndarray:
    """float64 (neurons, 5): what one spike of each neuron counts: own, relay, pool, operations, operations with zero weights."""
    roles = neuron_roles(layer)[:, None] == np.arange(len(Role))
    return np.concatenate([roles.astype(np.float64), fan], axis=1)


def as_layer_sums(
    sums: np.ndarray, rows: tuple[int, int], neuron_spikes: np.ndarray, active: np.ndarray | None
) -> LayerSums:
    """`LayerSums` of spikes (rows, neurons) times `count_columns`; rows are (samples, steps), 1 where steps were summed."""
    counted = np.rint(sums).astype(np.int64).T.reshape(sums.shape[1], *rows)
    if active is not None and rows[1] == 1:
        active = active.sum(axis=1, keepdims=True)
    return LayerSums(counted[:3], counted[3:], neuron_spikes, active)


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
    if layer.neuron is None or network.sigma_delta or stimulus.kind != "constant":
        return None
    values = stimulus.values != 0
    if layer.bias is not None:
        values = values | (per_neuron(layer.bias, layer.shape) != 0)
    each = values.reshape(len(values), -1).sum(axis=1, dtype=np.int64)[:, None]
    return np.repeat(each, stimulus.timesteps, axis=1) if per_step else each * stimulus.timesteps


def batch_counts(
    network: ChipNetwork,
    stimulus: Stimulus,
    layers: Sequence[LayerSums],
    per_step: bool,
    outputs: np.ndarray,
    final_v: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> BatchCounts:
    """Counts of a batch with what the stimulus adds to them: frames sent in, and the active neurons of a held input."""
    first, *rest = layers
    if first.active is None:
        first = first._replace(active=driven(network, stimulus, per_step))
    source = source_sums(network, stimulus, per_step)
    written = None if source is not None else int(np.prod(stimulus.values.shape[1:]))
    return BatchCounts(
        [first, *rest], source, outputs, final_v, stimulus.timesteps, stimulus.host_macs, written, values
    )


def counted(
    network: ChipNetwork,
    stimulus: Stimulus,
    spikes: Sequence[np.ndarray],
    *,
    per_step: bool = True,
    final_v: np.ndarray | None = None,
    active: Sequence[np.ndarray] | None = None,
    values: np.ndarray | None = None,
) -> BatchCounts:
    """Count the spikes of a batch.

    Args:
        network: what ran.
        stimulus: what it was driven by.
        spikes: uint8 (N, T, *shape) of each layer with neurons, in order; a layer may be a np.memmap.
        per_step: keep the steps apart; otherwise they are summed.
        final_v: int64 (N, neurons of the last layer) after the last step, or None.
        active: int64 (N, T) of each layer with neurons: neurons that received a spike or have a non-zero bias or v, or None.
        values: as in `BatchCounts`.

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
    moving: Iterable[np.ndarray | None] = [None] * len(wanted) if active is None else active
    layers = [
        layer_sums(layer, train, fan, per_step, alive)
        for layer, train, fan, alive in zip(wanted, spikes, fans(network)[-len(wanted) :], moving)
    ]
    outputs = (spikes[-1] != 0).sum(axis=1, dtype=np.int64).reshape(lead[0], -1)
    return batch_counts(network, stimulus, layers, per_step, outputs, final_v, values)


def count(
    network: ChipNetwork,
    stimulus: Stimulus,
    spikes: Sequence[np.ndarray],
    *,
    per_step: bool = True,
    backend: Mapping[str, str],
    final_v: np.ndarray | None = None,
    active: Sequence[np.ndarray] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Activity:
    """`Activity` of a run in one batch: arguments and errors of `counted` and `Counter`."""
    counter = Counter(network, backend)
    counter.add(counted(network, stimulus, spikes, per_step=per_step, final_v=final_v, active=active))
    return counter.activity(details)
