"""The cost model against SANA-FE, an independent simulator of Loihi's energy and time, on networks that both simulate."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost import place, price
from autosnn_hw.cost.placement import Placement
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.counting import count
from autosnn_hw.simulate.stimulus import stimulus
from hw_profiles import Profile, load

PEERS = Path(__file__).parent / "peers"
STEPS = 24


def networks() -> dict[str, ChipNetwork]:
    """Integrate-and-fire networks whose floating-point arithmetic in SANA-FE is exact: integers, no leak, no ties."""
    rng = np.random.default_rng(7)
    neuron = CubaNeuron(60, 0)

    def conv(name: str, source: tuple[int, int, int], out: int, k: int, stride: int = 1, groups: int = 1) -> ConvLayer:
        weight = rng.integers(-12, 20, (out, source[0] // groups, k, k))
        weight[rng.random(weight.shape) < 0.3] = 0
        size = tuple((n + 2 * (k // 2) - k) // stride + 1 for n in source[1:])
        return ConvLayer(
            name,
            (out, *size),
            weight,
            neuron,
            stride=(stride, stride),
            padding=(k // 2, k // 2),
            groups=groups,
        )

    def dense(name: str, inputs: int, out: int) -> DenseLayer:
        return DenseLayer(name, (out,), rng.integers(-12, 16, (out, inputs)), neuron)

    def stem(shape: tuple[int, int, int]) -> InputLayer:
        return InputLayer("in", shape, neuron)

    a = [stem((4, 20, 20)), conv("c1", (4, 20, 20), 12, 3), conv("c2", (12, 20, 20), 12, 3, 2), dense("out", 1200, 30)]
    b = [stem((8, 16, 16)), conv("c1", (8, 16, 16), 16, 5), conv("pool", (16, 16, 16), 16, 2, 2, 16)]
    b[-1] = ConvLayer("pool", (16, 8, 8), np.full((16, 1, 2, 2), 61), neuron, stride=(2, 2), groups=16)
    b += [conv("c2", (16, 8, 8), 24, 3), dense("out", 24 * 64, 20)]
    c = [stem((2, 24, 24)), dense("d1", 1152, 200), dense("d2", 200, 200), dense("out", 200, 10)]
    return {"convolutions": _net(a), "convolutions, groups and a pool": _net(b), "dense": _net(c)}


def _net(layers: list) -> ChipNetwork:
    return ChipNetwork(tuple(layers), timesteps=STEPS)


def compare() -> list[dict[str, Any]]:
    """One entry a network: both sides' counts, energies and times, and their ratios (ours over SANA-FE's)."""
    profile = load(PEERS / "loihi1_sanafe.toml")
    return [_compare(name, network, profile) for name, network in networks().items()]


def _compare(name: str, network: ChipNetwork, profile: Profile) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    bias = rng.integers(-5, 30, network.layers[0].shape)
    activity = _as_delivered(network, bias)
    placement = place(network, profile)
    report = price(network, activity, profile)
    theirs = _sanafe(network, bias, placement, profile)
    layers = report.layers
    parts: dict[str, float] = {}
    for layer in layers:
        for part, energy in layer.energy_parts.items():
            parts[part] = parts.get(part, 0.0) + energy.value
    ours = {
        "spikes": sum(layer.spikes for layer in layers),
        "synops": sum(layer.synops for layer in layers),
        "neuron_updates": sum(int(layer.active_neurons.sum()) for layer in activity.layers),
        "neuron_steps": report.neuron_updates,
        "messages": report.messages,
        "energy": report.energy_dynamic.value,
        "energy_parts": parts,
        "time_per_step": report.time_per_step.value,
        "cores": report.cores_used,
    }
    energy = theirs["energy"]
    other = {
        "spikes": theirs["neurons_fired"],
        "synops": theirs["spikes"],
        "neuron_updates": theirs["neurons_updated"],
        "messages": theirs["packets_sent"],
        "energy": energy["total"],
        "energy_parts": energy,
        "time_per_step": theirs["sim_time"] / STEPS,
    }
    keys = ("spikes", "synops", "neuron_updates", "messages", "energy", "time_per_step")
    return {
        "network": name,
        "ours": ours,
        "sanafe": other,
        "ratio": {key: ours[key] / other[key] if other[key] else None for key in keys},
    }


def _as_delivered(network: ChipNetwork, bias: np.ndarray) -> Activity:
    """Our run as SANA-FE's clock sees it: a spike is delivered in the next step there, so after STEPS steps layer i has done
    the first STEPS - i steps of ours. (No layer but the first has a bias, which would act while it waits.)"""
    trace = exact.trace(network, bias[None], timesteps=STEPS, states=True)
    seen, active = [], []
    for index, (layer, states) in enumerate(zip(network.layers, trace.layers)):
        spikes = states.spikes.copy()
        spikes[:, STEPS - index :] = 0
        seen.append(spikes)
        driven = _driven(layer, bias, trace.layers[index - 1].spikes[0] if index else None)
        held = np.concatenate([np.zeros((1, *layer.shape), bool), states.v[0, :-1] != 0])
        active.append((driven | held)[: STEPS - index].sum())
    given = stimulus(network, bias[None], timesteps=STEPS)
    counted = count(network, given, seen, backend={"name": "exact", "kind": "simulator", "version": "delivered"})
    layers = [
        replace(layer, active_neurons=np.array([[number]]))
        for layer, number in zip(counted.layers, active, strict=True)
    ]
    return replace(counted, layers=tuple(layers))


def _driven(layer: Layer, bias: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """bool (STEPS, *shape): neurons that have a bias or received a spike over a non-zero weight in the step."""
    if before is None:
        return np.broadcast_to(bias != 0, (STEPS, *layer.shape))
    pairs, _ = _edges(layer, before.shape[1:])
    fired = before.reshape(STEPS, -1)[:, pairs[:, 0]] > 0
    met = np.zeros((STEPS, int(np.prod(layer.shape))), bool)
    for step in range(STEPS):
        met[step, pairs[fired[step], 1]] = True
    return met.reshape(STEPS, *layer.shape)


def _sanafe(network: ChipNetwork, bias: np.ndarray, placement: Placement, profile: Profile) -> dict[str, Any]:
    arrays: dict[str, Any] = {"names": np.array([layer.name for layer in network.layers])}
    where = placement.positions
    assert where is not None
    seats = np.zeros(len(where.x), np.int64)
    taken: dict[tuple[int, int], int] = {}
    for core, tile in enumerate(zip(where.x.tolist(), where.y.tolist())):
        seats[core] = taken.get(tile, 0)
        taken[tile] = int(seats[core]) + 1
    for index, (layer, placed) in enumerate(zip(network.layers, placement.layers)):
        own = np.zeros(layer.shape, np.int64) + (0 if layer.bias is None else _spread(layer.bias, layer.shape))
        own = own + (bias if index == 0 else 0)
        core = _cores(layer.shape, placed.edges) + placed.first
        arrays |= {
            f"bias_{index}": own.reshape(-1),
            f"threshold_{index}": np.full(
                own.size, layer.neuron.vth_mant + 0.5
            ),  # v > vth on integers, however ties go
            f"leak_{index}": np.full(own.size, 1.0 - layer.neuron.v_decay / 4096),
            f"tile_{index}": where.x[core] * profile.mesh.rows + where.y[core],
            f"core_{index}": seats[core],
            f"dense_{index}": isinstance(layer, DenseLayer),
        }
        if index:
            pairs, weights = _edges(layer, network.layers[index - 1].shape)
            arrays |= {f"edges_{index}": pairs, f"weight_{index}": weights}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        np.savez(path, **arrays)
        command = [sys.executable, str(PEERS / "sanafe_worker.py"), str(path), str(STEPS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, cwd=folder)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _spread(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return values if values.shape == shape else np.broadcast_to(values.reshape(-1, *(1,) * (len(shape) - 1)), shape)


def _cores(shape: tuple[int, ...], edges: tuple[np.ndarray, ...]) -> np.ndarray:
    """Core of every neuron, within its layer, flat."""
    c, h, w = (len(axis) - 1 for axis in edges)
    index = [np.repeat(np.arange(len(axis) - 1), np.diff(axis)) for axis in edges]
    whole = (index[0][:, None, None] * h + index[1][None, :, None]) * w + index[2][None, None, :]
    assert whole.size == int(np.prod(shape)) and c * h * w == whole.max() + 1
    return whole.reshape(-1)


def _edges(layer: ConvLayer | DenseLayer, source: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Synapse by synapse, by loops of its own: nothing of the cost model's geometry is used."""
    if isinstance(layer, DenseLayer):
        post, pre = np.nonzero(layer.weight)
        return np.stack([pre, post], 1), layer.weight[post, pre]
    pairs, weights = [], []
    per_in, per_out = layer.weight.shape[1], layer.shape[0] // layer.groups
    _, height, width = layer.shape
    y, x = (axis.reshape(-1) for axis in np.mgrid[:height, :width])
    for o, i, ky, kx in zip(*np.nonzero(layer.weight)):
        channel = (o // per_out) * per_in + i
        v = y * layer.stride[0] + ky * layer.dilation[0] - layer.padding[0]
        u = x * layer.stride[1] + kx * layer.dilation[1] - layer.padding[1]
        inside = (v >= 0) & (v < source[1]) & (u >= 0) & (u < source[2])
        pre = (channel * source[1] + v) * source[2] + u
        post = (o * height + y) * width + x
        pairs.append(np.stack([pre, post], 1)[inside])
        weights.append(np.full(int(inside.sum()), layer.weight[o, i, ky, kx]))
    return np.concatenate(pairs), np.concatenate(weights)


if __name__ == "__main__":
    print(json.dumps(compare(), indent=1))
