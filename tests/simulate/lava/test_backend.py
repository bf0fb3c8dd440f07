"""Lava's CPU simulator and the exact simulator are two programs that share nothing but a file: every spike must be equal."""

from dataclasses import replace
from importlib import metadata
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.files.netx_entries import CONV, CUBA, DENSE, FLATTEN, FRAMES, put

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.lava.loaded import loaded
from autosnn_hw.simulate.trace import compare
from exporters import netx

IN_LAVA = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # an example takes half a second: shrinking would take minutes
)
QUICK = CubaNeuron(vth_mant=100, v_decay=1500)


def equal(network, inputs, child, *, states=False, fast_conv=True, **keywords):
    expected = exact.trace(network, inputs, states=states, **keywords)
    measured = lava.trace(network, inputs, states=states, fast_conv=fast_conv, child=child, timeout=120, **keywords)
    difference = compare(expected, measured)
    assert difference is None, str(difference)
    return measured


@pytest.mark.parametrize("examples", [10, pytest.param(120, marks=pytest.mark.slow)])
def test_lava_and_exact_simulator_agree_on_every_spike_and_state(random_network, lava_child, examples):
    @settings(IN_LAVA, max_examples=examples)
    @given(seed=st.integers(0, 2**32 - 1))
    def agree(seed):
        network, inputs, keywords = random_network(seed)
        equal(network, inputs, lava_child, states=True, **keywords)

    agree()


