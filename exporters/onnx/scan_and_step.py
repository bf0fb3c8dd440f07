"""`ChipNetwork` to ONNX, in integers: the same spikes as on the chip, in any ONNX runtime. The files: docs/onnx.md.

Two forms. "scan": an image (or frames) in, votes out, any number of time steps. "step": one time step, states in and out.
Written with onnx.helper alone, opset 17 and IR version 8 (onnx's own defaults do not load in onnxruntime 1.23.2).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.network import ChipNetwork, InputLayer, Layer, Readout, Role, require_spiking
from autosnn_hw.network.chip_layers import BIAS_LIMIT
from exporters.onnx import equations
from exporters.onnx.equations import StateNames
from exporters.onnx.nodes import Nodes

OPSET, IR_VERSION = 17, 8
INT64 = TensorProto.INT64
DEFAULT_TIMESTEPS = 1
"""Of a network that does not say for how many steps it runs."""
PRODUCER = "autosnn-hw"
Form = Literal["scan", "step"]


def write(network: ChipNetwork, path: str | Path, *, form: Form = "scan") -> None:
    """Write a network as an integer ONNX model.

    Args:
        path: written whole or not at all.
        form: "scan" or "step".

    Raises:
        InputError: an unknown form, or a network that ONNX's exact float sums cannot hold.
        RunError: the file cannot be written.
    """
    whole_file.replace(path, model(network, form=form).SerializeToString())


def model(network: ChipNetwork, *, form: Form = "scan") -> onnx.ModelProto:
    """The model that `write` writes."""
    if form not in ("scan", "step"):
        raise InputError(f"form is {form!r}; scan or step is needed.")
    require_spiking(network, "ONNX")
    graph = _scan(network) if form == "scan" else _step(network)
    made = helper.make_model(
        graph, producer_name=PRODUCER, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(made, _properties(network, form))
    onnx.checker.check_model(made, full_check=True)
    return made


def _properties(network: ChipNetwork, form: str) -> dict[str, str]:
    layers = network.neuron_layers
    roles = [{role.name.lower(): int(np.count_nonzero(layer.roles == role)) for role in Role} for layer in layers]
    readout = _readout(network)
    facts: dict[str, Any] = {
        "form": form,
        "layers": json.dumps([layer.name for layer in layers]),
        "roles": json.dumps(roles),
        "timesteps": network.timesteps,
        "classes": readout.classes,
        "voters": readout.voters,
        "accumulates": int(readout.accumulates),
        "architecture": network.architecture,
        "target": network.target,
        "dataset": network.dataset,
        "payload": network.input_layer.payload if network.input_layer.neuron is None else None,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def _readout(network: ChipNetwork) -> Readout:
    """The network's own, or each neuron of the last layer a class."""
    return network.readout or Readout(int(np.prod(network.layers[-1].shape)))


