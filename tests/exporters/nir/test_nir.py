"""NIR files of ours: read back they are the network itself, with the group beside the graph or not they spike alike."""

from dataclasses import replace

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.peers import nir_interpreter

from autosnn_hw import from_nir
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout, Role
from autosnn_hw.simulate import exact
from exporters import nir as exporter


def without_own(path, tmp_path):
    """The graph alone, as the nir package writes it again."""
    nir.write(tmp_path / "plain.nir", nir.read(path))
    return tmp_path / "plain.nir"


@given(st.integers(0, 10**6), st.sampled_from([1e-4, 1.0, 0.003]), st.booleans(), st.sampled_from([1, 8, 255]))
@settings(max_examples=30, deadline=None)
def test_a_file_read_back_is_the_network_itself(
    random_network, with_check, difference, tmp_path_factory, seed, dt, at, payload
):
    path = tmp_path_factory.mktemp("nir") / "a.nir"
    network = random_network(seed, delays=False)
    first = network.input_layer
    if first.neuron is None:
        network = replace(network, layers=(replace(first, payload=payload), *network.layers[1:]))
    network = with_check(network)
    exporter.write(network, path, dt=dt, fires_at_threshold=at)
    back = exporter.read(path)
    assert difference(normal(network), normal(back)) == ""
    assert difference(normal(network), normal(from_nir(path))) == ""


def normal(network):
    """Equal parameters as one number, a bias of nothing as none, as a graph of one value a neuron cannot tell them apart."""
    assert network is not None

    def one(value):
        return value if np.ndim(value) == 0 or len(set(value.tolist())) > 1 else int(value[0])

    def layer(found):
        values = {**vars(found)}
        if found.neuron is not None:
            values["neuron"] = CubaNeuron(
                *map(one, (found.neuron.vth_mant, found.neuron.v_decay, found.neuron.i_decay))
            )
        bias = found.bias
        if bias is not None and bias.ndim == 3 and (bias == bias[:, :1, :1]).all():
            bias = bias[:, 0, 0]
        values["bias"] = bias if bias is not None and bias.any() else None
        return type(found)(**values)

    return ChipNetwork(**{**vars(network), "layers": tuple(map(layer, network.layers))})


def whole_number_network(seed, memory=False):
    """Convolutions with relays and an OR pool, then two dense layers; neurons keep all or nothing, so that floats are exact."""
    rng = np.random.default_rng(seed)
    keeps = lambda vth: CubaNeuron(vth, int(rng.choice([0, 4096])), 2048 if memory else 4096)  # noqa: E731
    both = CubaNeuron(np.array([7, 7, 7, 1, 1]), np.array([0, 0, 0, 4096, 4096]))
    wide = np.zeros((5, 2, 3, 3), np.int64)
    wide[:3] = rng.integers(-3, 5, (3, 2, 3, 3))
    wide[3, 0, 1, 1] = wide[4, 1, 1, 1] = 2
    layers = (
        InputLayer("image", (2, 6, 6)),
        ConvLayer("TBD1.a", (5, 6, 6), wide, both, np.array([1, -1, 0, 0, 0]), padding=(1, 1), roles=np.repeat([Role.OWN, Role.RELAY], [3, 2])),
        ConvLayer("TBD1.b", (4, 6, 6), rng.integers(-4, 6, (4, 5, 3, 3)), keeps(9), padding=(1, 1)),
        ConvLayer("pool", (4, 3, 3), np.full((4, 1, 2, 2), 2), CubaNeuron(1, 4096), stride=(2, 2), groups=4, roles=np.full(4, Role.POOL)),
        DenseLayer("fc", (8,), rng.integers(-4, 6, (8, 36)), keeps(11), rng.integers(-3, 4, 8)),
        DenseLayer("out", (4,), rng.integers(-4, 6, (4, 8)), keeps(5)),
    )  # fmt: skip
    return ChipNetwork(layers, timesteps=9, readout=Readout(2, 2))


