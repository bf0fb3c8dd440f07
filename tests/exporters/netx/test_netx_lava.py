"""lava-dl's own reading of what we write, and ours of what lava-dl writes. Lava runs in processes of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.files.netx_entries import CUBA, DENSE, put

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate import exact
from autosnn_hw.simulate import lava as in_lava
from autosnn_hw.simulate.trace import compare
from exporters import grouped_kernels, lava_dense, netx

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed (Python above 3.10, or not Linux)"
)
PROGRAM = Path(__file__).with_name("netx_in_lava.py")


def shipped():
    """The folder of lava-dl's own test networks, or None where its wheel has none."""
    spec = importlib.util.find_spec("lava.lib.dl.slayer") and importlib.util.find_spec("lava")
    for root in list(spec.submodule_search_locations) if spec else []:
        folder = Path(root).parent / "tests/lava/lib/dl/netx"
        if folder.is_dir():
            return folder
    return None


def written(layer):
    """A layer as its file has it: convolutions of many groups with fewer."""
    if isinstance(layer, ConvLayer) and layer.groups > grouped_kernels.MAX_GROUPS:
        groups = grouped_kernels.fewer(layer.groups)
        return grouped_kernels.merge(layer.weight, layer.groups, groups), groups
    return layer.weight, getattr(layer, "groups", None)


def assert_lava_has(network, facts, path):
    """Every block that Lava built has exactly the integers of the network's layer."""
    for index, layer in enumerate(network.neuron_layers):
        start = f"{path}:{index}:"
        found = {key[len(start) :]: value for key, value in facts.items() if key.startswith(start)}
        assert found["shape"].tolist() == list(layer.shape[::-1])
        assert np.array_equal(np.ravel(found["du"]) + 1, np.ravel(layer.neuron.i_decay))
        assert np.array_equal(np.ravel(found["dv"]), np.ravel(layer.neuron.v_decay))
        assert np.array_equal(np.ravel(found["vth"]), np.ravel(layer.neuron.vth_mant))
        if isinstance(layer, InputLayer):
            continue
        weight, groups = written(layer)
        assert np.array_equal(found["weight"], weight)
        bias = np.zeros(1, int) if layer.bias is None else layer.bias
        bias = bias.reshape(-1, 1, 1) if bias.ndim == 1 and len(layer.shape) == 3 and bias.size > 1 else bias
        assert np.array_equal(
            np.broadcast_to(found["bias_mant"], layer.shape[::-1]), np.broadcast_to(bias, layer.shape).T
        )
        if groups is not None:
            for name in ("stride", "padding", "dilation"):
                assert np.broadcast_to(found[name], 2).tolist() == list(getattr(layer, name)), name
            assert found["groups"].item() == groups
        elif layer.delay is not None:
            assert np.array_equal(found["delay"], layer.delay)


def ranges(weight, kernel):
    neuron = CubaNeuron(100, 2048)
    conv = ConvLayer("c", (weight.shape[0], 2, 2), np.full((weight.shape[0], 1, 1, 1), kernel), neuron)
    dense = DenseLayer("fc", (weight.shape[0],), np.repeat(weight[:, None], 4 * weight.shape[0], 1), neuron)
    return ChipNetwork((InputLayer("in", (1, 2, 2)), conv, dense))


SHIPPED = ["tiny.net", "mnist.net", "gts/pilotnet_lif/network.net"]


def dense_matrices():
    rng = np.random.default_rng(1)
    matrices = {}
    for number in range(3000):
        low = -int(rng.choice([0, 0, 1, 2, 64, 127, 128, 129, 200, 255, 256, 257, 300]))
        high = int(rng.choice([-1, 0, 1, 5, 64, 127, 128, 200, 254, 255, 256, 600]))
        weight = rng.integers(low, max(low, high) + 1, (3, 4)) * int(rng.choice([1, 1, 2, 4]))
        if weight.any():
            matrices[str(number)] = weight
    return matrices


