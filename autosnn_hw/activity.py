"""`Activity`: what happened when a network ran, by whoever measured it (exact simulator, Lava, a board).

Every field beyond the counts is optional, and None means unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosnn_hw.network import ChipNetwork, Readout, Role


@dataclass(frozen=True, eq=False)
class LayerActivity:
    """Counts of one layer that has neurons.

    Args:
        name: the layer's name.
        spikes: int64 (3, samples, steps): spikes of own, relay and pool channels (`Role`); steps is the number of
            timesteps, or 1 where only totals over the run are known.
        synops: int64 (samples, steps) operations that arrived at this layer: one spike meeting one non-zero weight.
            0 for the input layer, which has no synapses.
        synops_dense: the same counting every tap of a kernel that falls on a neuron, zero weights too.
        active_neurons: int64 (samples, steps): neurons that received a spike, or have a non-zero bias or v, in the step.
        neuron_spikes: int64, the layer's shape: spikes of each neuron summed over all samples and steps.
    """

    name: str
    spikes: np.ndarray
    synops: np.ndarray | None = None
    synops_dense: np.ndarray | None = None
    active_neurons: np.ndarray | None = None
    neuron_spikes: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Activity:
    """What a run of `samples` samples of `timesteps` steps each did.

    Args:
        layers: one entry for each layer with neurons, in order (`ChipNetwork.neuron_layers`).
        outputs: int64 (samples, neurons of the last layer): its spikes summed over the run.
        final_v: int64 (samples, neurons of the last layer): its v after the last step; None where not known.
        input_spikes: int64, the input's shape: frames that were sent in by a network whose input has no neuron, summed
            over samples and steps; None otherwise.
        host_macs: multiply-accumulates of the host's stem convolution, per inference (once per image, not per step).
        values_written: by the host into the input's neurons, per inference: each neuron's once where it is held over the sample,
            in every step where frames are sent into them; None where the input has no neurons, or it is not known.
        backend: {"name", "kind", "version"}; kind is "simulator" or "silicon".
        values: int32 (samples, steps, neurons of the last layer), of a sigma-delta network alone: what the last layer computed in
            each step; `sigma_delta.OUTPUT_SCALE` of it stand for 1.0 of the trained network.
        core_counters: counters per core where a board gives only those; None otherwise.
        details: anything else worth keeping (paths each layer took, warnings), JSON-able.
    """

    layers: tuple[LayerActivity, ...]
    samples: int
    timesteps: int
    outputs: np.ndarray
    final_v: np.ndarray | None = None
    input_spikes: np.ndarray | None = None
    host_macs: float | None = None
    values_written: int | None = None
    values: np.ndarray | None = None
    backend: Mapping[str, str] | None = None
    core_counters: Mapping[str, np.ndarray] | None = None
    details: Mapping[str, Any] | None = None

    def votes(self, readout: Readout | None) -> np.ndarray:
        """int64 (samples, classes): what the classes are compared by (summed votes, or the final v of an accumulating readout)."""
        values = self.outputs
        if readout is None:
            return values if self.values is None else self.values[:, -1]
        if readout.accumulates:
            if self.final_v is None:
                raise ValueError(
                    "an accumulating readout is read off its final v, which this measurement does not hold"
                )
            values = self.final_v
        return values.reshape(len(values), readout.classes, readout.voters).sum(axis=2)

    def predictions(self, readout: Readout | None) -> np.ndarray:
        """int64 (samples,): argmax of the summed votes, ties to the lowest class."""
        return self.votes(readout).argmax(axis=1)


def spike_totals(activity: Activity, network: ChipNetwork | None = None) -> dict[str, float]:
    """Mean spikes per inference: chip = every spike, paper = chip - relay, own = chip - relay - pool (definitions).

    With `network`, the spikes of a stem neuron on the host are counted as AutoSNN counts the stem, and named beside as `host`.
    """
    by_role = np.zeros(3)
    host = 0.0
    for index, layer in enumerate(activity.layers):
        totals = layer.spikes.sum(axis=(1, 2)) / activity.samples
        by_role += totals
        if network is not None and index == 0 and network.input_layer.neuron is not None and network.input_layer.host:
            host = float(totals.sum())
    chip = float(by_role.sum())
    relay, pool = float(by_role[Role.RELAY]), float(by_role[Role.POOL])
    totals_json = {"paper": chip - relay, "chip": chip, "own": chip - relay - pool, "relay": relay, "pool": pool}
    if host:
        totals_json["host"] = host
    return totals_json