def _info(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def _input(network: ChipNetwork, form: str) -> onnx.ValueInfoProto:
    """`image`, raw with an encoder and the input neurons' value without; `frames` for an input without neurons."""
    first, encoder = network.input_layer, network.encoder
    if first.neuron is None:
        return _info("frames", TensorProto.UINT8, "N", *(["T"] if form == "scan" else []), *first.shape)
    if encoder is None:
        return _info("image", INT64, "N", *first.shape)
    kind = TensorProto.UINT8 if encoder.table is not None else TensorProto.FLOAT
    return _info("image", kind, "N", encoder.weight.shape[1], "H", "W")


def _drive(nodes: Nodes, network: ChipNetwork) -> str:
    """What the input layer's neurons receive in every step."""
    if network.encoder is None:
        return nodes("Identity", "image", out="drive")
    shape = nodes.constant([0, *network.input_layer.shape])
    return nodes("Reshape", equations.encode(nodes, network.encoder, "image"), shape, out="drive")


def _states(layer: Layer, form: str) -> StateNames:
    return StateNames(**{kind: f"{kind}{form}/{layer.name}" for kind in equations.state_shapes(layer)})


def _one_step(
    nodes: Nodes, network: ChipNetwork, source: str, suffix: str
) -> tuple[dict[str, str], dict[str, StateNames]]:
    """All layers in one time step.

    Args:
        source: drive of the input neurons, or a frame.
        suffix: of the names of the incoming states.

    Returns:
        spikes (float32) and new states, by layer name.
    """
    spikes: dict[str, str] = {}
    states: dict[str, StateNames] = {}
    x = source
    if network.input_layer.neuron is None:
        x = nodes.to_int(source)
        one = network.input_layer.payload == 1
        x = nodes.to_float(
            nodes("Greater", x, nodes.constant(0)) if one else nodes.clamp(x, 0, network.input_layer.payload)
        )
    for layer in network.neuron_layers:
        before = _states(layer, suffix)
        late = None
        if isinstance(layer, InputLayer):
            current, bound = x, BIAS_LIMIT if network.encoder is not None else equations.ANY_INT32
        else:
            payload = network.input_layer.payload if layer is network.layers[1] else 1
            current, late = equations.synapses(nodes, layer, x, before, payload)
            bound = equations.current_bound(layer, payload)
        x, after = equations.neurons(nodes, layer, current, bound, before)
        spikes[layer.name], states[layer.name] = x, StateNames(after.v, after.u, late)
    return spikes, states


def _counts(nodes: Nodes, network: ChipNetwork, spikes: dict[str, str]) -> str:
    """Spikes of each layer in this step, int64 (N, layers)."""
    sums = []
    for layer in network.neuron_layers:
        axes = nodes.constant(list(range(1, len(layer.shape) + 1)))
        total = nodes("ReduceSum", spikes[layer.name], axes, keepdims=0)
        sums.append(nodes("Unsqueeze", nodes.to_int(total), nodes.constant([1])))
    return nodes("Concat", *sums, axis=1)


def _votes(nodes: Nodes, readout: Readout, values: str, out: str | None = None) -> str:
    """Sum over the voters of each class, int64 (N, classes), of int64 values of the last layer."""
    grouped = nodes("Reshape", values, nodes.constant([0, readout.classes, readout.voters]))
    return nodes("ReduceSum", grouped, nodes.constant([2]), out=out, keepdims=0)


def _step(network: ChipNetwork) -> onnx.GraphProto:
    nodes, readout = Nodes(), _readout(network)
    last = network.layers[-1].name
    source = "frames" if network.input_layer.neuron is None else _drive(nodes, network)
    spikes, states = _one_step(nodes, network, source, "_in")
    nodes("Identity", _counts(nodes, network, spikes), out="spikes")
    values = states[last].v if readout.accumulates else nodes.to_int(spikes[last])
    _votes(nodes, readout, values, out="votes")
    inputs, outputs = [_input(network, "step")], _results(network, prediction=False)
    for layer in network.neuron_layers:
        names = states[layer.name].named()
        for kind, shape in equations.state_shapes(layer).items():
            nodes("Identity", names[kind], out=f"{kind}_out/{layer.name}")
            inputs.append(_info(f"{kind}_in/{layer.name}", INT64, "N", *shape))
            outputs.append(_info(f"{kind}_out/{layer.name}", INT64, "N", *shape))
    return helper.make_graph(nodes.nodes, "step", inputs, outputs, nodes.constants)


def _results(network: ChipNetwork, prediction: bool) -> list[onnx.ValueInfoProto]:
    results = [
        _info("spikes", INT64, "N", len(network.neuron_layers)),
        _info("votes", INT64, "N", _readout(network).classes),
    ]
    return [*results, _info("prediction", INT64, "N")] if prediction else results


def _carried(network: ChipNetwork) -> list[tuple[str, list[int]]]:
    """Name and shape of what the Scan carries from step to step."""
    carried = [
        (f"{kind}/{layer.name}", shape)
        for layer in network.neuron_layers
        for kind, shape in equations.state_shapes(layer).items()
    ]
    carried.append(("counts", [len(network.neuron_layers)]))
    if not _readout(network).accumulates:
        carried.append(("ballots", [_readout(network).classes]))
    return carried


def _body(network: ChipNetwork) -> onnx.GraphProto:
    """One time step as the body of the Scan."""
    nodes, readout, framed = Nodes("step_"), _readout(network), network.input_layer.neuron is None
    last = network.layers[-1].name
    spikes, states = _one_step(nodes, network, "frame" if framed else "drive", "")
    for layer in network.neuron_layers:
        for kind, name in states[layer.name].named().items():
            nodes("Identity", name, out=f"new_{kind}/{layer.name}")
    nodes("Add", "counts", _counts(nodes, network, spikes), out="new_counts")
    if not readout.accumulates:
        nodes("Add", "ballots", _votes(nodes, readout, nodes.to_int(spikes[last])), out="new_ballots")
    carried = _carried(network)
    scanned = _info("frame", TensorProto.UINT8, "N", *network.input_layer.shape) if framed else _info("tick", INT64)
    return helper.make_graph(
        nodes.nodes,
        "one_step",
        [*(_info(name, INT64, "N", *shape) for name, shape in carried), scanned],
        [_info(f"new_{name}", INT64, "N", *shape) for name, shape in carried],
        nodes.constants,
    )


def _scan(network: ChipNetwork) -> onnx.GraphProto:
    nodes, readout, framed = Nodes(), _readout(network), network.input_layer.neuron is None
    inputs = [_input(network, "scan")]
    if framed:
        steps, axis = "frames", 1
    else:
        _drive(nodes, network)
        inputs.append(_info("timesteps", INT64))
        steps, axis = nodes("Range", nodes.constant(0), "timesteps", nodes.constant(1)), 0
    batch = nodes("Slice", nodes("Shape", inputs[0].name), nodes.constant([0]), nodes.constant([1]))
    zero = helper.make_tensor("zero", INT64, [1], [0])
    carried = _carried(network)
    begin = [
        nodes("ConstantOfShape", nodes("Concat", batch, nodes.constant(shape), axis=0), value=zero)
        for _, shape in carried
    ]
    ends = {"counts": "spikes", "ballots": "votes"}
    final = [ends.get(name, f"final_{name}") for name, _ in carried]
    nodes.nodes.append(
        helper.make_node(
            "Scan", [*begin, steps], final, name="time", num_scan_inputs=1, scan_input_axes=[axis], body=_body(network)
        )
    )
    if readout.accumulates:
        _votes(nodes, readout, f"final_v/{network.layers[-1].name}", out="votes")
    nodes("ArgMax", "votes", out="prediction", axis=1, keepdims=0, select_last_index=0)
    constants = nodes.constants
    if not framed:
        steps_by_default = DEFAULT_TIMESTEPS if network.timesteps is None else network.timesteps
        constants.append(numpy_helper.from_array(np.array(steps_by_default, np.int64), "timesteps"))
    return helper.make_graph(nodes.nodes, "network", inputs, _results(network, prediction=True), constants)