@pytest.mark.parametrize("seed", range(3))
def test_the_nodes_alone_spike_as_the_chip(tmp_path, seed):
    """By an interpreter of NIR (steps of 1, which floats hold exactly), and imported again without what stands beside the graph."""
    network = whole_number_network(seed)
    exporter.write(network, tmp_path / "a.nir", dt=1.0)
    graph = nir.read(tmp_path / "a.nir")  # the nir package's own checks of types and shapes
    frames = (np.random.default_rng(seed).random((1, 7, 2, 6, 6)) < 0.4).astype(np.uint8)
    ours = exact.trace(network, frames)
    imported = from_nir(without_own(tmp_path / "a.nir", tmp_path), reset="hard", dt=1.0)
    theirs = nir_interpreter.run(graph, frames[0], 1.0)
    for layer, name in zip(ours.layers, ("TBD1_a", "TBD1_b", "pool", "fc", "out")):
        assert np.array_equal(layer.spikes[0], theirs[name]), name
    assert sum(layer.spikes.sum() for layer in ours.layers) > 0
    for one, other in zip(ours.layers, exact.trace(imported, frames).layers):
        assert np.array_equal(one.spikes, other.spikes)


def test_weights_and_thresholds_are_the_integers_and_time_is_exact(tmp_path):
    neuron = CubaNeuron(np.array([20, 30]), np.array([164, 0]), 1843)
    network = ChipNetwork((InputLayer("in", (3,)), DenseLayer("fc", (2,), np.array([[9, -7, 254], [0, 1, 3]]), neuron, np.array([4, -5]))))  # fmt: skip
    exporter.write(network, tmp_path / "a.nir", dt=0.5)
    node = nir.read(tmp_path / "a.nir").nodes
    assert node["fc_fc"].weight.tolist() == [[9, -7, 254], [0, 1, 3]] and node["fc"].v_threshold.tolist() == [20, 30]
    assert node["fc"].tau_mem[0] == 0.5 * 4096 / 164 and node["fc"].tau_syn.tolist() == [0.5 * 4096 / 1843] * 2
    # The current does not filter the bias: v_leak is what a step adds.
    assert (0.5 / node["fc"].tau_mem * node["fc"].v_leak).tolist() == pytest.approx([4, -5])


def test_delays_are_written_where_all_synapses_of_an_input_share_them(tmp_path, difference):
    weight, delay = np.array([[3, 0, 5], [2, 4, 6]]), np.array([[2, 9, 0], [2, 7, 0]])
    layer = DenseLayer("fc", (2,), weight, CubaNeuron(3, 0), delay=delay)
    exporter.write(ChipNetwork((InputLayer("in", (3,)), layer)), tmp_path / "a.nir")
    assert exporter.read(tmp_path / "a.nir").layers[1].delay.tolist() == [[2, 7, 0]] * 2
    other = DenseLayer("fc", (2,), weight, CubaNeuron(3, 0), delay=delay + np.array([[0], [1]]))
    with pytest.raises(InputError, match="layer 'fc': a spike reaches neurons after different delays"):
        exporter.write(ChipNetwork((InputLayer("in", (3,)), other)), tmp_path / "b.nir")
    assert not (tmp_path / "b.nir").exists()


def test_a_graph_that_was_changed_is_read_as_anybodys(tmp_path):
    """What stands beside the graph is believed only where the graph is what it was made with."""
    network = whole_number_network(0)
    exporter.write(network, tmp_path / "a.nir")
    with h5py.File(tmp_path / "a.nir", "r+") as file:
        file["node/nodes/out_fc/weight"][0, 0] = 0.5
    assert exporter.read(tmp_path / "a.nir") is None
    with pytest.raises(InputError, match="how its neurons reset"):
        from_nir(tmp_path / "a.nir")
    assert from_nir(tmp_path / "a.nir", reset="hard", dt=1e-4).layers[-1].name == "out"


def test_names_of_layers_become_names_of_nodes_without_a_clash(tmp_path, difference):
    names = ["input", "a.b", "a_b", "7", "output"]
    layers = [InputLayer(names[0], (2,))]
    layers += [DenseLayer(name, (2,), np.array([[2, -2], [2, 4]]), CubaNeuron(1, 0)) for name in names[1:]]
    network = ChipNetwork(tuple(layers))
    exporter.write(network, tmp_path / "a.nir")
    assert all(name.isidentifier() for name in nir.read(tmp_path / "a.nir").nodes)
    assert [layer.name for layer in exporter.read(tmp_path / "a.nir").layers] == names
