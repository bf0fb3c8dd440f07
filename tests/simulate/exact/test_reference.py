from importlib import metadata

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.files.lava_dl_files import shipped

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import run, trace
from exporters import netx


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_neuron_follows_the_equations_in_every_step(networks, equations, data):
    network, inputs, graded = data.draw(networks())
    recorded = trace(network, inputs, graded=graded, states=True)
    for sample, values in enumerate(inputs):
        for layer, expected in zip(recorded.layers, equations(network, values, layer_steps(recorded))):
            for ours, theirs in zip((layer.spikes, layer.u, layer.v), expected):
                np.testing.assert_array_equal(ours[sample], theirs)


def layer_steps(recorded):
    return recorded.layers[0].spikes.shape[1]


def one_neuron(weight, neuron, bias=None):
    return ChipNetwork(
        (
            InputLayer("in", (1,)),
            DenseLayer("out", (1,), np.array([[weight]]), neuron, bias=None if bias is None else np.array([bias])),
        )
    )


def test_current_wraps_once_and_voltage_saturates():
    network = one_neuron(131072, CubaNeuron(131072, 0, 4096))  # 64 * 131072 = 2^23 exactly: not above the register
    layer = trace(network, np.ones((1, 3, 1)), states=True).layers[0]
    assert layer.u.ravel().tolist() == [1 << 23] * 3
    assert layer.v.ravel().tolist() == [(1 << 23) - 1] * 3
    layer = trace(one_neuron(131073, CubaNeuron(131072, 0, 4096)), np.ones((1, 3, 1)), states=True).layers[0]
    assert layer.u.ravel().tolist() == [64 - (1 << 23)] * 3
    assert layer.v.ravel().tolist() == [64 - (1 << 23), 1 - (1 << 23), 1 - (1 << 23)]
    layer = trace(one_neuron(-131072, CubaNeuron(131072, 0, 4096)), np.ones((1, 1, 1)), states=True).layers[0]
    assert layer.u.ravel().tolist() == [1 << 23]


def test_decay_rounds_toward_zero_on_both_sides():
    frames = np.array([1, 0, 0]).reshape(1, 3, 1)
    for sign in (1, -1):
        layer = trace(one_neuron(sign, CubaNeuron(5000, 1, 1)), frames, states=True).layers[0]
        assert layer.u.ravel().tolist() == [sign * 64, sign * 63, sign * 62]
        assert layer.v.ravel().tolist() == [sign * 64, sign * 126, sign * 187]


def test_threshold_is_strict():
    assert trace(one_neuron(10, CubaNeuron(10, 4096)), np.ones((1, 1, 1))).layers[0].spikes.sum() == 0
    assert trace(one_neuron(11, CubaNeuron(10, 4096)), np.ones((1, 1, 1))).layers[0].spikes.sum() == 1


def test_a_bias_beyond_int16_wraps_as_in_lava():
    assert trace(one_neuron(0, CubaNeuron(10, 4096), bias=40000), np.ones((1, 2, 1))).layers[0].spikes.sum() == 0
    assert trace(one_neuron(0, CubaNeuron(10, 4096), bias=32767), np.ones((1, 2, 1))).layers[0].spikes.sum() == 2


def test_an_input_neuron_integrates_an_image_every_step():
    network = ChipNetwork(
        (
            InputLayer("stem", (1, 1, 2), CubaNeuron(100, 0)),
            DenseLayer("out", (1,), np.array([[1, 2]]), CubaNeuron(0, 4096)),
        ),
        timesteps=4,
    )
    recorded = trace(network, np.array([[[[60, 101]]]]))
    assert recorded.layers[0].spikes.reshape(4, 2).tolist() == [[0, 1], [1, 1], [0, 1], [1, 1]]
    assert recorded.layers[1].spikes.ravel().tolist() == [1, 1, 1, 1]


PILOTNET = "tests/lava/lib/dl/netx/gts/pilotnet_lif"
LAYERS = ["conv-0", "conv-1", "conv-2", "conv-3", "conv-4", "fc-0", "fc-1", "fc-2", "fc-3"]
KEYS = ["1", "2", "3", "4", "5", "7", "8", "9", "10"]


