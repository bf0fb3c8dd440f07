"""The layers of a `ChipNetwork` as NIR nodes, and the network that such nodes were made of: integers in equations of time.

V is Lava's voltage in units of its mantissas (v / 64). tau = dt 4096 / decay and r = tau / dt, so that an Euler step of dt is
Lava's, but for what Lava cuts below 1/64.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.exact_floats import EXACT_IN_FLOAT32
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer
from autosnn_hw.network.chip_layers import DECAY_ONE, LONGEST_DELAY, cuba, per_neuron
from autosnn_hw.network.connectivity import ungrouped
from exporters.netx import root as netx_root
from exporters.nir.graph import NirGraph, NirNode

DT = 1e-4
"""Seconds a step: what snnTorch takes for granted, and SpikingJelly's default."""
GRAIN = 1 / 64  # smallest step of V
FOREVER = 2.0**60  # steps; tau of a neuron that forgets nothing, not even in the last bit of a float64


def graph_of(network: ChipNetwork, dt: float = DT, *, fires_at: bool = False) -> NirGraph:
    """The network as a chain of NIR nodes: each layer's synapses, then its neurons.

    Args:
        dt: of a step, in any unit of time.
        fires_at: thresholds for readers whose neurons fire at v >= threshold, not above it.

    Raises:
        InputError: synapses of one spike have different delays.
    """
    first = network.input_layer
    chain = [NirNode("input", "Input", {"shape": np.array(first.shape)})]
    taken = {"input", "output"}
    for before, layer in zip((None, *network.layers), network.layers):
        name = _free(re.sub(r"\W", "_", layer.name), taken)
        if before is not None:
            chain += _synapses(layer, before, name, dt, taken)
        if layer.neuron is not None:
            chain.append(_neurons(layer, name, dt, fires_at))
    chain.append(NirNode("output", "Output", {"shape": np.array(network.layers[-1].shape)}))
    names = [node.name for node in chain]
    return NirGraph({node.name: node for node in chain}, tuple(zip(names, names[1:])))


def _free(name: str, taken: set[str]) -> str:
    """A name that is an identifier, as torch.fx wants it, and not taken."""
    name = name if name[:1].isalpha() else f"layer_{name}"
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _synapses(layer: Layer, before: Layer, name: str, dt: float, taken: set[str]) -> Iterator[NirNode]:
    bias = _through_synapses(layer)
    if isinstance(layer, ConvLayer):
        weight = ungrouped(layer.weight, layer.groups)  # the nir package refuses grouped kernels
        values = {
            "input_shape": np.array(before.shape[1:]),
            "weight": _floats(weight),
            "stride": np.array(layer.stride),
            "padding": np.array(layer.padding),
            "dilation": np.array(layer.dilation),
            "groups": np.array(1),
            "bias": _floats(bias),
        }
        yield NirNode(_free(f"{name}_conv", taken), "Conv2d", values)
        return
    assert isinstance(layer, DenseLayer)
    if len(before.shape) == 3:
        # Counted from the end: some readers count with the axis of the batch, others without.
        shape = {"input_type": np.array(before.shape), "start_dim": np.array(-3), "end_dim": np.array(-1)}
        yield NirNode(_free(f"{name}_flatten", taken), "Flatten", shape)
    if layer.delay is not None and layer.delay.any():
        yield NirNode(_free(f"{name}_delay", taken), "Delay", {"delay": _delays(layer) * dt})
    values = {"weight": _floats(layer.weight), "bias": _floats(bias)}
    yield NirNode(_free(f"{name}_fc", taken), "Affine", values)


def _floats(values: np.ndarray) -> np.ndarray:
    """float32 where that holds the integers, as frameworks like it."""
    small = np.abs(values).max(initial=0) <= EXACT_IN_FLOAT32
    return values.astype(np.float32 if small else np.float64)


def _delays(layer: DenseLayer) -> np.ndarray:
    assert layer.delay is not None
    delay = np.minimum(layer.delay, LONGEST_DELAY)
    used = np.where(layer.weight != 0, delay, -1)
    found = used.max(axis=0)
    if ((used >= 0) & (used != found)).any():
        raise InputError(
            f"layer {layer.name!r}: a spike reaches neurons after different delays, and a NIR Delay node delays a spike for all; "
            "equal delays of each input can be written."
        )
    return np.maximum(found, 0).astype(float)


def _full(value: Any, layer: Layer) -> np.ndarray:
    """One value a neuron, float64."""
    return np.broadcast_to(per_neuron(value, layer.shape), layer.shape).astype(float)


def _bias(layer: Layer) -> np.ndarray:
    return np.zeros(1, np.int64) if layer.bias is None else layer.bias


def _is_through_synapses(layer: Layer) -> bool:
    """A bias that is one a channel goes the way of the spikes, unless a current would filter it."""
    if isinstance(layer, InputLayer) or layer.bias is None or layer.bias.shape != (layer.shape[0],):
        return False
    return cuba(layer).memoryless_current


def _through_synapses(layer: Layer) -> np.ndarray:
    return _bias(layer) if _is_through_synapses(layer) else np.zeros(layer.shape[0], np.int64)


def _neurons(layer: Layer, name: str, dt: float, fires_at: bool) -> NirNode:
    """CubaLIF, Lava's own neuron: of NIR's kinds the one whose steps most readers take alike (docs/nir.md)."""
    neuron = cuba(layer)
    v_decay, i_decay = _full(neuron.v_decay, layer), _full(neuron.i_decay, layer)
    threshold = _full(neuron.vth_mant, layer)
    if fires_at:
        threshold = threshold + np.where(_whole(v_decay, i_decay), 1.0, GRAIN)
    firing = {"v_threshold": threshold, "v_reset": np.zeros(layer.shape)}
    leak = np.zeros(layer.shape) if _is_through_synapses(layer) else _full(_bias(layer), layer)
    memory, current = _steps(v_decay), _steps(i_decay)
    values = {"tau_mem": memory * dt, "tau_syn": current * dt, "r": memory, "w_in": current, "v_leak": leak * memory}
    return NirNode(name, "CubaLIF", {**values, **firing})


