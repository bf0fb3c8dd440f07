"""`from_nir`: a NIR graph as a chip network, with an account of every constant that was read, assumed and rounded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.connectivity import ungrouped
from autosnn_hw.deploy.from_nir.layers import FloatLayer, layers_of
from autosnn_hw.deploy.from_nir.maps import (
    ConvMap,
    DenseMap,
    Map,
    Shape,
    materialised,
    per_channel,
    side_by_side,
)
from autosnn_hw.deploy.from_nir.neurons import Discrete, discrete, step_of
from autosnn_hw.deploy.from_nir.rounding import FloatNeurons, RoundedNeurons, rounded
from autosnn_hw.deploy.quantise import STEP
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer, Readout, Role
from exporters import nir, nir_graph
from exporters.nir_graph import NirGraph

RESETS = ("hard", "subtract")
MAX_DELAY = 62


@dataclass(frozen=True)
class Place:
    """Where the spikes of a layer stand among the channels (or neurons) that the next layer hears.

    Args:
        source: name of the layer that fired them.
        shape: as they are carried: the layer's own, or (N,) once they went through a dense layer.
        relay: True where they are copies.
    """

    source: str
    shape: Shape
    relay: bool


def from_nir(
    graph: str | Path | Any,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
) -> ChipNetwork:
    """A NIR graph as an integer network; `provenance["import"]` says what was read, assumed and rounded.

    Args:
        graph: path of a .nir file, or a `nir.NIRGraph`.
        dt: time step in the file's unit, which the file does not say; None where its constants give it away.
        reset: "hard": a neuron that fires is set to 0, as a chip does it; the file cannot say otherwise, and what was trained
            with reset by subtraction runs differently.
        fires_at_threshold: the framework fires at v >= threshold (sinabs, SpikingJelly), not above it.

    Returns:
        the network; of a file that `export` wrote and nobody has changed the very network that was written.

    Raises:
        InputError: damaged file; what cannot be mapped, by node, with the nearest that can.
    """
    own = read_back(graph, dt, reset, fires_at_threshold) if isinstance(graph, str | Path) else None
    if own is not None:
        return own
    found = nir_graph.read(graph) if isinstance(graph, str | Path) else nir_graph.from_nodes(graph)
    _check_reset(reset)
    step, known = step_of(found, dt)
    input_shape, layers = layers_of(found, step)
    chip, account, notes = _chip_layers(found, input_shape, layers, step, fires_at_threshold)
    silent = layers[-1].signal.shape if discrete(layers[-1].node, step).threshold is None else None
    about = {
        "format": "nir",
        "dt": step,
        "dt_is": known,
        "reset": reset,
        "fires": "at the threshold" if fires_at_threshold else "above the threshold",
        "layers": account,
    }
    provenance = {"import": about, **({"notes": notes} if notes else {})}
    readout = Readout(int(np.prod(silent)), 1, accumulates=True) if silent is not None else None
    return ChipNetwork(tuple(chip), readout=readout, provenance=provenance)


def read_back(
    path: str | Path, dt: float | None = None, reset: str | None = None, fires_at_threshold: bool = False
) -> ChipNetwork | None:
    """The network in a file that `export` wrote, where nothing else is asked of it than what it says itself; else None."""
    if reset not in (None, "hard") or fires_at_threshold:
        return None
    return nir.read(path, dt=dt)


def _check_reset(reset: str | None) -> None:
    if reset == "hard":
        return
    if reset is None:
        raise InputError(
            "a NIR file does not say how its neurons reset: give --reset hard (set to 0) or --reset subtract (the threshold is taken off; "
            "snnTorch's and sinabs' default)."
        )
    if reset == "subtract":
        raise InputError(
            "reset by subtraction cannot be mapped: a chip's neuron that fires is set to 0. --reset hard runs the network so; its spikes "
            "then differ from the framework's, so measure its accuracy (simulate) or train it with reset to zero."
        )
    raise InputError(f"reset {reset!r} is not known; {', '.join(RESETS)} are.")


def _chip_layers(
    graph: NirGraph, input_shape: Shape, layers: list[FloatLayer], dt: float, fires_at: bool
) -> tuple[list[Layer], list[dict[str, Any]], list[str]]:
    start = next(node.name for node in graph.nodes.values() if node.kind == "Input" and not graph.into(node.name))
    chip: list[Layer] = [InputLayer(start, input_shape, block="")]
    heard = [Place(start, input_shape, False)]
    account, notes = [], []
    for index, layer in enumerate(layers):
        later = {source for following in layers[index + 1 :] for source in following.signal.terms}
        carried = [place for place in heard if place.source in later]
        constants = discrete(layer.node, dt)
        made, own, said = _chip_layer(layer, constants, heard, carried, fires_at)
        chip.append(made)
        account.append(_account(layer, constants, own, made))
        notes += said
        heard = [
            Place(layer.name, layer.shape, False),
            *(Place(place.source, _carried_shape(place, layer), True) for place in carried),
        ]
    return chip, account, notes


def _carried_shape(place: Place, layer: FloatLayer) -> Shape:
    return place.shape if len(layer.shape) == 3 else (int(np.prod(place.shape)),)


def _chip_layer(
    layer: FloatLayer, constants: Discrete, heard: list[Place], carried: list[Place], fires_at: bool
) -> tuple[Layer, RoundedNeurons, list[str]]:
    where = f"node {layer.name!r} ({layer.node.kind})"
    terms = {source: materialised(term, where) for source, term in layer.signal.terms.items()}
    joint = _joint(terms, heard, where)
    floats, notes = _floats(layer, constants, joint.weight, where)
    own = rounded(floats, layer.name, fires_at=fires_at)
    if isinstance(joint, ConvMap):
        made: Layer = _conv(layer, joint, own, heard, carried, where)
    else:
        made = _dense(layer, joint, own, heard, carried, where)
    return made, own, notes


def _joint(terms: dict[str, ConvMap | DenseMap], heard: list[Place], where: str) -> ConvMap | DenseMap:
    """One map over all that the layer hears; what it does not listen to has no synapses."""
    if len(heard) == 1:
        return terms[heard[0].source]
    parts: list[Map] = []
    dense = any(isinstance(term, DenseMap) for term in terms.values())
    outputs = next(iter(terms.values())).out_shape
    for place in heard:
        term = terms.get(place.source)
        if term is None:
            count = int(np.prod(place.shape))
            parts.append(
                DenseMap(np.zeros((outputs[0], count)), place.shape)
                if dense
                else ConvMap(np.zeros((outputs[0], place.shape[0], 1, 1)), place.shape, _stride(terms))
            )
        elif isinstance(term, DenseMap) != dense or (not dense and place.shape != term.in_shape):
            raise InputError(
                f"{where} adds up a convolution and something flattened, or spikes that went through a dense layer; give both the same form."
            )
        else:
            parts.append(term)
    if not dense:
        return side_by_side([part for part in parts if isinstance(part, ConvMap)], where)
    matrices = [part for part in parts if isinstance(part, DenseMap)]
    delays = [np.zeros(part.weight.shape[1], np.int64) if part.delay is None else part.delay for part in matrices]
    joint = np.concatenate(delays)
    return DenseMap(
        np.concatenate([part.weight for part in matrices], axis=1), (len(joint),), joint if joint.any() else None
    )


def _stride(terms: dict[str, ConvMap | DenseMap]) -> tuple[int, int]:
    return next(term.stride for term in terms.values() if isinstance(term, ConvMap))


def _floats(layer: FloatLayer, constants: Discrete, weight: np.ndarray, where: str) -> tuple[FloatNeurons, list[str]]:
    """The layer per step: gain in the weights, bias and leak in the bias, constants a channel."""
    shape = layer.shape

    def channel(values: np.ndarray, what: str) -> np.ndarray:
        values = values.reshape(shape) if values.size == int(np.prod(shape)) else values
        if len(shape) == 1:
            if values.size not in (1, shape[0]):
                raise InputError(f"{where}: {what} has {values.size} values for {shape[0]} neurons.")
            return np.broadcast_to(values.reshape(-1), shape).astype(float)
        return np.asarray(per_channel(values, shape, f"{where}: {what}"), float)

    gain, drive = channel(constants.gain, "its gain (r, w_in, tau)"), channel(constants.drive, "v_leak")
    current = channel(constants.i_decay, "tau_syn")
    rows = weight * gain.reshape((-1,) + (1,) * (weight.ndim - 1))
    bias, notes = np.asarray(drive), []
    given = layer.signal.bias
    if given is not None and np.any(given):
        columns = (-1,) + (1,) * (len(shape) - 1)
        bias = np.broadcast_to(given, shape) * (gain / current).reshape(columns) + drive.reshape(columns)
        if len(shape) == 3 and (bias == bias[:, :1, :1]).all():
            bias = bias[:, 0, 0]
        if (current < 1).any():
            notes.append(
                f"{where}: its input has a bias, which the current filters; on the chip it acts in full from the first step on"
            )
    threshold = None if constants.threshold is None else channel(constants.threshold, "v_threshold")
    return FloatNeurons(rows, bias, channel(constants.v_decay, "tau"), current, threshold), notes


def _conv(
    layer: FloatLayer, joint: ConvMap, own: RoundedNeurons, heard: list[Place], carried: list[Place], where: str
) -> ConvLayer:
    weight, groups = own.weight, joint.groups
    relays = sum(place.shape[0] for place in carried)
    if relays:
        weight, groups = _with_relays(ungrouped(weight, groups), joint, heard, carried, where), 1
    return ConvLayer(
        name=layer.name,
        shape=(layer.shape[0] + relays, *layer.shape[1:]),
        weight=weight,
        neuron=_neuron(own.neuron, layer.shape[0], relays),
        bias=_bias(own.bias, relays),
        stride=joint.stride,
        padding=joint.padding,
        groups=groups,
        roles=_roles(layer.shape[0], relays),
        block=layer.name,
        scale=own.scale,
    )


def _with_relays(
    weight: np.ndarray, joint: ConvMap, heard: list[Place], carried: list[Place], where: str
) -> np.ndarray:
    """The kernel with a row more for every channel that is carried on: one tap, where stride 1 and equal sizes let it be a copy."""
    top, left = joint.padding
    for place in carried:
        if joint.stride != (1, 1) or place.shape[1:] != joint.out_shape[1:]:
            raise InputError(
                f"{where}: the spikes of {place.source!r}, {place.shape}, are needed behind it and must pass it as relays, which takes stride 1 and "
                f"equal sizes; it has stride {joint.stride} and {joint.out_shape}. Let the shortcut begin behind it."
            )
    rows, columns = max(weight.shape[2], top + 1), max(weight.shape[3], left + 1)
    full = np.zeros((weight.shape[0] + sum(p.shape[0] for p in carried), weight.shape[1], rows, columns), np.int64)
    full[: weight.shape[0], :, : weight.shape[2], : weight.shape[3]] = weight
    if rows != weight.shape[2] or columns != weight.shape[3]:
        raise InputError(
            f"{where}: its padding {joint.padding} is larger than its kernel; relays need a tap on the pixel itself."
        )
    row = weight.shape[0]
    for place in carried:
        first = _start(heard, place.source, 0)
        for channel in range(place.shape[0]):
            full[row, first + channel, top, left] = STEP
            row += 1
    return full


def _start(heard: list[Place], source: str, axis: int | None) -> int:
    """The first channel (axis 0) or neuron (axis None) of a layer among those that are heard."""
    start = 0
    for place in heard:
        if place.source == source:
            return start
        start += place.shape[0] if axis == 0 else int(np.prod(place.shape))
    raise AssertionError(f"{source} is not heard")


def _dense(
    layer: FloatLayer, joint: DenseMap, own: RoundedNeurons, heard: list[Place], carried: list[Place], where: str
) -> DenseLayer:
    relays = sum(int(np.prod(place.shape)) for place in carried)
    weight = np.zeros((layer.shape[0] + relays, joint.weight.shape[1]), np.int64)
    weight[: layer.shape[0]] = own.weight
    row = layer.shape[0]
    for place in carried:
        first = _start(heard, place.source, None)
        count = int(np.prod(place.shape))
        weight[row + np.arange(count), first + np.arange(count)] = STEP
        row += count
    delay = None
    if joint.delay is not None:
        if joint.delay.max() > MAX_DELAY:
            raise InputError(f"{where}: a delay of {joint.delay.max()} steps; at most {MAX_DELAY} are possible.")
        delay = np.zeros_like(weight)
        delay[: layer.shape[0]] = joint.delay
    return DenseLayer(
        name=layer.name,
        shape=(layer.shape[0] + relays,),
        weight=weight,
        neuron=_neuron(own.neuron, layer.shape[0], relays),
        bias=_bias(own.bias, relays),
        delay=delay,
        roles=_roles(layer.shape[0], relays),
        block=layer.name,
        scale=own.scale,
    )


def _neuron(neuron: CubaNeuron, own: int, relays: int) -> CubaNeuron:
    """The layer's own neurons and, behind them, those that copy: one spike fires them, nothing is kept."""
    if not relays:
        return neuron
    copy = {"vth_mant": STEP - 1, "v_decay": 4095, "i_decay": 4096}
    return CubaNeuron(
        **{
            name: np.concatenate([np.broadcast_to(getattr(neuron, name), own), np.full(relays, value)])
            for name, value in copy.items()
        }
    )