@pytest.fixture(scope="module")
def loihi():
    """The traces that lava-dl's authors recorded for PilotNet LIF on Loihi; they ship in its wheel."""
    try:
        wheel = metadata.distribution("lava-dl")
    except metadata.PackageNotFoundError:
        pytest.skip("lava-dl is not installed: its wheel holds the Loihi traces")
    return wheel.locate_file(PILOTNET)


def recorded_on_loihi(folder, name):
    array = np.load(folder / f"{name}.npy").astype(np.int64)
    return np.ascontiguousarray(array.transpose(3, 2, 1, 0) if array.ndim == 4 else array.T)


def layer_from(group, source_shape, shape):
    neuron = CubaNeuron(*(int(group[f"neuron/{key}"][()]) for key in ("vThMant", "vDecay", "iDecay")))
    weight, bias = group["weight"][()].astype(np.int64), group["bias"][()].astype(np.int64)
    if group["type"][0] == b"conv":
        geometry = {key: group[key][()] for key in ("stride", "padding", "dilation")}
        layer = ConvLayer("layer", shape, weight, neuron, bias, groups=int(group["groups"][()]), **geometry)
    else:
        layer = DenseLayer("layer", shape, weight, neuron, bias)
    return ChipNetwork((InputLayer("source", source_shape), layer))


@pytest.mark.parametrize("index", range(9))
def test_equal_to_loihi_silicon(loihi, index):
    """u, v and spikes of each layer of PilotNet, fed the recorded spikes of the layer before (axes and resets as recorded).

    Counting steps from 0, layer i is reset at steps i + 1 and i + 18; u[t] comes from the source's spikes of step t - 1; a
    neuron that fired is recorded as v = 128; the recorded input repeats, so conv-0 can be followed for 18 steps only. fc-3 does
    not follow the recorded fc-2 after step 8 (its u is no multiple of its weights then), so it is compared until there.
    """
    name = LAYERS[index]
    source = recorded_on_loihi(loihi, LAYERS[index - 1] if index else "input-s")
    u, v = (recorded_on_loihi(loihi, f"{name}-{quantity}") for quantity in "uv")
    spikes = recorded_on_loihi(loihi, f"{name}-s" if name == "fc-3" else name)
    with h5py.File(loihi / "network.net") as file:
        network = layer_from(file["layer"][KEYS[index]], source.shape[1:], u.shape[1:])
    steps = {"conv-0": 18, "fc-3": 8}.get(name, len(u))
    frames = np.concatenate([np.zeros_like(source[:1]), source])[:steps]
    borders = sorted({0, index + 1, index + 18, steps} & set(range(steps + 1)))
    for start, stop in zip(borders, borders[1:]):
        ours = trace(network, frames[None, start:stop], states=True).layers[0]
        np.testing.assert_array_equal(ours.u[0], u[start:stop])
        np.testing.assert_array_equal(ours.spikes[0], spikes[start:stop])
        np.testing.assert_array_equal(ours.v[0], np.where(spikes[start:stop] == 1, 0, v[start:stop]))


@pytest.mark.slow
def test_a_net_that_ends_in_an_average_votes_as_lava_dl_recorded_its_spikes():
    """lava-dl's N-TIDIGITS network: dense layers with delays, 242 voters behind an average entry. Its recording runs 4 steps late."""
    network = netx.read(shipped("gts/ntidigits/ntidigits.net"))
    frames = np.load(shipped("gts/ntidigits/input.npy")).T.reshape(1, -1, 1, 1, 64)
    recorded = np.load(shipped("gts/ntidigits/output.npy")).T[4:]
    spikes = trace(network, frames, layers=[network.layers[-1].name]).layers[0].spikes[0]
    assert np.array_equal(spikes[: len(recorded)], recorded) and recorded.sum() > 20_000
    votes = run(network, frames[:, : len(recorded)]).votes(network.readout)
    assert votes.tolist() == [recorded.sum(axis=0).reshape(11, 22).sum(axis=1).astype(int).tolist()]
