import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autosnn_hw.arithmetic.int8 import is_exact
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import paths, run, trace
from autosnn_hw.simulate.exact.events import prepare
from autosnn_hw.simulate.trace import compare

PATHS = ("auto", "events", "int8", "float32", "float64")
relaxed = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def same_activity(a, b):
    np.testing.assert_array_equal(a.outputs, b.outputs)
    np.testing.assert_array_equal(a.final_v, b.final_v)
    for ours, theirs in zip(a.layers, b.layers):
        for quantity in ("spikes", "synops", "synops_dense", "neuron_spikes"):
            np.testing.assert_array_equal(
                getattr(ours, quantity), getattr(theirs, quantity), err_msg=f"{ours.name} {quantity}"
            )


@relaxed
@given(data=st.data(), path=st.sampled_from(PATHS))
def test_every_path_gives_the_reference_s_spikes_and_states(networks, data, path):
    network, inputs, graded = data.draw(networks())
    states = data.draw(st.booleans())
    expected = trace(network, inputs, graded=graded, states=states, path="reference")
    assert compare(trace(network, inputs, graded=graded, states=states, path=path), expected) is None


@relaxed
@given(data=st.data(), path=st.sampled_from(PATHS), per_step=st.booleans(), chunk=st.sampled_from([None, 1, 2]))
def test_every_path_gives_the_reference_s_activity(networks, data, path, per_step, chunk):
    network, inputs, graded = data.draw(networks())
    expected = run(network, inputs, graded=graded, per_step=per_step, path="reference")
    same_activity(run(network, inputs, graded=graded, per_step=per_step, path=path, chunk=chunk), expected)


@settings(relaxed, max_examples=60)
@given(data=st.data())
def test_networks_for_chips_go_event_by_event_and_agree(networks, data):
    """Memoryless current and weights of 8 bits: what the fast path is for."""
    network, inputs, _ = data.draw(
        networks(graded=False, delays=False, largest_weight=data.draw(st.sampled_from([1, 100])))
    )
    network = ChipNetwork(tuple(memoryless(layer) for layer in network.layers), network.timesteps)
    same_activity(run(network, inputs), run(network, inputs, path="reference"))
    taken = paths(network, inputs)
    dilated = any(isinstance(layer, ConvLayer) and layer.dilation != (1, 1) for layer in network.layers)
    if inputs.ndim in (2, 4) and not dilated:
        assert list(taken.values())[:-1] == ["events"] * (len(taken) - 1)


@pytest.mark.parametrize("last", [1, 3])
def test_a_last_layer_that_copies_has_a_voltage_of_its_own(last):
    """Its spikes are those of the layer before, whose voltage is below its threshold and not nil."""
    weights = [
        np.array([[[[1]], [[0]]], [[[0]], [[-1]]]]),
        np.ones((1, 2, 1, 1), np.int64),
        np.full((1, 1, 1, 1), last),
    ]
    layers = [InputLayer("input", (2, 1, 1))]
    for index, (weight, threshold) in enumerate(zip(weights, (0, 1, 0))):
        neuron = CubaNeuron(threshold, 3485, 4096)
        layers.append(ConvLayer(f"layer{index}", (len(weight), 1, 1), weight=weight, neuron=neuron))
    network = ChipNetwork(tuple(layers), timesteps=1)
    inputs = np.array([1, 0]).reshape(1, 1, 2, 1, 1)
    expected = run(network, inputs, path="reference")
    assert expected.final_v.tolist() == [[0]] and [int(layer.spikes.sum()) for layer in expected.layers[1:]] == [0, 0]
    same_activity(run(network, inputs), expected)


def memoryless(layer):
    if layer.neuron is None:
        return layer
    return replace(layer, neuron=CubaNeuron(layer.neuron.vth_mant, layer.neuron.v_decay, 4096))


