"""Both ONNX forms in onnxruntime against the exact simulator: spikes of every layer and sample, votes, predictions."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.stem import encode
from exporters import onnx as exporter
from exporters.onnx.nodes import Nodes, digits

SEEDS = st.integers(0, 2**32 - 1)
SAMPLES = 3


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def inputs_for(network, seed, steps):
    """(name, inputs for the exact simulator, inputs for the Scan form)."""
    rng = np.random.default_rng(seed)
    first, encoder = network.input_layer, network.encoder
    if first.neuron is None:
        spikes = rng.random((SAMPLES, steps, *first.shape)) < 0.4
        return "frames", (spikes * rng.integers(1, 2 + first.payload, spikes.shape)).astype(np.uint8)
    if encoder is None:
        return "image", rng.integers(-300, 900, (SAMPLES, *first.shape))
    shape = (SAMPLES, encoder.weight.shape[1], *first.shape[1:])
    if encoder.table is not None:
        return "image", rng.integers(0, 256, shape).astype(np.uint8)
    return "image", rng.normal(0, 2, shape).astype(np.float32)


def expected(network, inputs, steps):
    activity = exact.run(network, inputs, timesteps=steps)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers], axis=1)
    votes = activity.votes(network.readout)
    return spikes, votes.reshape(SAMPLES, -1), activity.predictions(network.readout)


def run_scan(network, name, inputs, steps):
    feed = {name: inputs} | ({} if name == "frames" else {"timesteps": np.array(steps)})
    return session(exporter.model(network, form="scan")).run(["spikes", "votes", "prediction"], feed)


def run_steps(network, name, inputs, steps):
    """The step form, called once a step, states handed from call to call."""
    stepper = session(exporter.model(network, form="step"))
    states = {i.name: np.zeros((SAMPLES, *i.shape[1:]), np.int64) for i in stepper.get_inputs() if "_in/" in i.name}
    outputs = [o.name for o in stepper.get_outputs()]
    spikes = votes = 0
    for step in range(steps):
        results = dict(
            zip(outputs, stepper.run(None, {name: inputs[:, step] if name == "frames" else inputs} | states))
        )
        states = {key.replace("_out/", "_in/"): value for key, value in results.items() if "_out/" in key}
        spikes = spikes + results["spikes"]
        accumulates = network.readout is not None and network.readout.accumulates
        votes = results["votes"] if accumulates else votes + results["votes"]
    return spikes, votes, votes.argmax(axis=1)


def assert_equal(network, seed, steps):
    name, inputs = inputs_for(network, seed, steps)
    wanted = expected(network, inputs, steps if name == "image" else None)
    for form in (run_scan, run_steps):
        for what, have, want in zip(("spikes", "votes", "prediction"), form(network, name, inputs, steps), wanted):
            assert np.array_equal(have, want), (form.__name__, what)
    return wanted[0]


@given(seed=SEEDS, steps=st.integers(1, 9))
@settings(max_examples=12, deadline=None)
def test_random_networks_give_the_exact_simulators_spikes(seed, steps, random_network):
    assert_equal(random_network(seed), seed, steps)


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_large_weights_wrap_as_on_the_chip(seed, random_network):
    """Sums beyond 24 bits, u that wraps, weights split over several float32 convolutions."""
    assert_equal(random_network(seed, big=True, delays=False), seed, 12)


def wide_dense(weight, i_decay):
    neuron = CubaNeuron(vth_mant=50000, v_decay=700, i_decay=i_decay)
    return ChipNetwork((InputLayer("in", (weight.shape[1],)), DenseLayer("fc", weight.shape[:1], weight, neuron)))


@pytest.mark.parametrize("i_decay", [0, 1, 1500, 4096])
@pytest.mark.parametrize("large", [120_000, 5_000_000, 60_000_000])
def test_dense_sums_beyond_the_registers_wrap_alike(large, i_decay):
    weight = np.random.default_rng(large).integers(-large, large + 1, (6, 20))
    assert assert_equal(wide_dense(weight, i_decay), 1, 15).sum() > 0


@pytest.mark.parametrize("i_decay", [4096, 1])
def test_u_at_the_very_edge_of_its_register_wraps_alike(i_decay):
    """u = -2^23 becomes +2^23, u = +2^23 stays."""
    edge = np.array([131071, 131072, 131073])
    network = wide_dense(np.repeat(np.concatenate([edge, -edge])[:, None], 2, 1) // [[1, 2]], i_decay)
    spikes = assert_equal(network, 3, 10)
    assert spikes.sum() > 0


@pytest.mark.parametrize("payload", [1, 7, 255])
@pytest.mark.parametrize("large", [120, 9_000])
def test_counts_meet_the_first_synapses_as_they_are(payload, large):
    """Up to the payload; sums of large weights then wrap."""
    rng = np.random.default_rng(payload)
    conv = ConvLayer(
        "c", (4, 5, 5), rng.integers(-large, 3 * large, (4, 2, 3, 3)), CubaNeuron(5 * large, 1500), np.arange(4), padding=1
    )  # fmt: skip
    dense = DenseLayer("d", (3,), rng.integers(-9, 20, (3, 100)), CubaNeuron(20, 2000))
    network = ChipNetwork((InputLayer("in", (2, 5, 5), payload=payload), conv, dense))
    assert assert_equal(network, payload, 8).sum() > 0


def test_a_conv_sum_beyond_24_bits_wraps_alike():
    rng = np.random.default_rng(0)
    layer = ConvLayer(
        "c", (4, 5, 5), rng.integers(-(2**30), 2**30, (4, 2, 3, 3)), CubaNeuron(30000, 100, 3), np.arange(4) * 900 - 1500, padding=1
    )  # fmt: skip
    assert assert_equal(ChipNetwork((InputLayer("in", (2, 5, 5)), layer)), 0, 20).sum() > 0


@pytest.mark.parametrize("floats", [False, True])
def test_the_stem_travels_in_the_file(floats, random_network):
    seeds = [s for s in range(400) if (random_network(s, encoder=True).encoder.scale is not None) == floats][:4]
    assert all(assert_equal(random_network(seed, encoder=True), seed, 4) is not None for seed in seeds)


def test_float_pixels_far_beyond_the_scale_are_still_exact(random_network):
    seed = next(s for s in range(400) if random_network(s, encoder=True).encoder.scale is not None)
    network = random_network(seed, encoder=True)
    shape = (SAMPLES, network.encoder.weight.shape[1], *network.input_layer.shape[1:])
    image = np.random.default_rng(0).normal(0, 900, shape).astype(np.float32)
    model = exporter.model(network, form="step")
    model.graph.output.append(onnx.helper.make_tensor_value_info("drive", onnx.TensorProto.INT64, None))
    stepper = session(model)
    feed = {i.name: np.zeros((SAMPLES, *i.shape[1:]), np.int64) for i in stepper.get_inputs() if "_in/" in i.name}
    assert np.array_equal(stepper.run(["drive"], {"image": image} | feed)[0], encode(network.encoder, image))


def test_a_readout_that_accumulates_is_read_by_its_final_v():
    rng = np.random.default_rng(2)
    conv = ConvLayer("c", (3, 6, 6), rng.integers(-20, 40, (3, 1, 3, 3)), CubaNeuron(20, 900), padding=1)
    fc = DenseLayer("fc", (6,), rng.integers(-90, 90, (6, 108)), CubaNeuron(131071, 0))
    network = ChipNetwork((InputLayer("in", (1, 6, 6)), conv, fc), readout=Readout(3, 2, accumulates=True))
    assert assert_equal(network, 5, 7)[:, 1].sum() == 0


def test_delays_reach_over_steps_and_not_into_the_next_sample():
    rng = np.random.default_rng(3)
    delay = rng.integers(0, 4, (5, 8))
    fc = DenseLayer("fc", (5,), rng.integers(-60, 90, (5, 8)), CubaNeuron(30, 600, 2000), delay=delay)
    network = ChipNetwork((InputLayer("in", (8,)), fc), readout=Readout(5))
    assert assert_equal(network, 1, 9).sum() > 0


def names(values):
    return [value.name for value in values]


def test_the_scan_file_has_the_promised_inputs_outputs_and_facts(random_network, tmp_path):
    network = random_network(
        next(s for s in range(99) if random_network(s, encoder=True).encoder.table is not None), encoder=True
    )
    exporter.write(network, tmp_path / "winner.onnx")
    made = onnx.load(tmp_path / "winner.onnx")
    onnx.checker.check_model(made, full_check=True)
    assert (made.ir_version, made.opset_import[0].version, len(made.opset_import)) == (8, 17, 1)
    assert names(made.graph.input) == ["image", "timesteps"] and names(made.graph.output) == [
        "spikes",
        "votes",
        "prediction",
    ]
    assert made.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    facts = {prop.key: prop.value for prop in made.metadata_props}
    assert json.loads(facts["layers"]) == [layer.name for layer in network.neuron_layers]
    assert facts["timesteps"] == str(network.timesteps) and len(json.loads(facts["roles"])) == len(
        network.neuron_layers
    )
    _, image = inputs_for(network, 0, 1)
    runner = session(made)
    given_steps = runner.run(None, {"image": image, "timesteps": np.array(network.timesteps)})
    assert all(np.array_equal(a, b) for a, b in zip(runner.run(None, {"image": image}), given_steps))


@pytest.mark.parametrize("timesteps, by_default", [(5, 5), (None, 1)])
def test_timesteps_have_a_default_whether_the_network_says_them_or_not(timesteps, by_default):
    rng = np.random.default_rng(0)
    fc = DenseLayer("fc", (3,), rng.integers(-9, 20, (3, 8)), CubaNeuron(5, 100))
    network = ChipNetwork((InputLayer("in", (8,), CubaNeuron(5, 900)), fc), timesteps=timesteps)
    image = rng.integers(0, 900, (SAMPLES, 8))
    given = session(exporter.model(network)).run(["spikes"], {"image": image})[0]
    assert np.array_equal(given, expected(network, image, by_default)[0]) and given.sum() > 0


def test_the_step_file_names_a_state_for_every_layer():
    rng = np.random.default_rng(0)
    conv = ConvLayer("a", (2, 4, 4), rng.integers(-9, 9, (2, 1, 1, 1)), CubaNeuron(5, 100, 4096))
    fc = DenseLayer("b", (3,), rng.integers(-9, 9, (3, 32)), CubaNeuron(5, 100, 17))
    model = exporter.model(ChipNetwork((InputLayer("in", (1, 4, 4), CubaNeuron(5, 5)), conv, fc)), form="step")
    assert names(model.graph.input) == ["image", "v_in/in", "v_in/a", "v_in/b", "u_in/b"]
    assert names(model.graph.output) == ["spikes", "votes", "v_out/in", "v_out/a", "v_out/b", "u_out/b"]


def test_no_operator_that_onnxruntime_computes_wrongly_is_used(random_network):
    for seed in range(6):
        for form in ("scan", "step"):
            text = str(exporter.model(random_network(seed), form=form))
            assert not any(f'op_type: "{op}"' in text for op in ("Clip", "Min", "Max", "Sign", "BitShift"))


@given(seed=SEEDS, large=st.integers(1, 2**40), largest_input=st.sampled_from([1, 128, 255]))
@settings(max_examples=50, deadline=None)
def test_digits_add_up_and_each_sum_is_exact_in_float32(seed, large, largest_input):
    weight = np.random.default_rng(seed).integers(-large, large + 1, (3, 40))
    parts = digits(weight, largest_input)
    assert np.array_equal(sum(factor * part for factor, part in parts), weight)
    assert all(np.abs(part).sum(axis=1).max() * largest_input < 2**24 for _, part in parts)


def test_the_floor_and_the_clamp_hold_for_large_integers():
    nodes = Nodes()
    nodes.floor_divide("x", 13)
    floor = nodes.nodes[-1].output[0]
    clamped = nodes.clamp("x", -4095, 4095)
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes.nodes, "g", [info("x", 7, ["N"])], [info(floor, 7, ["N"]), info(clamped, 7, ["N"])], nodes.constants
    )
    runner = session(onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]))
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.integers(-(2**b), 2**b, 200) for b in (3, 13, 14, 31, 32, 33, 45, 60)])
    results = runner.run(None, {"x": x})
    assert np.array_equal(results[0], x >> 13) and np.array_equal(results[1], np.clip(x, -4095, 4095))


def test_bad_use_is_one_sentence(random_network, tmp_path):
    with pytest.raises(InputError, match="form is 'loop'; scan or step"):
        exporter.write(random_network(0), tmp_path / "a.onnx", form="loop")
    with pytest.raises(RunError, match="cannot be written"):
        exporter.write(random_network(0), tmp_path / "nowhere/a.onnx")
    assert not list(tmp_path.iterdir())
