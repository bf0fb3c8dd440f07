"""`Prefix`: the first blocks of a network with what they do, and its layers and counts from the spikes of their neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosnn_hw.activity import LayerActivity
from autosnn_hw.deploy.batch_norm import DeployedUnit
from autosnn_hw.deploy.planned_layers import Unit
from autosnn_hw.deploy.relays import channel_order
from autosnn_hw.deploy.spike_train import Train
from autosnn_hw.folded import BatchNorm, FoldedConv
from autosnn_hw.network import InputLayer, Layer, Role
from autosnn_hw.network.connectivity import fan_out


@dataclass(frozen=True, eq=False)
class Found:
    """What a walk found out about some units behind a prefix: enough to have their layers and counts again without running.

    Args:
        totals: int64 (reads, C, H, W) of each unit, or (reads, neurons) of a dense one: spikes of its own neurons over all images
            and the steps of each of the trunk's reads.
        statistics: (mean, variance) of each batch norm in the order of the units, a shortcut's behind its unit's.
    """

    totals: tuple[np.ndarray, ...]
    statistics: tuple[tuple[np.ndarray, np.ndarray], ...] = ()


@dataclass(frozen=True, eq=False)
class Prefix:
    """The first blocks of a network, and what they do on the calibration images and on those that candidates are judged on.

    Args:
        layers: chip layers, the input layer first.
        activities: of those with neurons, one for each read; counts are summed over the samples (axes of length 1 where samples
            and steps are).
        totals: int64 (reads, ..), spikes of each neuron that the next block reads, over the images.
        found: of the last units that were added.
        calibration, images: what those neurons fire; None behind the readout, or where nothing was run.
        outputs: int64 (reads, N, neurons of the readout): its spikes summed over the steps; None before it.
    """

    layers: tuple[Layer, ...]
    activities: tuple[tuple[LayerActivity, ...], ...]
    totals: np.ndarray
    found: Found
    calibration: Train | None = None
    images: Train | None = None
    outputs: np.ndarray | None = None


def extended(prefix: Prefix, made: Sequence[DeployedUnit], totals: Sequence[np.ndarray]) -> Prefix:
    """A prefix with some units more, their layers and counts, from the spikes of their own neurons (`Found.totals`)."""
    layers, activities = list(prefix.layers), list(prefix.activities)
    statistics: list[tuple[np.ndarray, np.ndarray]] = []
    entered = own = sent = prefix.totals
    relayed: np.ndarray | None = None
    for unit, deployed, spikes in ((entry.unit, entry, count) for entry, count in zip(made, totals)):
        if unit.first:
            entered = own
        own = fired = spikes
        if unit.relays_out:
            relayed = _strided(relayed if unit.relays_in and relayed is not None else entered, unit)
            order = channel_order(unit.shape[0], unit.relays_out, unit.next_groups)
            fired = np.concatenate([own, relayed], axis=1)[:, order]
        activities.append(counted(deployed.layer, fired, sent, layers[-1]))
        layers.append(deployed.layer)
        sent = fired
        statistics += [known(norm) for norm in norms(unit)]
    return Prefix(tuple(layers), tuple(activities), own, Found(tuple(totals), tuple(statistics)))


def norms(unit: Unit) -> list[BatchNorm]:
    """Batch norms of a unit that are not folded, its shortcut's last."""
    convs = [conv for conv in (unit.conv, unit.shortcut) if isinstance(conv, FoldedConv)]
    return [conv.norm for conv in convs if conv.norm is not None]


def known(norm: BatchNorm) -> tuple[np.ndarray, np.ndarray]:
    assert norm.mean is not None and norm.var is not None
    return norm.mean, norm.var


def _strided(source: np.ndarray, unit: Unit) -> np.ndarray:
    """Spikes of relays: a relay reads the position under the centre of its layer's kernel."""
    assert unit.conv is not None
    return source[:, :, :: unit.conv.stride, :: unit.conv.stride][:, :, : unit.shape[1], : unit.shape[2]]


def held(layer: InputLayer, totals: np.ndarray, driven: int, reads: Sequence[int]) -> tuple[LayerActivity, ...]:
    """Counts, one a read, of a stem that the host drives with `driven` values that are not 0: a held value is a bias, and its
    neuron is active in every step."""
    counts = counted(layer, totals, None, None)
    return tuple(replace(one, active_neurons=np.array([[driven * steps]])) for one, steps in zip(counts, reads))


def counted(
    layer: Layer, spikes: np.ndarray, sent: np.ndarray | None, source: Layer | None
) -> tuple[LayerActivity, ...]:
    """Counts of a layer, one a read, from the spikes of each neuron (reads, ..): its own, and those of the layer before."""
    roles = np.asarray(layer.roles)
    fans: list[np.ndarray] = []
    if sent is not None and source is not None and not isinstance(layer, InputLayer):
        fans = [fan_out(layer, source.shape, zero_weights=zeros).reshape(-1) for zeros in (False, True)]
    counts = []
    for read, fired in enumerate(spikes):
        by_role = np.array([fired[roles == role].sum() for role in range(len(Role))], np.int64)
        operations = [0, 0]
        if sent is not None and fans:
            operations = [int((fan * sent[read].reshape(-1)).sum()) for fan in fans]
        synops, dense = (np.array([[n]], np.int64) for n in operations)
        own = np.ascontiguousarray(fired)
        counts.append(LayerActivity(layer.name, by_role.reshape(-1, 1, 1), synops, dense, None, own))
    return tuple(counts)