def _whole(v_decay: np.ndarray, i_decay: np.ndarray) -> np.ndarray:
    """Where V is a whole number always: all of it is kept, or nothing."""
    return ((v_decay == 0) | (v_decay == DECAY_ONE)) & ((i_decay == 0) | (i_decay == DECAY_ONE))


def _steps(decay: np.ndarray) -> np.ndarray:
    """Time constants in steps."""
    return np.divide(DECAY_ONE, decay, out=np.full(decay.shape, FOREVER), where=decay > 0)


def network_of(graph: NirGraph, dt: float, root: netx_root.Root, *, fires_at: bool = False) -> ChipNetwork:
    """The network that a graph of `graph_of` was made of; of any other graph something else, or an error of any kind.

    Args:
        root: names, roles and what else the graph does not hold, by the number of the layer.
    """
    chain = _chain(graph)
    layers: list[Layer] = []
    facts = [root.layers.get(index, netx_root.LayerFacts()) for index in range(len(chain))]
    shape = tuple(int(n) for n in np.asarray(chain[0].values["shape"]))
    waiting: dict[str, NirNode] = {}
    for node in chain[1:]:
        if node.kind == "CubaLIF":
            if not layers and not waiting:
                layers.append(_input(shape, facts[0], node, dt, fires_at))
                continue
            if not layers:
                layers.append(_input(shape, facts[0], None, dt, fires_at))
            layers.append(_layer(waiting, node, dt, fires_at, facts[len(layers)]))
            waiting = {}
        elif node.kind != "Output":
            waiting[node.kind] = node
    return ChipNetwork(
        layers=tuple(layers),
        timesteps=root.timesteps,
        encoder=root.encoder,
        readout=root.readout,
        architecture=root.architecture,
        target=root.target,
        dataset=root.dataset,
        provenance=root.provenance,
        check=root.check,
    )


def _chain(graph: NirGraph) -> list[NirNode]:
    after = dict(graph.edges)
    name, chain = "input", [graph.nodes["input"]]
    while name in after and len(chain) < len(graph.nodes):
        name = after[name]
        chain.append(graph.nodes[name])
    return chain


def _input(
    shape: tuple[int, ...], facts: netx_root.LayerFacts, node: NirNode | None, dt: float, fires_at: bool
) -> InputLayer:
    layer = InputLayer(
        facts.name or "input",
        shape,
        roles=facts.roles,
        block=facts.block,
        scale=facts.scale,
        k=facts.k,
        host=facts.host,
        payload=facts.payload,
    )
    if node is None:
        return layer
    return replace(layer, neuron=_cuba(node, dt, fires_at), bias=_leak(node, shape))


def _layer(
    synapses: Mapping[str, NirNode], node: NirNode, dt: float, fires_at: bool, facts: netx_root.LayerFacts
) -> Layer:
    shape = node.values["v_threshold"].shape
    conv = synapses.get("Conv2d")
    holder = conv or synapses["Affine"]
    weight, bias = (np.rint(holder.values[key]).astype(np.int64) for key in ("weight", "bias"))
    settings: dict[str, Any] = {
        "name": facts.name or node.name,
        "shape": shape,
        "neuron": _cuba(node, dt, fires_at),
        "bias": bias if bias.any() else _leak(node, shape),
        "roles": facts.roles,
        "block": facts.block,
        "scale": facts.scale,
        "k": facts.k,
    }
    if conv is not None:
        groups = facts.groups or 1
        where: dict[str, Any] = {
            key: tuple(int(n) for n in conv.values[key]) for key in ("stride", "padding", "dilation")
        }
        return ConvLayer(**settings, weight=_grouped(weight, groups), groups=groups, **where)
    delay = None
    if "Delay" in synapses:
        steps = np.rint(synapses["Delay"].values["delay"] / dt).astype(np.int64)
        delay = np.broadcast_to(steps, weight.shape).copy()
    return DenseLayer(**settings, weight=weight, delay=delay)


def _grouped(weight: np.ndarray, groups: int) -> np.ndarray:
    """The kernels on the diagonal; what is beside it comes out when the graph is made again."""
    outputs, inputs = weight.shape[0] // groups, weight.shape[1] // groups
    parts = [weight[g * outputs : (g + 1) * outputs, g * inputs : (g + 1) * inputs] for g in range(groups)]
    return np.concatenate(parts)


def _one(values: np.ndarray) -> int | np.ndarray:
    """One value for all, or one a channel."""
    rows = values.reshape(len(values), -1)[:, 0].astype(np.int64)
    return int(rows[0]) if (rows == rows[0]).all() else rows


def _cuba(node: NirNode, dt: float, fires_at: bool) -> CubaNeuron:
    threshold = _one(np.ceil(node.values["v_threshold"]) - 1 if fires_at else np.rint(node.values["v_threshold"]))
    decays = (np.rint(DECAY_ONE * dt / node.values[name]) for name in ("tau_mem", "tau_syn"))
    return CubaNeuron(threshold, *(_one(decay) for decay in decays))


def _leak(node: NirNode, shape: tuple[int, ...]) -> np.ndarray | None:
    """The bias that v_leak holds, one a channel where it is that."""
    bias = np.rint(node.values["v_leak"] / node.values["r"]).astype(np.int64)
    if not bias.any():
        return None
    rows = bias.reshape(shape[0], -1)
    return rows[:, 0] if (rows == rows[:, :1]).all() else bias
