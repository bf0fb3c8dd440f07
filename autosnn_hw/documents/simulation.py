"""The `simulate --json` document: one shape whoever measured (exact simulator, Lava, a board)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from autosnn_hw import __version__
from autosnn_hw.activity import Activity, LayerActivity, spike_totals
from autosnn_hw.cost_report import CoreCost, CostReport, FitReport, Influence, Interval, LayerCost
from autosnn_hw.documents.accuracy import confusion, wilson
from autosnn_hw.documents.fit import violations
from autosnn_hw.documents.layer_words import kind_of, role_of
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, Layer, Role
from autosnn_hw.network.connectivity import fan_out
from autosnn_hw.network.sigma_delta import OUTPUT_SCALE

STATE_BYTES = 3  # u and v are 24-bit
BIAS_BYTES = 2  # 13-bit mantissa


def _mean(counts: np.ndarray | None, samples: int) -> float | None:
    return None if counts is None else float(counts.sum()) / samples


def _total(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else interval.to_json()


def _layer(
    layer: Layer, counts: LayerActivity | None, cost: LayerCost | None, network: ChipNetwork, samples: int
) -> dict[str, Any]:
    spikes = None if counts is None else float(counts.spikes.sum()) / samples
    relay = None if counts is None else float(counts.spikes[Role.RELAY].sum()) / samples
    return {
        "name": layer.name,
        "role": role_of(layer, network),
        "kind": kind_of(layer),
        "block": layer.block,
        "shape": list(layer.shape),
        "neurons": int(np.prod(layer.shape)) if layer.neuron is not None else 0,
        "spikes": spikes,
        "relay_spikes": relay,
        "synops": None if counts is None else _mean(counts.synops, samples),
        "synops_dense": None if counts is None else _mean(counts.synops_dense, samples),
        "active_neurons": None if counts is None else _mean(counts.active_neurons, samples),
        "neuron_updates": None if cost is None else cost.neuron_updates,
        "neuron_active": None if cost is None else cost.neuron_active,
        "messages": None if cost is None else cost.messages,
        "energy": None if cost is None else _interval(cost.energy),
        "energy_parts": {} if cost is None else {name: part.to_json() for name, part in cost.energy_parts.items()},
        "cores": None if cost is None else cost.cores,
    }


def _core(core: CoreCost) -> dict[str, Any]:
    return {**asdict(core), "time": core.time.to_json(), "utilisation": dict(core.utilisation)}


def _influence(one: Influence) -> dict[str, Any]:
    """A constant with its interval in its own unit, and the energy with it alone at value, low and high, in J."""
    known = ("value", "low", "high", "unit", "kind", "source")
    return {
        "name": one.name,
        **{key: getattr(one.constant, key) for key in known},
        "energy": one.energy.to_json(),
    }


def measured_by_board(activity: Activity) -> dict[str, Any] | None:
    """What a board's profilers say of the run, beside the model's figures; None where no board measured.

    Power in W by rail of the whole board, all its chips; energies in J per inference (mean power x time per step x
    timesteps); core_counters per step, in the order in which the board names its cores.
    """
    board = (activity.details or {}).get("board")
    if board is None:
        return None
    power, seconds = board["power_watts"], board["seconds_per_step"] * activity.timesteps
    counters = activity.core_counters or {}
    return {
        "boundary": "power rails of the whole board, all its chips, without its host",
        "steps": board["steps"],
        "power": dict(power),
        "time_per_step": board["seconds_per_step"],
        "energy_total": power["total_power"] * seconds,
        "energy_dynamic": (power["total_power"] - power["static_total_power"]) * seconds,
        "energy_static": power["static_total_power"] * seconds,
        "core_counters": {
            name: np.asarray(values).tolist() if name == "core_idx" else (np.asarray(values) / board["steps"]).tolist()
            for name, values in counters.items()
        },
    }


def neurobench(network: ChipNetwork, activity: Activity) -> dict[str, Any]:
    """The static and workload metrics that NeuroBench names [Yik et al. 2025], for the integer network.

    A sigma-delta network's messages carry values: its operations are multiply-accumulates.

    footprint: bytes of 8-bit weights, 16-bit biases and 24-bit u and v of every neuron.
    """
    weighted = [layer for layer in network.layers if isinstance(layer, ConvLayer | DenseLayer)]
    weights = sum(layer.weight.size for layer in weighted)
    zeros = sum(int((layer.weight == 0).sum()) for layer in weighted)
    neurons = sum(int(np.prod(layer.shape)) for layer in network.neuron_layers)
    biases = sum(layer.bias.size for layer in network.neuron_layers if layer.bias is not None)
    spikes = sum(int(layer.spikes.sum()) for layer in activity.layers)
    received = _total([_mean(layer.synops, activity.samples) for layer in activity.layers])
    dense = (
        sum(
            int(fan_out(layer, source.shape, zero_weights=True).sum())
            for source, layer in zip(network.layers, weighted)
        )
        * activity.timesteps
    )
    return {
        "footprint": weights + BIAS_BYTES * biases + 2 * STATE_BYTES * neurons,
        "connection_sparsity": zeros / weights,
        "activation_sparsity": 1 - spikes / (neurons * activity.timesteps * activity.samples),
        "synaptic_operations": {
            "effective_acs": 0.0 if network.sigma_delta else received,
            "effective_macs": received if network.sigma_delta else activity.host_macs,
            "dense": float(dense),
        },
    }


def is_part(network: ChipNetwork) -> bool:
    """Whether the last entries of its file were left out (`netx.read`): what its last layer gives are no votes."""
    return bool(network.provenance.get("part"))


def simulation_document(
    network: ChipNetwork,
    activity: Activity,
    cost: CostReport,
    fit: FitReport,
    *,
    file: str | None,
    file_sha256: str | None,
    dataset: str,
    split: str,
    labels: np.ndarray | None,
    with_predictions: bool = False,
    health: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """JSON-able document of one run of a network and its price (shared reference: interface, `simulate FILE --json`).

    Args:
        fit: whether the target can hold the network: what it cannot hold is priced all the same, with the violations beside.
        labels: int64 (samples,), or None where the data has none; not looked at for a part of a network, which has no classes.
        health: findings of the doctor for nets.
    """
    samples, part = activity.samples, is_part(network)
    labels = None if part else labels
    predictions = activity.predictions(network.readout)
    counts = {layer.name: layer for layer in activity.layers}
    costs = {layer.name: layer for layer in cost.layers}
    layers = [
        _layer(layer, counts.get(layer.name), costs.get(layer.name), network, samples) for layer in network.layers
    ]
    document: dict[str, Any] = {
        "tool": {"name": "autosnn-hw", "version": __version__},
        "backend": dict(activity.backend or {}),
        "target": {"name": cost.target, "sha256": cost.profile_sha256},
        "fits": fit.fits,
        "violations": violations(fit),
        "network": {
            "file": file,
            "sha256": file_sha256,
            "timesteps": activity.timesteps,
            "layers": len(network.neuron_layers),
            "architecture": network.architecture,
            **{key: network.provenance.get(key) for key in ("name", "space")},
            "part": part,
        },
        "dataset": {"name": dataset, "split": split, "samples": samples},
        "accuracy": wilson(0, 0) if labels is None else wilson(int((predictions == labels).sum()), samples),
        "confusion": None
        if labels is None
        else confusion(labels, predictions, 0 if network.readout is None else network.readout.classes),
        "spikes": spike_totals(activity, network),
        "synops": _total([_mean(layer.synops, samples) for layer in activity.layers]),
        "synops_dense": _total([_mean(layer.synops_dense, samples) for layer in activity.layers]),
        "neuron_updates": cost.neuron_updates,
        "neuron_active": cost.neuron_active,
        "messages": cost.messages,
        "host_macs": activity.host_macs,
        "energy": {
            "total": _interval(cost.energy_total),
            "dynamic": _interval(cost.energy_dynamic),
            "static": _interval(cost.energy_static),
            "host": _interval(cost.energy_host),
            "fitness": _interval(cost.fitness_energy),
            "assumed_share": cost.assumed_share,
        },
        "latency": _interval(cost.latency),
        "time_per_step": _interval(cost.time_per_step),
        "throughput": _interval(cost.throughput),
        "edp": _interval(cost.edp),
        "cores": {"used": cost.cores_used, "available": cost.cores_available, "chips": cost.chips},
        "layers": layers,
        "per_core": [_core(core) for core in cost.cores],
        "measured": measured_by_board(activity),
        "not_counted": list(cost.not_counted),
        "estimates": dict(cost.estimates),
        "constants": [_influence(one) for one in cost.constants],
        "neurobench": neurobench(network, activity),
        "health": [dict(finding) for finding in health],
    }
    if activity.values is not None:
        document["outputs"] = {"scale": OUTPUT_SCALE, "values": (activity.values / OUTPUT_SCALE).tolist()}
    if with_predictions:
        document["predictions"] = None if part else predictions.tolist()
    return document


def health_sentence(finding: Mapping[str, Any] | str) -> str:
    """A finding of the doctor for nets as one sentence."""
    if isinstance(finding, str):
        return finding
    text = finding.get("sentence") or finding.get("message")
    if text:
        return str(text)
    return ", ".join(f"{name} {value}" for name, value in finding.items())