@pytest.mark.parametrize("examples", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_stock_models_agree_with_the_exact_simulator(random_network, lava_child, examples):
    @settings(IN_LAVA, max_examples=examples)
    @given(seed=st.integers(0, 2**32 - 1))
    def agree(seed):
        network, inputs, keywords = random_network(seed)
        equal(network, inputs, lava_child, fast_conv=False, **keywords)

    agree()


def conv(name, weight, shape, neuron=QUICK, **keywords):
    return ConvLayer(name, shape, weight, neuron, padding=weight.shape[-1] // 2, **keywords)


def test_current_wraps_and_voltage_saturates_as_in_lava(lava_child):
    rng = np.random.default_rng(4)
    network = ChipNetwork(
        (
            InputLayer("input", (2, 6, 6)),
            conv("wraps", rng.integers(5_000, 15_000, (3, 2, 3, 3)), (3, 6, 6), CubaNeuron(131_071, 1, 1500)),
            conv("saturates", rng.integers(20_000, 60_000, (2, 3, 3, 3)), (2, 6, 6), CubaNeuron(131_071, 0, 4096)),
        )
    )
    inputs = rng.integers(0, 2, (2, 8, 2, 6, 6))
    trace = equal(network, inputs, lava_child, states=True)
    assert trace.layers[0].u.min() < 0, "all weights are positive: a negative current has wrapped"
    assert trace.layers[0].v.min() == -(2**23 - 1), "the voltage is at its lower end"
    assert trace.layers[1].spikes.sum() > 0


def test_a_delayed_spike_never_reaches_the_next_sample(lava_child):
    """Lava does not empty a delay line at a reset; the blank steps and the silence in them keep samples apart."""
    rng = np.random.default_rng(5)
    weight = rng.integers(-30, 90, (6, 10))
    network = ChipNetwork(
        (
            InputLayer("input", (10,)),
            DenseLayer("first", (6,), weight, QUICK, bias=np.full(6, 30), delay=rng.integers(0, 4, (6, 10))),
            DenseLayer(
                "second",
                (6,),
                rng.integers(-30, 90, (6, 6)),
                QUICK,
                bias=np.full(6, 20),
                delay=rng.integers(0, 9, (6, 6)),
            ),
        )
    )
    inputs = rng.integers(0, 2, (3, 6, 10))
    together = equal(network, inputs, lava_child)
    for sample in range(len(inputs)):  # the stock models, one sample a run: nothing can be left of another
        alone = lava.trace(network, inputs[sample : sample + 1], child=lava_child, fast_conv=False, timeout=60)
        for whole, part in zip(together.layers, alone.layers):
            np.testing.assert_array_equal(whole.spikes[sample], part.spikes[0])
    assert together.layers[1].spikes.sum() > 0


@pytest.mark.parametrize("depth", [24, pytest.param(60, marks=pytest.mark.slow)])
def test_more_layers_than_a_recorder_has_ports(lava_child, depth):
    identity = np.array([[[[120]]]])
    layers = [InputLayer("input", (1, 3, 3), CubaNeuron(100, 2000))]
    layers += [ConvLayer(f"copy {i}", (1, 3, 3), identity, QUICK) for i in range(depth)]
    network = ChipNetwork((*layers, DenseLayer("out", (2,), np.array([[1] * 9, [-1] * 9]) * 50, QUICK)), timesteps=3)
    trace = equal(network, np.arange(18).reshape(2, 1, 3, 3) * 20, lava_child)
    assert trace.layers[depth].spikes.sum() == trace.layers[0].spikes.sum() > 0


def test_many_groups_overflow_stock_lava_and_not_ours(lava_child, tmp_path):
    weight = np.full((130, 1, 1, 1), 120)
    network = ChipNetwork((InputLayer("input", (130, 2, 2)), ConvLayer("wide", (130, 2, 2), weight, QUICK, groups=130)))
    inputs = np.random.default_rng(6).integers(0, 2, (2, 3, 130, 2, 2))
    equal(network, inputs, lava_child)  # the exporter writes fewer groups

    file = tmp_path / "groups.net"
    netx.write(network, file)
    with h5py.File(file, "a") as f:
        del f["layer/1/weight"], f["layer/1/groups"]
        f["layer/1/weight"], f["layer/1/groups"] = weight, 130
    measured = lava.trace(file, inputs, child=lava_child, timeout=60)
    assert compare(exact.trace(network, inputs, layers=["wide"]), lava_named(measured, "wide")) is None
    with pytest.raises(lava.LavaFailed, match="groups 130"):
        lava.trace(file, inputs, child=lava_child, fast_conv=False, timeout=60)


def lava_named(trace, name):
    return replace(trace, layers=tuple(replace(layer, name=name) for layer in trace.layers))


def test_counts_are_those_of_the_exact_simulator(lava_child, monkeypatch):
    rng = np.random.default_rng(7)
    network = ChipNetwork(
        (
            InputLayer("stem", (2, 5, 5), CubaNeuron(100, 2048)),
            conv("a", rng.integers(-40, 70, (4, 2, 3, 3)), (4, 5, 5), roles=np.array([0, 0, 1, 1])),
            DenseLayer("out", (6,), rng.integers(-40, 70, (6, 100)), QUICK),
        ),
        timesteps=4,
        readout=Readout(3, 2),
    )
    inputs = rng.integers(0, 200, (7, 2, 5, 5))
    monkeypatch.setattr(lava.backend, "RECORD_BYTES", 156 * 4 * 3)  # three samples a job
    measured, expected = lava.run(network, inputs, child=lava_child), exact.run(network, inputs, per_step=True)
    assert measured.backend["name"] == "lava" and measured.samples == 7
    for ours, theirs in zip(measured.layers, expected.layers):
        for quantity in ("spikes", "synops", "synops_dense", "neuron_spikes"):
            np.testing.assert_array_equal(getattr(ours, quantity), getattr(theirs, quantity), err_msg=quantity)
    np.testing.assert_array_equal(measured.predictions(network.readout), expected.predictions(network.readout))


def test_an_accumulating_readout_is_read_off_its_voltage(lava_child):
    rng = np.random.default_rng(8)
    network = ChipNetwork(
        (
            InputLayer("input", (12,)),
            DenseLayer("out", (3,), rng.integers(-60, 90, (3, 12)), CubaNeuron(131_071, 0)),
        ),
        readout=Readout(3, accumulates=True),
    )
    inputs = rng.integers(0, 2, (4, 5, 12))
    measured = lava.run(network, inputs, child=lava_child)
    np.testing.assert_array_equal(measured.final_v, 64 * (inputs.sum(axis=1) @ network.layers[1].weight.T))


def test_an_unknown_layer_is_named(lava_child):
    network = ChipNetwork((InputLayer("input", (2,)), DenseLayer("out", (2,), np.array([[9, -9], [3, 4]]), QUICK)))
    with pytest.raises(InputError, match="no layer 'hidden'.*out"):
        lava.trace(network, np.ones((1, 2, 2)), layers=["hidden"], child=lava_child)


@pytest.mark.parametrize(("platform", "version"), [("darwin", (3, 10, 0)), ("linux", (3, 12, 1))])
def test_where_lava_cannot_be_one_sentence_says_so(monkeypatch, platform, version):
    numbers = type("version_info", (tuple,), {"major": version[0], "minor": version[1]})(version)
    monkeypatch.setattr(lava.backend, "sys", SimpleNamespace(platform=platform, version_info=numbers))
    ok, sentence = lava.lava_status()
    assert not ok and sentence.count(".") >= 1 and "exact backend" in sentence
    network = ChipNetwork((InputLayer("input", (2,)), DenseLayer("out", (2,), np.array([[9, -9], [3, 4]]), QUICK)))
    with pytest.raises(lava.LavaUnavailable):
        lava.run(network, np.ones((1, 2, 2)))


@pytest.mark.slow
def test_a_network_made_by_intel_runs_as_it_is(lava_child):
    """PilotNet LIF from lava-dl's wheel: ten layers, input entry with a transform, 1-D weights, an accumulating readout."""
    files = [p.locate() for p in metadata.files("lava-dl") or () if str(p).endswith("pilotnet_lif/network.net")]
    network = netx.read(files[0])
    images = np.random.default_rng(0).integers(0, 300, (2, *network.input_layer.shape))
    measured = lava.trace(files[0], images, timesteps=12, child=lava_child)
    assert compare(exact.trace(network, images, timesteps=12), measured) is None
    assert measured.layers[-2].spikes.sum() > 0


def average_file(path, threshold=25):
    """A net as lava-dl's trainer writes it: six neurons behind an average entry vote for three classes."""
    random = np.random.default_rng(0)
    conv = CONV | {"weight": 10 * random.integers(0, 3, (2, 1, 3, 3))}
    dense = DENSE | {"shape": [6], "weight": random.integers(-40, 60, (6, 32)), "neuron": CUBA | {"vThMant": threshold}}
    with h5py.File(path, "w") as file:
        for index, entry in enumerate((FRAMES, conv, FLATTEN, dense, {"type": "average", "shape": [3]})):
            put(file, f"layer/{index}", entry)
    return path


def test_a_file_that_ends_in_an_average_is_written_anew_for_lava(tmp_path):
    """lava-dl refuses the entry: what it is given has the layers before it."""
    path = average_file(tmp_path / "a.net")
    assert netx.ends_in_average(path)
    with loaded(path, None) as job:
        assert job.file != path and not netx.ends_in_average(job.file)
        assert job.network.readout == Readout(3, 2)
    netx.write(netx.read(path), tmp_path / "b.net")
    with loaded(tmp_path / "b.net", None) as job:
        assert job.file == tmp_path / "b.net"


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [25, 131071])
def test_voters_behind_an_average_are_counted_of_lavas_spikes(lava_child, tmp_path, threshold):
    """Spikes, or the voltages of neurons that never fire: by Lava, by the exact simulator, and added up by hand."""
    path = average_file(tmp_path / "a.net", threshold)
    inputs = np.random.default_rng(1).integers(0, 2, (6, 8, 1, 4, 4)).astype(np.uint8)
    network = netx.read(path)
    ours, theirs = exact.run(network, inputs), lava.run(path, inputs, child=lava_child)
    fired = [[layer.spikes.sum() for layer in activity.layers] for activity in (ours, theirs)]
    assert fired[0] == fired[1] and sum(fired[0]) > 0
    trace = lava.trace(path, inputs, states=True, child=lava_child)
    assert compare(exact.trace(network, inputs, states=True), trace) is None
    last = trace.layers[-1]
    voters = last.v.astype(int)[:, -1] if threshold == 131071 else last.spikes.astype(int).sum(axis=1)
    by_hand = voters.reshape(6, 3, 2).sum(axis=2)
    votes = theirs.votes(network.readout)
    assert np.array_equal(votes, by_hand) and np.array_equal(votes, ours.votes(network.readout))
    assert np.array_equal(theirs.predictions(network.readout), by_hand.argmax(axis=1)) and len(set(by_hand.ravel())) > 2
