"""Files made by others, damaged files and hostile ones."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from exporters import netx

CUBA = {"type": "CUBA", "iDecay": 4096, "vDecay": 1024, "vThMant": 25}
CONV = {"type": "conv", "shape": [2, 4, 4], "stride": 1, "padding": 1, "dilation": 1, "groups": 1,
        "weight": np.ones((2, 1, 3, 3)), "neuron": CUBA}  # fmt: skip
DENSE = {"type": "dense", "shape": [3], "weight": np.arange(96).reshape(3, 32) - 40.0, "neuron": CUBA}
FRAMES = {"type": "input", "shape": [1, 4, 4]}
FLATTEN = {"type": "flatten", "shape": [32, 1, 1]}


def put(group, name, value):
    if isinstance(value, dict):
        child = group.create_group(name)
        for key, item in value.items():
            put(child, key, item)
    else:
        group[name] = np.bytes_(value) if isinstance(value, str) else value


@pytest.fixture
def write(tmp_path):
    def write(*entries, **root):
        path = tmp_path / "a.net"
        with h5py.File(path, "w", libver="v110") as f:
            f.create_group("layer")
            for index, entry in enumerate(entries):
                put(f["layer"], str(index), entry)
            for name, value in root.items():
                put(f, name, value)
        return path

    return write


def without(entry, name):
    return {key: value for key, value in entry.items() if key != name}


def test_a_plain_file_is_read_in_order(write):
    network = netx.read(write(FRAMES, CONV, FLATTEN, DENSE))
    assert [layer.name for layer in network.layers] == ["0:input", "1:conv", "3:dense"]
    assert network.input_layer.neuron is None and network.timesteps is None and network.readout is None
    assert network.layers[1].neuron.vth_mant == 25 and network.layers[2].weight[0, 0] == -40


VARIABLE = np.array(["conv"], h5py.string_dtype())


@pytest.mark.parametrize("kind", [np.bytes_("conv"), np.array([b"conv"], "S10"), VARIABLE, VARIABLE[0].encode()])
def test_a_type_may_be_stored_in_any_string_form(kind, write):
    assert netx.read(write(FRAMES, CONV | {"type": kind})).layers[1].shape == (2, 4, 4)


@pytest.mark.parametrize(
    "change",
    [
        {"weight": np.ones((2, 1, 3, 3, 1))},
        {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1]},
        {"bias": 5.0},
        {"bias": np.array([5.0, 5.0])},
        {"neuron": CUBA | {"type": "LOIHI", "vThMant": np.array([25, 25]), "theta": 1600, "wgtExp": 0}},
        {"neuron": CUBA | {"iDecay": np.array([4096])}},
        {"inChannels": 1, "kernelSize": [3, 3]},
    ],
)
def test_forms_of_conv_entries_seen_in_the_wild(change, write):
    layer = netx.read(write(FRAMES, CONV | change)).layers[1]
    assert layer.weight.shape == (2, 1, 3, 3) and layer.padding == (1, 1)
    assert np.array_equal(np.broadcast_to(layer.neuron.vth_mant, 2), [25, 25])
    assert layer.bias is None or layer.bias.tolist() == [5, 5]


def test_a_bias_of_full_shape_is_in_lavas_order(write):
    bias = np.arange(24).reshape(4, 3, 2)
    entry = CONV | {"shape": [2, 3, 4], "bias": bias}
    assert np.array_equal(netx.read(write(FRAMES | {"shape": [1, 3, 4]}, entry)).layers[1].bias, bias.T)


@pytest.mark.parametrize("shape, weight", [([3, 1, 1], (3, 32)), ([3], (96,)), ([1, 1, 3], (3, 32))])
def test_forms_of_dense_entries_seen_in_the_wild(shape, weight, write):
    layer = netx.read(write(DENSE | {"shape": shape, "weight": DENSE["weight"].reshape(weight)})).layers[1]
    assert layer.shape == (3,) and np.array_equal(layer.weight, DENSE["weight"])


@pytest.mark.parametrize(
    "delay, expected",
    [
        (2, np.full((3, 32), 2)),
        (np.array([1.0, 2.0, 62.0]), np.repeat([[1], [2], [62]], 32, 1)),
        (np.arange(32), np.repeat(np.arange(32)[None], 3, 0)),
        (np.arange(96).reshape(3, 32) % 9, np.arange(96).reshape(3, 32) % 9),
        (0, None),
    ],
)
def test_delays_of_every_shape(delay, expected, write):
    layer = netx.read(write(DENSE | {"delay": delay})).layers[1]
    assert expected is None if layer.delay is None else np.array_equal(layer.delay, expected)


def test_an_axonal_delay_of_a_square_layer_belongs_to_the_neurons_as_in_netx(write):
    entry = {"type": "dense", "shape": [2], "weight": np.array([[1, -2], [3, 4]]), "delay": [5, 6], "neuron": CUBA}
    assert netx.read(write(entry)).layers[1].delay.tolist() == [[5, 5], [6, 6]]


@pytest.mark.parametrize(
    "entries, words",
    [
        ((FRAMES, CONV | {"delay": [1, 2]}), "layer/1: Lava ignores the delay of a conv entry"),
        ((DENSE | {"delay": 70},), "layer/0: delays up to 70; Lava clips them to 62"),
        ((without(DENSE, "neuron"),), "layer/0: no neuron: Lava's default adds up in u and never fires"),
        ((DENSE | {"weight": DENSE["weight"] + 0.9},), "layer/0: weight holds fractions; NetX cuts them toward zero"),
        ((DENSE | {"bias": np.full(3, 40000)},), "layer/0: bias holds values beyond 16 bits, which Lava would wrap"),
        ((DENSE | {"neuron": CUBA | {"refDelay": 3}},), "layer/0: neuron/refDelay is not 1; NetX ignores it"),
        ((DENSE | {"neuron": CUBA | {"messageBits": 8}},), "layer/0: neuron/messageBits makes lava-dl fail"),
        ((FRAMES | {"weight": [40.0], "bias": 36.0, "neuron": CUBA}, CONV), "weight 40 and bias 36"),
        ((FRAMES | {"shape": [128, 2, 2]}, CONV | {"shape": [128, 2, 2], "groups": 128, "weight": np.ones((128, 1, 3, 3))}),
         "128 groups, which Lava keeps in 8 bits"),
    ],
)  # fmt: skip
def test_what_lava_ignores_or_changes_is_noted_once(entries, words, write, tmp_path, difference):
    network = netx.read(write(*entries))
    assert any(words in note for note in network.provenance["notes"]), network.provenance
    if "16 bits" not in words:
        netx.write(network, tmp_path / "b.net")
        again = netx.read(tmp_path / "b.net")
        assert not difference(network, ChipNetwork(**{**vars(again), "readout": network.readout}))
        assert again.provenance["notes"] == network.provenance["notes"]


def test_fractions_are_cut_as_netx_cuts_them(write):
    network = netx.read(write(DENSE | {"shape": [1], "weight": np.array([[1.9, -1.9]])}))
    assert network.layers[1].weight.tolist() == [[1, -1]]


def test_an_input_with_a_transform_keeps_it_to_show(write):
    network = netx.read(write(FRAMES | {"weight": [40.0], "bias": 36.0, "neuron": CUBA}, CONV))
    assert [float(value.item()) for value in network.input_layer.foreign_transform] == [40, 36]
    assert network.input_layer.bias is None


@pytest.mark.parametrize(
    "entry, classes", [(without(DENSE, "neuron"), 3), (DENSE | {"neuron": CUBA | {"vThMant": 131071, "vDecay": 0}}, 3)]
)
def test_a_readout_that_never_fires_is_read_by_its_v(entry, classes, write):
    readout = netx.read(write(entry)).readout
    assert (readout.classes, readout.voters, readout.accumulates) == (classes, 1, True)


def test_a_dense_entry_without_neuron_gets_lavas_default(write):
    neuron = netx.read(write(without(DENSE, "neuron"))).layers[1].neuron
    assert (neuron.i_decay, neuron.v_decay, neuron.vth_mant) == (0, 4096, 131072)


def test_without_an_input_entry_a_conv_needs_the_shape_from_the_caller(write):
    path = write(CONV)
    with pytest.raises(InputError, match=r"layer/0.*no input entry.*input_shape=\(C, H, W\)"):
        netx.read(path)
    assert netx.read(path, input_shape=(1, 4, 4)).input_layer.shape == (1, 4, 4)
    with pytest.raises(InputError, match="0:conv"):
        netx.read(path, input_shape=(1, 9, 4))


KINDS = ["pool", "average", "convT", "unpool", "concat", "dense_rec", "dense_comp", "affine", "kwta", "foo", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_types_that_cannot_be_represented_are_refused_by_name(kind, write):
    path = write(FRAMES, CONV, {"type": kind, "shape": [2, 1, 1]})
    with pytest.raises(InputError, match=rf"^layer/2: type '{kind}' .*(needed|entries are read|num_layers=2)"):
        netx.read(path)
    assert len(netx.read(path, num_layers=2).layers) == 2


@pytest.mark.parametrize("kind", ["SDNN", "RF", "RF_PHASE", "ADRF", "ALIF", "sigma"])
def test_neurons_that_are_not_cuba_are_refused_by_name(kind, write):
    with pytest.raises(InputError, match=f"^layer/1: neuron type '{kind}' is not supported; CUBA or LOIHI is needed"):
        netx.read(write(FRAMES, CONV | {"neuron": CUBA | {"type": kind}}))


@pytest.mark.parametrize("name", ["type", "shape", "stride", "padding", "dilation", "groups", "weight", "neuron"])
def test_a_missing_dataset_is_named_with_its_entry(name, write):
    with pytest.raises(InputError, match=f"^layer/1: {name} is missing"):
        netx.read(write(FRAMES, without(CONV, name)))


@pytest.mark.parametrize("name", ["type", "iDecay", "vDecay", "vThMant"])
def test_a_missing_neuron_parameter_is_named(name, write):
    with pytest.raises(InputError, match=f"^layer/1: neuron/{name} is missing"):
        netx.read(write(FRAMES, CONV | {"neuron": without(CUBA, name)}))


@pytest.mark.parametrize(
    "entries, words",
    [
        ((FRAMES, CONV, DENSE), "layer/2: a dense entry after '1:conv' of shape .* needs a flatten entry"),
        ((FRAMES, FLATTEN, CONV), "layer/2: a conv entry after a flatten entry"),
        ((FRAMES, CONV, FRAMES), "layer/2: a second input entry"),
        ((FRAMES,), "no conv or dense layer"),
        ((), "holds 0 entries"),
        ((FRAMES, CONV | {"shape": [2, 5, 4]}), r"'1:conv'.*\(5, 4\).*\(4, 4\)"),
        ((FRAMES, CONV | {"groups": 0}), "layer/1: weight has shape .* with 0 groups"),
        ((FRAMES, CONV | {"groups": 3}), "layer/1: weight has shape"),
        ((FRAMES, CONV | {"stride": 0}), "'1:conv': stride is"),
        ((FRAMES, CONV | {"padding": -1}), "'1:conv': padding is"),
        ((FRAMES, CONV | {"weight": np.full((2, 1, 3, 3), np.nan)}), "layer/1/weight holds NaN"),
        ((FRAMES, CONV | {"weight": np.full((2, 1, 3, 3), 1e30)}), "layer/1: weight holds values beyond 32 bits"),
        ((FRAMES, CONV | {"weight": "text"}), "layer/1/weight has dtype"),
        ((FRAMES, CONV | {"weight": {"real": 1, "imag": 1}}), "layer/1: weight is complex"),
        ((FRAMES, CONV | {"weight": np.ones((0, 1, 3, 3))}), "layer/1: weight has shape"),
        ((FRAMES, CONV | {"bias": np.ones(5)}), r"layer/1: bias has shape \(5,\)"),
        ((FRAMES, CONV | {"neuron": CUBA | {"vDecay": 5000}}), "layer/1: .*v_decay is 5000; at most 4096"),
        ((FRAMES, CONV | {"neuron": CUBA | {"vThMant": -1}}), "layer/1: .*vth_mant is negative"),
        ((FRAMES, CONV | {"neuron": CUBA | {"vThMant": 1.5}}), "layer/1: neuron/vThMant holds fractions"),
        ((FRAMES, CONV | {"neuron": CUBA | {"vThMant": np.arange(5)}}), "'1:conv'.*vth_mant has 5 values"),
        ((FRAMES | {"shape": [1, 2**20, 2**20]}, CONV), "layer/0: shape is .*; .* neurons in all"),
        ((FRAMES | {"shape": [4, 4]}, CONV), r"layer/0: shape is \(4, 4\)"),
        ((DENSE | {"delay": -1},), "layer/0: delay holds -1"),
        ((DENSE | {"delay": [1, 2]},), r"layer/0: delay has shape \(2,\)"),
        ((DENSE | {"shape": [5]},), "layer/0: weight has shape"),
        ((FRAMES | {"weight": [1, 2], "neuron": CUBA}, CONV), "layer/0: weight and bias of an input entry"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_one_sentence(entries, words, write):
    with pytest.raises(InputError, match=words) as error:
        netx.read(write(*entries))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"layers": {"7": {"name": "x"}}}, r"layer entries \[7\]"),
        ({"layers": {"x": {"name": "x"}}}, "not the number of a layer entry"),
        ({"layers": {"1": {"role": np.array([9, 9])}}}, "roles"),
        ({"layers": {"1": {"groups": 3}}}, "not those of 3 groups"),
        ({"readout": {"classes": 5, "voters": 5}}, "5 classes x 5 voters"),
        ({"readout": {"classes": 0, "voters": 5}}, "at least 1"),
        ({"encoder": {"weight": np.ones((2, 1, 3))}}, "encoder/weight has shape"),
        (
            {"check": {"images": np.ones((2, 2), np.uint8), "labels": [0], "spikes": [[0]], "predictions": [0]}},
            "labels",
        ),
    ],
)
def test_our_own_group_is_checked_like_the_rest(change, words, write):
    path = write(FRAMES, CONV, autosnn_hw=change)
    with h5py.File(path, "a") as f:
        f["autosnn_hw"].attrs["format"] = 1
    with pytest.raises(InputError, match=words):
        netx.read(path)


@pytest.mark.parametrize("version", [2, "1", None])
def test_another_format_is_refused(version, write):
    path = write(FRAMES, CONV, autosnn_hw={})
    with h5py.File(path, "a") as f:
        if version is not None:
            f["autosnn_hw"].attrs["format"] = np.bytes_(version) if isinstance(version, str) else version
    with pytest.raises(InputError, match="reads format 1"):
        netx.read(path)


def test_links_and_data_kept_elsewhere_are_not_followed(write, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\0" * 800)
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["w"] = np.ones((2, 1, 3, 3))
    links = {
        "soft": h5py.SoftLink("/layer/0/shape"),
        "external": h5py.ExternalLink("other.h5", "/w"),
        "dangling": h5py.SoftLink("/nowhere"),
    }
    for link in links.values():
        path = write(FRAMES, without(CONV, "weight"))
        with h5py.File(path, "a") as f:
            f["layer/1/weight"] = link
        with pytest.raises(InputError, match="layer/1/weight is a link"):
            netx.read(path)
    path = write(FRAMES, without(CONV, "weight"))
    with h5py.File(path, "a") as f:
        f["layer/1"].create_dataset("weight", (2, 1, 3, 3), "f4", external=[(str(secret), 0, 72)])
    with pytest.raises(InputError, match="layer/1/weight is kept in another file"):
        netx.read(path)


def test_data_that_claims_to_be_huge_is_not_read(write):
    path = write(FRAMES, without(CONV, "weight"))
    with h5py.File(path, "a") as f:
        f["layer/1"].create_dataset("weight", (2**20, 2**20), "f4", chunks=(64, 64), compression="gzip")
    with pytest.raises(InputError, match="more than 134217728 values"):
        netx.read(path)


def test_missing_and_foreign_files_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be opened: No such file"):
        netx.read(tmp_path / "nowhere.net")
    with pytest.raises(InputError, match="is not a file"):
        netx.read(tmp_path)
    (tmp_path / "text.net").write_text("hello")
    with pytest.raises(InputError, match="is not an HDF5 file"):
        netx.read(tmp_path / "text.net")
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["x"] = 1
    with pytest.raises(InputError, match="no group 'layer'"):
        netx.read(tmp_path / "other.h5")


def test_the_old_file_format_is_read_too(tmp_path):
    with h5py.File(tmp_path / "a.net", "w", libver="earliest") as f:
        for index, entry in enumerate((FRAMES, CONV)):
            put(f, f"layer/{index}", entry)
        f["layer/1/neuron/type"].parent.move("type", "old")
        f["layer/1/neuron/type"] = "CUBA"
    assert netx.read(tmp_path / "a.net").layers[1].shape == (2, 4, 4)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_that_kills_the_library_is_one_sentence(seed, tmp_path):
    """Variable-length strings and no checksums: libhdf5 2.0 follows some of these into a crash."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "a.net"
    with h5py.File(path, "w", libver="earliest") as f:
        for index, entry in enumerate((FRAMES, CONV)):
            put(f, f"layer/{index}", entry)
        for index in range(20):
            f[f"layer/1/neuron/text{index}"] = "CUBA" * index
    content = bytearray(path.read_bytes())
    start = content.index(b"GCOL")
    for position in rng.integers(start, start + 300, 60):
        content[position] = rng.choice([0, 255])
    path.write_bytes(content)
    read_or_refused(path)


