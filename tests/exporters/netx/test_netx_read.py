"""NetX files made by others: every form of an entry that was seen in the wild."""

import re

import h5py
import numpy as np
import pytest
from support.files.netx_entries import CONV, CUBA, DENSE, FLATTEN, FRAMES, put, without

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from exporters import netx


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
        ((DENSE | {"bias": np.full(3, 40000)},), "layer/0: bias holds values up to 40000; Lava wraps them to 16 bits"),
        ((DENSE | {"neuron": CUBA | {"refDelay": 3}},), "layer/0: NetX ignores neuron/refDelay = 3, and so does this"),
        ((DENSE | {"neuron": CUBA | {"weight_exp": np.array([-3.0], np.float32), "thDecay": 4}},),
         "layer/0: NetX ignores neuron/thDecay = 4, neuron/weight_exp = -3, and so does this"),
        ((DENSE | {"weight_rec": np.ones((3, 3))},), "layer/0: NetX ignores weight_rec, and so does this"),
        ((DENSE | {"weight": -64 * np.ones((3, 32))},), "layer/0: Lava loads other weights than the file holds, 96 of 96"),
        ((DENSE | {"weight": np.arange(96).reshape(3, 32) % 3 - 2},), "-2..0 become -1.5..0, .* its spikes are not Lava's"),
        ((DENSE | {"weight": np.zeros((3, 32))},), "layer/0: all its weights are zero"),
        ((FRAMES, CONV, FLATTEN, DENSE, {"type": "average", "shape": [1, 1, 1]}), "layer/4: the average entry is no layer"),
        ((DENSE | {"neuron": CUBA | {"messageBits": 8}},), "layer/0: neuron/messageBits makes lava-dl fail"),
        ((FRAMES | {"weight": [40.0], "bias": 36.0, "neuron": CUBA}, CONV), "weight 40 and bias 36"),
        ((FRAMES | {"shape": [128, 2, 2]}, CONV | {"shape": [128, 2, 2], "groups": 128, "weight": np.ones((128, 1, 3, 3))}),
         "128 groups, which Lava keeps in 8 bits"),
    ],
)  # fmt: skip
def test_what_lava_ignores_or_changes_is_noted_once(entries, words, write, tmp_path, difference):
    network = netx.read(write(*entries))
    assert any(re.search(words, note) for note in network.provenance["notes"]), network.provenance
    if "weights are zero" not in words and "not Lava's" not in words:
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


def test_a_sentence_is_said_once_with_all_its_places(write):
    neuron = CUBA | {"theta": 1600, "scaleRho": 0.5}
    first, second = (DENSE | {"neuron": neuron, "weight": np.ones((3, n)) * 9} for n in (32, 3))
    (note,) = netx.read(write(first, second)).provenance["notes"]
    assert note == "layer/0, layer/1: NetX ignores neuron/scaleRho = 0.5, neuron/theta = 1600, and so does this"


def test_what_asks_for_nothing_special_is_not_noted(write):
    neuron = CUBA | {"refDelay": 1, "gradedSpike": False, "wgtExp": 0, "weight_exp": np.zeros(1)}
    entry = DENSE | {"neuron": neuron, "inFeatures": 32, "outFeatures": 3}
    assert "notes" not in netx.read(write(entry)).provenance


def test_a_net_that_begins_with_flatten_takes_what_its_first_dense_entry_says(write):
    path = write(FLATTEN, DENSE)
    assert netx.read(path).input_layer.shape == (32,)
    assert netx.read(path, input_shape=(2, 4, 4)).input_layer.shape == (2, 4, 4)
    assert netx.read(path, sample_shape=(8, 2, 2)).input_layer.shape == (8, 2, 2)
    assert netx.read(path, sample_shape=(20, 2, 4, 4)).input_layer.shape == (2, 4, 4)
    assert netx.read(path, sample_shape=(20, 32)).input_layer.shape == (32,)
    assert netx.read(path, sample_shape=(4, 8)).input_layer.shape == (1, 4, 8)
    assert netx.read(path, sample_shape=(1, 8, 8)).input_layer.shape == (32,)
    with pytest.raises(InputError, match="takes 32 inputs, --input-shape 1,8,8 gives 64"):
        netx.read(path, input_shape=(1, 8, 8))
    assert netx.read(write(FLATTEN, FLATTEN, DENSE), num_layers=3).input_layer.shape == (32,)


def test_a_shape_that_the_file_says_otherwise_is_refused_and_one_of_the_data_is_not(write):
    path = write(FRAMES, CONV)
    assert netx.read(path, input_shape=(1, 4, 4), sample_shape=(3, 9, 9)).input_layer.shape == (1, 4, 4)
    with pytest.raises(InputError, match="layer/0: the file says that its input is 1,4,4, --input-shape says 1,9,4"):
        netx.read(path, input_shape=(1, 9, 4))


def test_an_average_at_the_end_is_a_vote(write):
    last = DENSE | {"shape": [6], "weight": np.arange(192).reshape(6, 32) - 90}
    entries = (FRAMES, CONV, FLATTEN, last, {"type": "average", "shape": [3, 1, 1]})
    readout = netx.read(write(*entries)).readout
    assert (readout.classes, readout.voters, readout.accumulates) == (3, 2, False)
    assert netx.read(write(*entries), num_layers=4).readout is None


def test_without_an_input_entry_a_conv_needs_the_shape_from_the_caller(write):
    path = write(CONV)
    with pytest.raises(InputError, match=r"layer/0.*no input entry.*--input-shape C,H,W.*input_shape=\(C, H, W\)"):
        netx.read(path)
    for sample in ((1, 4, 4), (20, 1, 4, 4), (20, 4, 4, 1), (4, 4, 1), (4, 4)):
        assert netx.read(path, sample_shape=sample).input_layer.shape == (1, 4, 4)
    with pytest.raises(InputError, match=r"no input entry.*samples of shape 16 do not say it.*\(C is 1\)"):
        netx.read(path, sample_shape=(16,))
    assert netx.read(path, input_shape=(1, 4, 4)).input_layer.shape == (1, 4, 4)
    with pytest.raises(InputError, match="0:conv"):
        netx.read(path, input_shape=(1, 9, 4))


def test_the_old_file_format_is_read_too(tmp_path):
    with h5py.File(tmp_path / "a.net", "w", libver="earliest") as f:
        for index, entry in enumerate((FRAMES, CONV)):
            put(f, f"layer/{index}", entry)
        f["layer/1/neuron/type"].parent.move("type", "old")
        f["layer/1/neuron/type"] = "CUBA"
    assert netx.read(tmp_path / "a.net").layers[1].shape == (2, 4, 4)


def test_the_first_layers_of_our_own_file_are_read_without_its_readout_and_check(random_network, with_check, tmp_path):
    network = next(n for n in map(random_network, range(99)) if n.readout and len(n.layers) > 2)
    netx.write(with_check(network), tmp_path / "a.net")
    with h5py.File(tmp_path / "a.net") as file:
        entries = len(file["layer"])
    assert netx.read(tmp_path / "a.net", num_layers=entries).readout == network.readout
    cut = netx.read(tmp_path / "a.net", num_layers=entries - 1)
    assert cut.readout is None and cut.check is None and len(cut.layers) == len(network.layers) - 1
