import os
import resource
import signal
import stat

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from exporters import grouped_kernels, netx

SEEDS = st.integers(0, 2**32 - 1)
FIRES = CubaNeuron(vth_mant=10, v_decay=2048)


def dense_net(weight, **kwargs):
    weight = np.asarray(weight)
    return ChipNetwork(
        (InputLayer("in", (weight.shape[1],)), DenseLayer("fc", weight.shape[:1], weight, FIRES, **kwargs))
    )


def conv_net(weight, *, size=9, groups=1, **kwargs):
    channels, inputs, kernel, _ = weight.shape
    layer = ConvLayer("c", (channels, size, size), weight, FIRES, padding=kernel // 2, groups=groups, **kwargs)
    return ChipNetwork((InputLayer("in", (inputs * groups, size, size)), layer))


@given(seed=SEEDS)
@example(seed=184003943)  # a bias map of a single neuron
@settings(max_examples=30, deadline=None)
def test_reading_what_was_written_gives_the_same_network(
    seed, random_network, with_check, difference, tmp_path_factory
):
    network = with_check(random_network(seed))
    path = tmp_path_factory.mktemp("net") / "a.net"
    netx.write(network, path)
    again = netx.read(path)
    assert not difference(network, again)
    assert dict(network.provenance) == dict(again.provenance)


def test_the_same_network_gives_the_same_bytes(random_network, tmp_path):
    network = random_network(3)
    netx.write(network, tmp_path / "a.net")
    netx.write(netx.read(tmp_path / "a.net"), tmp_path / "b.net")
    assert (tmp_path / "a.net").read_bytes() == (tmp_path / "b.net").read_bytes()


def test_entries_stand_as_slayer_writes_them(tmp_path):
    conv = ConvLayer("c", (2, 4, 4), np.full((2, 1, 3, 3), 2), FIRES, bias=np.array([1, 2]), padding=1)
    fc = DenseLayer("fc", (3,), np.arange(96).reshape(3, 32) - 40, FIRES)
    netx.write(ChipNetwork((InputLayer("in", (1, 4, 4), FIRES), conv, fc), timesteps=4), tmp_path / "a.net")
    with h5py.File(tmp_path / "a.net") as f:
        assert set(f) == {"layer", "autosnn_hw"}
        assert [f[f"layer/{i}/type"][0] for i in range(4)] == [b"input", b"conv", b"flatten", b"dense"]
        entry = f["layer/1"]
        assert entry["type"].dtype == "S10" and entry["weight"].dtype == np.float32
        assert set(entry["neuron"]) == {"type", "iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike"}
        assert {"stride", "padding", "dilation", "groups", "inChannels", "outChannels", "kernelSize"} <= set(entry)
        assert dict(f["autosnn_hw"].attrs)["format"] == 1 and dict(f["autosnn_hw"].attrs)["timesteps"] == 4
        assert set(f["autosnn_hw/layers"]) == {"0", "1", "3"}


@pytest.mark.parametrize("groups, written", [(128, 64), (130, 65), (254, 127), (131, 1), (127, 127)])
def test_many_groups_are_written_as_few_with_diagonal_kernels(groups, written, tmp_path, difference):
    rng = np.random.default_rng(groups)
    network = conv_net(rng.integers(-9, 9, (groups * 2, 1, 3, 3)), size=3, groups=groups)
    netx.write(network, tmp_path / "a.net")
    with h5py.File(tmp_path / "a.net") as f:
        assert f["layer/1/groups"][()] == written
        merged = f["layer/1/weight"][()].astype(np.int64)
    assert not difference(network, netx.read(tmp_path / "a.net"))
    other = ConvLayer("c", (groups * 2, 3, 3), merged, FIRES, padding=1, groups=written)
    spikes = rng.integers(0, 2, (groups, 3, 3))
    assert np.array_equal(convolve(network.layers[1], spikes), convolve(other, spikes))


def convolve(layer, spikes):
    padded = np.pad(spikes, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros(layer.shape, np.int64)
    per_group = layer.shape[0] // layer.groups
    inputs = layer.weight.shape[1]
    for channel in range(layer.shape[0]):
        first = channel // per_group * inputs
        for y, x in np.ndindex(*layer.shape[1:]):
            window = padded[first : first + inputs, y : y + 3, x : x + 3]
            out[channel, y, x] = (window * layer.weight[channel]).sum()
    return out


@given(into=st.integers(1, 4), more=st.integers(1, 4), out=st.integers(1, 3), inputs=st.integers(1, 3), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_merged_kernels_split_again(into, more, out, inputs, seed):
    groups = into * more
    weight = np.random.default_rng(seed).integers(1, 9, (groups * out, inputs, 2, 2))
    merged = grouped_kernels.merge(weight, groups, into)
    assert np.array_equal(grouped_kernels.split(merged, into, groups), weight)
    if more > 1:
        merged[0, -1] = 7
        assert grouped_kernels.split(merged, into, groups) is None


@pytest.mark.parametrize(
    "network, words",
    [
        (dense_net(np.zeros((2, 3))), ["'fc'", "all its weights are zero", "one weight must differ"]),
        (dense_net(np.full((2, 3), -64)), ["'fc'", "-64..-64", "one positive weight"]),
        (dense_net([[255, -1]]), ["'fc'", "-1..255", "-256..254 is allowed"]),
        (dense_net([[3, -257]]), ["'fc'", "-257..3"]),
        (dense_net([[300, 1]]), ["'fc'", "1..300", "0..255"]),
        (dense_net([[2, -2]], bias=np.array([40000])), ["'fc'", "40000", "wraps"]),
        (dense_net([[2, -2]], delay=np.array([[63, 0]])), ["'fc'", "63", "62"]),
        (conv_net(np.full((1, 1, 1, 1), 2**31)), ["'c'", "32 bits"]),
        (conv_net(np.full((1, 1, 131, 131), 1), size=131), ["'c'", "kernel is 131", "127"]),
    ],
)
def test_what_lava_would_change_is_refused_with_the_layers_name(network, words, tmp_path):
    with pytest.raises(InputError) as error:
        netx.write(network, tmp_path / "a.net")
    assert all(word in str(error.value) for word in words), error.value
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_geometry_beyond_eight_bits_is_refused(name, tmp_path):
    kernel, given_ = (2, {"dilation": (128, 1)}) if name == "dilation" else (1, {name: (128, 1)})
    source = InputLayer("in", (1, 300, 9))
    height = {"stride": 3, "padding": 556, "dilation": 172}[name]
    width = 11 if name == "padding" else 8 if name == "dilation" else 9
    layer = ConvLayer("c", (1, height, width), np.ones((1, 1, kernel, kernel)), FIRES, **given_)
    with pytest.raises(InputError, match=rf"'c'.*its {name} is 128.*at most 127"):
        netx.write(ChipNetwork((source, layer)), tmp_path / "a.net")


def test_a_threshold_that_overflows_lavas_integers_is_refused(tmp_path):
    network = ChipNetwork((InputLayer("in", (1,)), DenseLayer("fc", (1,), np.ones((1, 1)), CubaNeuron(2**25, 0))))
    with pytest.raises(InputError, match="'fc'.*33554432.*131072"):
        netx.write(network, tmp_path / "a.net")


def test_an_existing_file_is_replaced_whole_and_nothing_else_stays(tmp_path, random_network):
    path = tmp_path / "a.net"
    path.write_bytes(b"old")
    netx.write(random_network(1), path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.net"]
    assert h5py.is_hdf5(path) and stat.S_IMODE(path.stat().st_mode) & 0o400


def test_a_missing_folder_is_one_sentence(tmp_path, random_network):
    with pytest.raises(RunError, match="cannot be written: No such file"):
        netx.write(random_network(1), tmp_path / "nowhere" / "a.net")


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path, random_network):
    path = tmp_path / "a.net"
    path.write_bytes(b"old")
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        try:
            netx.write(random_network(1), path)
        except RunError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["a.net"]