def our_networks(random_network):
    rng = np.random.default_rng(0)
    networks = [random_network(seed, big=seed % 3 == 0) for seed in range(20)]
    networks.append(ranges(np.array([254, -256, 128, -130]), 5000))
    networks.append(ranges(np.array([127, -128, 1, -1]), -4_000_000))
    networks.append(ranges(np.array([0, 255, 3, 17]), 2**30))
    many = ConvLayer("dw", (128, 3, 3), rng.integers(-9, 9, (128, 1, 3, 3)), CubaNeuron(9, 9), padding=1, groups=128)
    return [*networks, ChipNetwork((InputLayer("in", (128, 3, 3)), many))]


@pytest.fixture(scope="module")
def lava(random_network, tmp_path_factory):
    """One process with Lava does everything: (folder, our networks by path, facts of each loaded file)."""
    folder = tmp_path_factory.mktemp("lava")
    networks = {folder / f"{number}.net": network for number, network in enumerate(our_networks(random_network))}
    for path, network in networks.items():
        netx.write(network, path)
    np.savez(folder / "dense.npz", **dense_matrices())
    foreign = [shipped() / name for name in SHIPPED] if shipped() else []
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), *map(str, [*networks, *foreign])],
        capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, networks, dict(np.load(folder / "facts.npz"))


def test_lava_loads_what_we_write_with_equal_weights(lava):
    _, networks, facts = lava
    for path, network in networks.items():
        assert_lava_has(network, facts, path)


def test_networks_exported_by_slayer_are_read(lava):
    folder, _, facts = lava
    shape = {"conv": {"input_shape": (2, 10, 10)}}
    paths = {name: folder / f"slayer/slayer_{name}.net" for name in ("conv", "input", "affine")}
    networks = {name: netx.read(path, **shape.get(name, {})) for name, path in paths.items()}
    for name, network in networks.items():
        assert_lava_has(network, facts, paths[name])
    _, first, second, delayed, unshared = networks["conv"].layers
    assert first.weight.any() and isinstance(second, ConvLayer) and second.bias is not None
    assert delayed.delay[:, 0].tolist() == [2, 3, 4, 5, 6, 7, 8] and unshared.neuron.v_decay.shape == (5,)
    assert networks["input"].input_layer.neuron is not None
    assert networks["affine"].readout.accumulates
    with pytest.raises(InputError, match="layer/1: type 'pool'"):
        netx.read(folder / "slayer/slayer_pool.net", input_shape=(2, 10, 10))


@pytest.mark.slow
def test_networks_exported_by_slayer_spike_here_as_in_lava(lava, child):
    """Every spike and every u and v of three nets that slayer wrote, over several samples with resets between them."""
    rng = np.random.default_rng(5)
    for name, shape in (("conv", (2, 10, 10)), ("input", None), ("affine", None)):
        file = lava[0] / f"slayer/slayer_{name}.net"
        network = netx.read(file, **({"input_shape": shape} if shape else {}))
        values = rng.integers(0, 2, (3, 12, *network.input_layer.shape))
        if network.input_layer.neuron is not None:
            values = values * int(np.max(network.input_layer.neuron.vth_mant))
        graded = network.input_layer.neuron is not None
        traces = [
            exact.trace(network, values, graded=graded, states=True),
            in_lava.trace(network, values, graded=graded, states=True, child=child),
        ]
        assert compare(*traces) is None, name
        assert traces[0].layers[0].spikes.any(), name


def reloaded(weight, path, bias=None, vth=60):
    """The network that is read from a file in which somebody wrote these dense weights, and two more neurons."""
    weight = np.asarray(weight)
    with h5py.File(path, "w") as file:
        entry = DENSE | {"shape": [len(weight)], "weight": weight, "neuron": CUBA | {"vThMant": vth}}
        put(file, "layer/0", entry if bias is None else entry | {"bias": bias})
        put(file, "layer/1", DENSE | {"shape": [2], "weight": np.ones((2, len(weight))) * [[40], [-2]]})
    return netx.read(path)