def read_or_refused(path):
    try:
        assert len(netx.read(path).layers) >= 2
    except InputError as error:
        assert str(error).endswith(".") and "\n" not in str(error)


@given(seed=st.integers(0, 2**16), cut=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_a_cut_off_file_is_refused_in_one_sentence(seed, cut, random_network, tmp_path_factory):
    path = tmp_path_factory.mktemp("cut") / "a.net"
    netx.write(random_network(seed), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])
    read_or_refused(path)


@given(seed=st.integers(0, 2**16), flips=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_never_ends_in_a_traceback(seed, flips, random_network, tmp_path_factory):
    path = tmp_path_factory.mktemp("flip") / "a.net"
    netx.write(random_network(7), path)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for position in rng.integers(0, len(content), flips):
        content[position] = rng.integers(0, 256)
    path.write_bytes(content)
    read_or_refused(path)


@given(seed=st.integers(0, 2**16))
@settings(max_examples=20, deadline=None)
def test_a_file_whose_values_are_replaced_never_ends_in_a_traceback(seed, random_network, tmp_path_factory):
    path = tmp_path_factory.mktemp("swap") / "a.net"
    netx.write(random_network(seed), path)
    rng = np.random.default_rng(seed)
    odd = [0, -1, 3.5, np.inf, "text", np.arange(4), np.zeros((2, 2)), 2**40, np.zeros(0), b"\xff", h5py.Empty("f4")]
    with h5py.File(path, "a") as f:
        places = []
        f.visit(places.append)
        for place in rng.choice(places, 2):
            if place in f and Path(place).name:
                del f[place]
                if rng.random() < 0.8:
                    f[place] = odd[rng.integers(len(odd))]
    read_or_refused(path)
