"""NIR graphs as chip networks: spike for spike as an interpreter of the graph that shares nothing with the import, and as silicon."""

from pathlib import Path

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files.nir_graphs import chain, conv, ends, frames, graph_of, integrate
from support.peers import nir_interpreter

from autosnn_hw import from_nir
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Role
from autosnn_hw.simulate import exact
from exporters import netx

DATA = Path(__file__).parents[2] / "data/nir"


def assert_same_spikes(graph, shape, seed=0, steps=12, dt=1.0, **how):
    rng = np.random.default_rng(seed)
    network = from_nir(graph, dt=dt, reset="hard", **how)
    samples = frames(rng, 2, steps, *shape)
    ours = exact.trace(network, samples)
    layers = {layer.name: layer for layer in network.layers}
    fired = 0.0
    for sample in range(2):
        expected = nir_interpreter.run(graph, samples[sample], dt)
        for trace in ours.layers:
            own = trace.spikes[sample][:, layers[trace.name].roles == Role.OWN]
            assert np.array_equal(own.reshape(steps, -1), expected[trace.name].reshape(steps, -1)), trace.name
            fired += own.sum()
    assert fired > 0
    return network


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_a_chain_of_convolutions_pools_and_matrices_spikes_as_the_graph(seed):
    rng = np.random.default_rng(seed)
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    kernel, stride = int(rng.choice([1, 3])), int(rng.integers(1, 3))
    side = 8 // stride
    first, last = ends((2, 8, 8), (5,))
    nodes = [
        first,
        conv(rng, 4, 2, kernel, stride=stride, groups=int(rng.integers(1, 3))), integrate(rng, (4, side, side)),
        pool, conv(rng, 6, 4, 3, groups=int(rng.integers(1, 3)), dilation=int(rng.integers(1, 2))), integrate(rng, (6, side // 2, side // 2)),
        nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])), nir.Scale(np.array(4.0)), nir.Flatten({"input": np.array([6, side // 4, side // 4])}, 0, -1),
        nir.Affine(rng.integers(-3, 4, (5, 6 * (side // 4) ** 2)).astype(float), rng.integers(-1, 3, 5).astype(float)), integrate(rng, (5,)),
        last,
    ]  # fmt: skip
    network = assert_same_spikes(chain(*nodes), (2, 8, 8), seed)
    assert len(network.layers) == 4 and isinstance(network.layers[2], ConvLayer)
    assert network.layers[2].weight.shape[2:] == (6, 6)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_a_residual_graph_carries_spikes_as_relays(seed):
    rng = np.random.default_rng(seed)
    first, last = ends((2, 6, 6), (4, 6, 6))
    nodes = {
        "input": first,
        "a": conv(rng, 4, 2, 3), "n1": integrate(rng, (4, 6, 6)),
        "b": conv(rng, 3, 4, int(rng.choice([1, 3, 5]))), "n2": integrate(rng, (3, 6, 6)),
        "c": conv(rng, 4, 3, 3), "skip": conv(rng, 4, 4, 1, bias=False), "image": conv(rng, 4, 2, 3), "n3": integrate(rng, (4, 6, 6)),
        "output": last,
    }  # fmt: skip
    edges = [("input", "a"), ("a", "n1"), ("n1", "b"), ("b", "n2"), ("n2", "c"), ("c", "n3"), ("n3", "output")]
    identity = [*edges, ("n1", "n3")]
    network = assert_same_spikes(graph_of(nodes, identity), (2, 6, 6), seed)
    assert [int((layer.roles == Role.RELAY).sum()) for layer in network.layers] == [0, 0, 4, 0]
    projected = [*edges, ("n1", "skip"), ("skip", "n3"), ("input", "image"), ("image", "n3")]
    network = assert_same_spikes(graph_of(nodes, projected), (2, 6, 6), seed)
    assert [int((layer.roles == Role.RELAY).sum()) for layer in network.layers] == [0, 2, 6, 0]


@pytest.mark.slow
def test_a_residual_graph_of_matrices_and_relays_runs_in_lava(tmp_path):
    pytest.importorskip("lava")
    from autosnn_hw.simulate import lava
    from autosnn_hw.simulate.trace import compare

    rng = np.random.default_rng(3)
    first, last = ends((9,), (4,))
    affine = lambda out, inp: nir.Affine(rng.integers(-3, 4, (out, inp)).astype(float), rng.integers(0, 2, out) * 1.0)  # noqa: E731
    nodes = {"input": first, "a": affine(6, 9), "n1": integrate(rng, (6,)), "b": affine(6, 6), "n2": integrate(rng, (6,)),
             "c": affine(4, 6), "d": affine(4, 9), "n3": integrate(rng, (4,)), "output": last}  # fmt: skip
    edges = [("input", "a"), ("a", "n1"), ("n1", "b"), ("b", "n2"), ("n1", "n2"), ("n2", "c"), ("c", "n3"), ("input", "d"), ("d", "n3"), ("n3", "output")]  # fmt: skip
    network = assert_same_spikes(graph_of(nodes, edges), (9,), 3)
    netx.write(network, tmp_path / "a.net")
    samples = frames(rng, 3, 15, 9)
    assert compare(exact.trace(network, samples), lava.trace(tmp_path / "a.net", samples)) is None


@pytest.mark.parametrize("tau", [4.0, np.array([2.0, 4.0, 8.0])])
def test_leaky_neurons_follow_the_euler_step(tau):
    """Decays that 4,096 divides; only the cut below 1/64 of a weight's unit is left, so nearly every spike agrees."""
    rng = np.random.default_rng(1)
    first, last = ends((20,), (3,))
    one = np.ones(3)
    neuron = nir.LIF(tau=tau * one, r=2 * one, v_leak=0.25 * one, v_threshold=3.5 * one)
    graph = chain(first, nir.Affine(rng.integers(-3, 6, (3, 20)).astype(float), np.zeros(3)), neuron, last)
    network = from_nir(graph, dt=1.0, reset="hard")
    assert np.array_equal(np.broadcast_to(network.layers[1].neuron.v_decay, 3), np.broadcast_to(4096 / tau, 3))
    samples = frames(rng, 4, 200, 20)
    ours = exact.trace(network, samples).layers[0].spikes
    theirs = np.stack([nir_interpreter.run(graph, sample, 1.0)["1"] for sample in samples])
    assert theirs.mean() > 0.02 and (ours != theirs).mean() < 0.01


def test_currents_with_memory_follow_the_euler_step():
    rng = np.random.default_rng(2)
    first, last = ends((20,), (3,))
    one = np.ones(3)
    neuron = nir.CubaLIF(tau_mem=8 * one, tau_syn=2 * one, r=4 * one, w_in=2 * one, v_leak=0 * one, v_threshold=5 * one)
    graph = chain(first, nir.Linear(rng.integers(-3, 6, (3, 20)).astype(float)), neuron, last)
    network = from_nir(graph, dt=1.0, reset="hard")
    assert (network.layers[1].neuron.i_decay, network.layers[1].neuron.v_decay) == (2048, 512)
    samples = frames(rng, 4, 200, 20)
    ours = exact.trace(network, samples).layers[0].spikes
    theirs = np.stack([nir_interpreter.run(graph, sample, 1.0)["1"] for sample in samples])
    assert theirs.mean() > 0.02 and (ours != theirs).mean() < 0.01


def test_a_neuron_on_silicon_is_imported_without_a_spike_of_difference():
    """norse's LIF neuron on a Loihi 2 chip: 1,000 steps; its output is recorded one step late."""
    network = from_nir(DATA / "lif_norse.nir", dt=1e-4, reset="hard")
    chip = np.loadtxt(DATA / "lif_lava_loihi_fixed.csv", delimiter=",")
    samples = chip[:, 0].astype(np.uint8).reshape(1, -1, 1)
    spikes = exact.trace(network, samples).layers[0].spikes[0, :, 0]
    assert chip[:, 2].sum() == 4 and np.array_equal(spikes[:-1], chip[1:, 2]) and len(spikes) == 1000


def test_the_integers_of_that_neurons_authors_give_their_voltages():
    """Weight 10, threshold 25, vDecay 163: v and spikes of Lava's CPU trace, one step late, in every step; of the chip's trace but for
    the steps that fire, where its probe reads 128."""
    neuron = CubaNeuron(vth_mant=25, v_decay=163)
    network = ChipNetwork((InputLayer("in", (1,)), DenseLayer("lif", (1,), np.array([[10]]), neuron)))
    simulator, chip = (np.loadtxt(DATA / f"lif_lava_{name}_fixed.csv", delimiter=",") for name in ("cpu", "loihi"))
    found = exact.trace(network, chip[:, 0].astype(np.uint8).reshape(1, -1, 1), states=True).layers[0]
    voltage, spikes = found.v[0, :-1, 0], found.spikes[0, :-1, 0]
    assert np.array_equal(voltage, simulator[1:, 1]) and np.array_equal(spikes, simulator[1:, 2])
    assert np.array_equal(voltage[spikes == 0], chip[1:, 1][spikes == 0]) and np.array_equal(spikes, chip[1:, 2])


def test_a_constant_drive_comes_from_the_leak():
    network = from_nir(DATA / "two_lif_neurons.nir", dt=1e-4, reset="hard")
    graph = nir.read(DATA / "two_lif_neurons.nir", type_check=False)
    none = np.zeros((1, 300, 1), np.uint8)
    ours = exact.trace(network, none).layers[0].spikes[0]
    assert np.array_equal(ours, nir_interpreter.run(graph, none[0], 1e-4)["lif1"]) and ours.sum() >= 1


@pytest.mark.slow
def test_a_network_of_sinabs_folds_its_sum_pools_and_runs_in_lava(tmp_path):
    network = from_nir(DATA / "cnn_sinabs.nir", dt=1.0, reset="hard", fires_at_threshold=True)
    assert [layer.shape for layer in network.layers] == [
        (2, 34, 34),
        (16, 16, 16),
        (16, 16, 16),
        (8, 8, 8),
        (256,),
        (10,),
    ]
    assert network.layers[3].weight.shape == (8, 16, 6, 6) and network.layers[3].stride == (2, 2)
    netx.write(network, tmp_path / "a.net")
    samples = frames(np.random.default_rng(0), 1, 6, 2, 34, 34)
    ours = exact.trace(network, samples)
    graph = nir.read(DATA / "cnn_sinabs.nir", type_check=False)
    theirs = nir_interpreter.run(graph, samples[0], 1.0)["1"]
    assert abs(ours.layers[0].spikes[0] - theirs).mean() < 0.01  # 8-bit weights
    pytest.importorskip("lava")
    from autosnn_hw.simulate import lava
    from autosnn_hw.simulate.trace import compare

    assert compare(ours, lava.trace(tmp_path / "a.net", samples)) is None


@pytest.mark.parametrize("fires_at, spikes", [(False, 0), (True, 1)])
def test_what_happens_at_the_threshold_is_said_by_the_caller(fires_at, spikes):
    first, last = ends((1,), (1,))
    graph = chain(first, nir.Linear(np.array([[3.0]])), nir.IF(r=np.ones(1), v_threshold=np.full(1, 3.0)), last)
    network = from_nir(graph, dt=1.0, reset="hard", fires_at_threshold=fires_at)
    assert exact.run(network, np.ones((1, 1, 1), np.uint8)).layers[0].spikes.sum() == spikes


def test_a_leaky_integrator_at_the_end_is_read_by_its_voltage():
    first, last = ends((3,), (2,))
    one = np.ones(2)
    graph = chain(
        first, nir.Linear(np.array([[2.0, -1, 0], [1, 1, 1]])), nir.LI(tau=4 * one, r=one, v_leak=0 * one), last
    )
    network = from_nir(graph, dt=1.0, reset="hard")
    assert network.readout.accumulates and network.readout.classes == 2
    assert exact.run(network, np.ones((1, 5, 3), np.uint8)).predictions(network.readout).tolist() == [1]


def test_delays_stay_with_the_matrix_behind_them():
    first, last = ends((3,), (2,))
    delay = nir.Delay(np.array([0.0, 2e-3, 5e-3]))
    graph = chain(
        first, delay, nir.Linear(np.array([[1.0, 1, 1], [2, 0, 2]])), integrate(np.random.default_rng(0), (2,)), last
    )
    network = from_nir(graph, dt=1e-3, reset="hard")
    assert network.layers[1].delay.tolist() == [[0, 2, 5]] * 2
    with pytest.raises(InputError, match="0 to 12.5 steps of dt 0.0004; whole steps"):
        from_nir(graph, dt=4e-4, reset="hard")


def test_the_step_is_found_where_the_constants_give_it_away():
    first, last = ends((2,), (2,))
    one = np.ones(2)

    def leaky(tau, r):
        return chain(
            first, nir.Linear(np.eye(2)), nir.LIF(tau=tau * one, r=r * one, v_leak=0 * one, v_threshold=one), last
        )

    about = from_nir(leaky(1e-3, 10.0), reset="hard").provenance["import"]  # snnTorch: beta .9, dt 1e-4
    assert about["dt"] == pytest.approx(1e-4) and about["dt_is"] == "found in r = tau / dt"
    with pytest.raises(InputError, match="does not say its time step.*'1'.*give --dt"):
        from_nir(leaky(1e-3, 1.0), reset="hard")
    both = leaky(1e-3, 10.0)
    for kind, memoryless, known in (
        (nir.LIF, {"tau": 1e-4 * one, "r": one}, True), (nir.LIF, {"tau": 1e-3 * one, "r": one}, False),
        (nir.IF, {"r": 1e4 * one}, True), (nir.IF, {"r": one}, False), (nir.IF, {"r": 0 * one}, False),
    ):  # fmt: skip
        leak = {} if kind is nir.IF else {"v_leak": 0 * one}
        nodes = {**both.nodes, "2": nir.Linear(np.eye(2)), "3": kind(**memoryless, **leak, v_threshold=one / 2)}
        graph = graph_of(nodes, [("input", "0"), ("0", "1"), ("1", "2"), ("2", "3"), ("3", "output")])
        if known:
            assert from_nir(graph, reset="hard").provenance["import"]["dt"] == pytest.approx(1e-4)
        else:
            with pytest.raises(InputError, match="does not say its time step"):
                from_nir(graph, reset="hard")
    with pytest.raises(InputError, match="node '1' .LIF.: dt 1 is longer than its tau 0.001"):
        from_nir(leaky(1e-3, 1.0), dt=1.0, reset="hard")


def test_nested_graphs_are_taken_apart(tmp_path):
    rng = np.random.default_rng(0)
    first, last = ends((4,), (3,))
    inner_first, inner_last = ends((4,), (3,))
    inner = graph_of(
        {"input": inner_first, "fc": nir.Affine(rng.integers(-2, 5, (3, 4)) * 1.0, np.ones(3)), "lif": integrate(rng, (3,)), "output": inner_last},
        [("input", "fc"), ("fc", "lif"), ("lif", "output")],
    )  # fmt: skip
    outer = graph_of({"input": first, "block": inner, "output": last}, [("input", "block"), ("block", "output")])
    flat = chain(first, inner.nodes["fc"], inner.nodes["lif"], last)
    nir.write(tmp_path / "a.nir", outer)
    samples = frames(rng, 1, 10, 4)
    for graph in (outer, tmp_path / "a.nir"):
        network = from_nir(graph, dt=1.0, reset="hard")
        assert network.layers[1].name == "block.lif"
        assert np.array_equal(
            exact.trace(network, samples).layers[0].spikes[0], nir_interpreter.run(flat, samples[0], 1.0)["1"]
        )


def test_the_account_says_what_was_read_assumed_and_rounded():
    network = from_nir(DATA / "cnn_sinabs.nir", dt=1.0, reset="hard")
    about = network.provenance["import"]
    assert (about["dt"], about["reset"], about["fires"]) == (1.0, "hard", "above the threshold")
    layer = about["layers"][2]
    assert layer["layer"] == "6" and layer["through"] == ["4", "5"] and layer["read"]["v_threshold"] == 1.0
    assert (
        layer["integers"]["vDecay"] == 0
        and 0 < layer["changed_by_rounding"]["weight"] < 0.004
        and not layer["weights_exact"]
    )