def _bias(bias: np.ndarray, relays: int) -> np.ndarray | None:
    if not bias.any():
        return None
    return np.concatenate([bias, np.zeros((relays, *bias.shape[1:]), np.int64)]) if relays else bias


def _roles(own: int, relays: int) -> np.ndarray:
    return np.repeat(np.array([Role.OWN, Role.RELAY], np.uint8), [own, relays])


def _account(layer: FloatLayer, constants: Discrete, own: RoundedNeurons, made: Layer) -> dict[str, Any]:
    """What became of a layer, JSON-able: the file's constants, their values a step, the integers, what rounding changed."""
    read = {
        key: _range(np.asarray(value, float))
        for key, value in layer.node.values.items()
        if value is not None and not isinstance(value, str)
    }
    step = {
        "gain": _range(constants.gain),
        "v_decay": _range(constants.v_decay),
        "i_decay": _range(constants.i_decay),
        "threshold": None if constants.threshold is None else _range(constants.threshold),
        "drive": _range(constants.drive),
    }
    neuron = own.neuron
    integers = {
        "weight": _range(own.weight),
        "bias": _range(own.bias),
        "vThMant": _range(np.asarray(neuron.vth_mant)),
        "vDecay": _range(np.asarray(neuron.v_decay)),
        "iDecay": _range(np.asarray(neuron.i_decay)),
    }
    return {
        "layer": layer.name,
        "kind": layer.node.kind,
        "through": list(layer.signal.nodes),
        "from": list(layer.signal.terms),
        "shape": list(made.shape),
        "read": read,
        "a_step": step,
        "scale": own.scale,
        "integers": integers,
        "weights_exact": own.exact,
        "changed_by_rounding": own.changes,
    }


def _range(values: np.ndarray) -> float | list[float]:
    """One number where all are equal, else [least, largest]."""
    low, high = float(np.min(values)), float(np.max(values))
    return low if low == high else [low, high]