CHANGED_AT_LOAD = {
    "all negative, a power of two": {"weight": np.full((4, 5), -64), "bias": np.full(4, 200)},
    "all negative": {"weight": -np.arange(1, 21).reshape(4, 5) * 3, "bias": np.full(4, 300)},
    "negative beyond 8 bits": {"weight": -np.arange(1, 21).reshape(4, 5) * 30, "bias": np.full(4, 100)},
    "negative and zero beyond 8 bits": {"weight": -np.arange(20).reshape(4, 5) * 30, "bias": np.full(4, 100)},
    "odd, up to 255": {"weight": np.arange(20).reshape(4, 5) * 13 + 8},
    "positive beyond 8 bits": {"weight": np.arange(20).reshape(4, 5) * 40, "bias": np.full(4, 30)},
    "both signs beyond": {"weight": np.arange(20).reshape(4, 5) * 60 - 500},
    "odd, both signs": {"weight": np.arange(20).reshape(4, 5) * 13 - 101},
    "a bias that wraps": {"weight": np.arange(20).reshape(4, 5) - 9, "bias": np.array([40000, 70000, -40000, 30])},
    "a threshold beyond all": {"weight": np.arange(20).reshape(4, 5) - 9, "vth": np.array([60, 2**31 - 1, 2**25, 90])},
}


KEPT = ("all negative", "odd, up to 255", "odd, both signs")


@pytest.fixture(scope="module")
def child():
    with in_lava.LavaChild() as process:
        yield process


@pytest.mark.parametrize("name", CHANGED_AT_LOAD)
def test_what_lava_changes_at_load_is_changed_here_and_written_back_unchanged(name, child, tmp_path):
    """Every spike and every u and v of the file in lava-dl, of what was read of it, and of what is written again."""
    path, again = tmp_path / "a.net", tmp_path / "b.net"
    network = reloaded(path=path, **CHANGED_AT_LOAD[name])
    netx.write(network, again)
    values = np.random.default_rng(3).integers(0, 2, (2, 20, 5))
    ours = exact.trace(network, values, states=True)
    for source in (path, again):
        assert compare(ours, in_lava.trace(source, values, states=True, child=child)) is None
    assert compare(ours, in_lava.trace(network, values, states=True, child=child)) is None
    assert sum(layer.spikes.sum() for layer in ours.layers) > 0
    notes = network.provenance.get("notes", [])
    assert not notes if name in KEPT else any("so does this" in note or "is kept" in note for note in notes)


@pytest.mark.skipif(shipped() is None, reason="lava-dl's wheel came without its test networks")
def test_lava_dls_own_test_networks_are_read_or_refused_by_name(lava, tmp_path, difference):
    facts, root = lava[2], shipped()
    networks = {root / name: netx.read(root / name) for name in SHIPPED}
    assert [len(network.layers) for network in networks.values()] == [3, 4, 10]
    for path, network in networks.items():
        assert_lava_has(network, facts, path)
        netx.write(network, tmp_path / "again.net")
        assert not difference(network, netx.read(tmp_path / "again.net"))
    pilotnet = networks[root / SHIPPED[2]]
    assert pilotnet.readout.accumulates and float(pilotnet.input_layer.foreign_transform[0]) == 40
    voting, cut = (netx.read(root / "gts/ntidigits/ntidigits.net", num_layers=n) for n in (None, 5))
    assert (voting.readout.classes, voting.readout.voters, voting.readout.accumulates) == (11, 22, False)
    assert cut.readout is None and not difference(voting.layers, cut.layers)
    assert cut.layers[1].delay.max() == 62 and cut.layers[1].neuron.i_decay == 1024
    for name in ("network", "square_network"):
        network = netx.read(root / f"gts/pilotnet_sdnn/{name}.net")
        netx.write(network, tmp_path / "again.net")
        assert network.sigma_delta and not difference(network, netx.read(tmp_path / "again.net"))


def test_effective_dense_weights_are_lavas(lava):
    used, exact = np.load(lava[0] / "used.npz"), 0
    matrices = dense_matrices()
    assert len(matrices) > 2000
    for name, weight in matrices.items():
        assert np.array_equal(lava_dense.effective_weight(weight), used[name]), weight
        exact += lava_dense.fault(weight) is None
    assert 0.1 * len(matrices) < exact < 0.9 * len(matrices)