def residual(rng, channels=16, side=8):
    """A residual block with relays, a pool and a readout, as lowering makes them."""
    first = np.zeros((2 * channels, channels, 3, 3), np.int64)
    first[:channels] = rng.integers(-60, 80, first[:channels].shape)
    first[channels + np.arange(channels), np.arange(channels), 1, 1] = 254
    second = np.zeros((channels, 2 * channels, 3, 3), np.int64)
    second[:, :channels] = rng.integers(-60, 80, second[:, :channels].shape)
    second[np.arange(channels), channels + np.arange(channels), 1, 1] = 100
    roles = np.repeat([0, 1], channels)
    bias = np.where(roles == 0, rng.integers(-50, 50, 2 * channels), 0)
    pool = np.full((channels, 1, 2, 2), 2)
    return ChipNetwork(
        (
            InputLayer("stem", (channels, side, side), CubaNeuron(120, 1000)),
            ConvLayer("a", (2 * channels, side, side), first, CubaNeuron(251, 2048), bias, padding=(1, 1), roles=roles),
            ConvLayer("b", (channels, side, side), second, CubaNeuron(20 * channels, 2048), padding=(1, 1)),
            ConvLayer(
                "pool",
                (channels, side // 2, side // 2),
                pool,
                CubaNeuron(1, 4095),
                stride=(2, 2),
                groups=channels,
                roles=np.full(channels, 2),
            ),
            DenseLayer(
                "readout", (20,), rng.integers(-90, 100, (20, channels * side**2 // 4)), CubaNeuron(40 * channels, 2048)
            ),
        ),
        timesteps=5,
    )


@pytest.mark.parametrize("channels", [3, 20])
@pytest.mark.parametrize("path", PATHS)
def test_residual_blocks_and_pools(channels, path):
    rng = np.random.default_rng(channels)
    network = residual(rng, channels)
    images = rng.integers(-100, 200, (5, channels, 8, 8))
    expected = run(network, images, path="reference")
    assert all(layer.neuron_spikes.sum() > 0 for layer in expected.layers)
    same_activity(run(network, images, path=path), expected)
    assert compare(trace(network, images, path=path), trace(network, images, path="reference")) is None


def test_relays_and_pools_are_not_convolved():
    network = residual(np.random.default_rng(0))
    tables = prepare(network, 0, len(network.layers) - 1, 5)
    assert len(tables.arrays) == 5  # stem, own channels of a, b, pool, readout: relays are the stem's array
    assert len(tables.parts) == 4  # a; b's own kernel and its identity; readout: the pool has none


def test_relays_of_some_of_the_channels_are_counted_alone():
    """Channel 0 is relayed in place, channel 1 through a shifted window, channel 2 not at all."""
    weight = np.zeros((2, 3, 3, 3), np.int64)
    weight[0, 0, 1, 1] = weight[1, 1, 0, 1] = 50
    conv = ConvLayer("c", (2, 4, 4), weight, CubaNeuron(20, 100), padding=(1, 1), roles=np.array([1, 1]))
    readout = DenseLayer("out", (2,), np.ones((2, 32), int), CubaNeuron(7, 2000))
    network = ChipNetwork((InputLayer("in", (3, 4, 4), roles=np.array([0, 1, 2])), conv, readout))
    frames = np.random.default_rng(0).integers(0, 2, (3, 4, 3, 4, 4))
    assert set(paths(network).values()) == {"events"}
    same_activity(run(network, frames), run(network, frames, path="reference"))


def test_the_path_can_be_forced_and_asked_for(monkeypatch):
    network = residual(np.random.default_rng(0))
    assert set(paths(network).values()) == {"events"}
    monkeypatch.setenv("AUTOSNN_HW_EXACT_PATH", "float32")
    assert paths(network) == {"stem": "values", "a": "float32", "b": "float32", "pool": "float32", "readout": "float32"}
    activity = run(network, np.zeros((1, 16, 8, 8), int))
    assert activity.details["paths"] == paths(network)
    monkeypatch.setenv("AUTOSNN_HW_EXACT_PATH", "sideways")
    with pytest.raises(InputError, match="unknown simulation path 'sideways'"):
        run(network, np.zeros((1, 16, 8, 8), int))


def test_beyond_a_path_s_bound_a_wider_one_is_taken():
    def network(weight):
        weights = np.full((3, 4, 1, 1), weight)
        return ChipNetwork((InputLayer("in", (4, 2, 2)), ConvLayer("c", (3, 2, 2), weights, CubaNeuron(10, 100))))

    assert [paths(network(w))["c"] for w in (8000, 9000, 1 << 23, 1 << 55)] == ["events", "float32", "float64", "int64"]
    frames = np.ones((1, 2, 4, 2, 2), int)
    for weight in (8191, 8192, (1 << 22) + 1, (1 << 55) + 3):
        same_activity(run(network(weight), frames), run(network(weight), frames, path="reference"))


def test_graded_bytes_use_int8_only_where_the_machine_is_exact():
    """255 x 127 x 32 saturates pairs of int16 sums on machines without VNNI: the self-test must see it."""
    weights = np.full((8, 32, 3, 3), 127)
    network = ChipNetwork(
        (InputLayer("in", (32, 4, 4)), ConvLayer("c", (8, 4, 4), weights, CubaNeuron(100000, 100), padding=(1, 1)))
    )
    frames = np.full((1, 2, 32, 4, 4), 255)
    path = paths(network, frames, graded=True, path="int8")["c"]
    assert path == ("int8" if is_exact(True) else "float32")
    same_activity(run(network, frames, graded=True, path="int8"), run(network, frames, graded=True, path="reference"))


OLD_PROCESSOR = """
import numpy as np
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate.exact import paths, run
from autosnn_hw.arithmetic.int8 import is_exact
weights = np.full((8, 32, 3, 3), 127)
conv = ConvLayer("c", (8, 4, 4), weights, CubaNeuron(100000, 100), padding=(1, 1))
network = ChipNetwork((InputLayer("in", (32, 4, 4)), conv))
for graded, largest in ((False, 1), (True, 255)):
    frames = np.full((1, 2, 32, 4, 4), largest)
    fast, slow = (run(network, frames, graded=graded, path=path) for path in ("int8", "reference"))
    assert (fast.outputs == slow.outputs).all() and (fast.final_v == slow.final_v).all()
    print(paths(network, frames, graded=graded, path="int8")["c"], is_exact(graded))
"""


@pytest.mark.slow
def test_a_processor_without_vnni_gives_the_same_results():
    """oneDNN is told to use no more than AVX2: where its int8 sums saturate, the self-test takes the path away."""
    done = subprocess.run(
        [sys.executable, "-c", OLD_PROCESSOR],
        capture_output=True,
        text=True,
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    spikes, graded = (line.split() for line in done.stdout.splitlines())
    assert (spikes[0] == "int8") == (spikes[1] == "True") and (graded[0] == "int8") == (graded[1] == "True")


def test_a_thousand_steps_without_drift():
    rng = np.random.default_rng(3)
    network = residual(rng, 4, 4)
    images = rng.integers(-50, 160, (2, 4, 4, 4))
    expected = run(network, images, timesteps=1000, path="reference")
    for path in PATHS:
        same_activity(run(network, images, timesteps=1000, path=path), expected)


def test_memory_does_not_grow_with_the_samples():
    network = residual(np.random.default_rng(0), 8, 16)
    images = np.random.default_rng(1).integers(-100, 200, (1, 8, 16, 16)).astype(np.int16)
    run(network, images)

    def peak(samples):
        many = np.broadcast_to(images, (samples, *images.shape[1:]))
        tracemalloc.start()
        run(network, many)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(4096) < 1.5 * peak(512)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("samples", [1, 2, 7])
def test_threads_change_nothing(threads, samples):
    """More threads than samples share the layers of a sample."""
    network = residual(np.random.default_rng(0))
    images = np.random.default_rng(1).integers(-100, 200, (samples, 16, 8, 8))
    threads(1)
    alone, trained = run(network, images), trace(network, images)
    for number in (2, 3, 8):
        threads(number)
        for _ in range(20):
            same_activity(run(network, images), alone)
        assert compare(trace(network, images), trained) is None


@pytest.mark.slow
@relaxed
@given(data=st.data(), number=st.sampled_from([2, 5]))
def test_layers_shared_by_threads_give_the_reference_s_activity(networks, data, number):
    network, inputs, _ = data.draw(networks(graded=False, delays=False))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(number)
        same_activity(run(network, inputs[:1]), run(network, inputs[:1], path="reference"))
    finally:
        torch.set_num_threads(before)


def test_active_neurons_are_those_with_a_spike_a_bias_or_a_voltage():
    weight = np.array([[3, 0], [0, 5], [0, 0]])
    layer = DenseLayer("out", (3,), weight, CubaNeuron(100, 4096), bias=np.array([0, 0, 1]))
    network = ChipNetwork((InputLayer("in", (2,)), layer))
    frames = np.array([[[0, 0], [1, 0], [1, 1], [0, 0]]])
    assert run(network, frames, per_step=True, active=True).layers[0].active_neurons.tolist() == [[1, 2, 3, 3]]
