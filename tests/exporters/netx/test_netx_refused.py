"""NetX files that cannot be represented, do not fit together, are damaged or hostile: one sentence each."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files.netx_entries import CONV, CUBA, DENSE, FLATTEN, FRAMES, put, without

from autosnn_hw.errors import InputError
from exporters import netx

KINDS = ["pool", "convT", "unpool", "concat", "dense_rec", "dense_comp", "affine", "kwta", "foo", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_types_that_cannot_be_represented_are_refused_by_name(kind, write):
    path = write(FRAMES, CONV, {"type": kind, "shape": [2, 1, 1]})
    with pytest.raises(InputError, match=rf"^layer/2: type '{kind}' .*(needed|entries are read|--layers 2)"):
        netx.read(path)
    assert len(netx.read(path, num_layers=2).layers) == 2


@pytest.mark.parametrize("kind", ["RF", "RF_PHASE", "ADRF", "ALIF", "sigma"])
def test_neurons_of_other_kinds_are_refused_by_name(kind, write):
    with pytest.raises(
        InputError, match=f"^layer/1: neuron type '{kind}' is not supported; CUBA, LOIHI or SDNN is needed"
    ):
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
        ((FRAMES,), "no conv or dense layer; at least one"),
        ((FRAMES, CONV, FLATTEN, DENSE, {"type": "average", "shape": [2]}), r"layer/4: it averages to 2 outputs.*'3:dense'.*\(3,\)"),
        ((FRAMES, CONV, FLATTEN, DENSE, {"type": "average", "shape": [3]}, DENSE), "layer/5: type 'dense' after an average"),
        ((FRAMES, {"type": "average", "shape": [1]}), "layer/1: an average entry comes after the layer"),
        ((FLATTEN, DENSE | {"weight": np.ones((3, 0))}), "layer/0: its dense entry has 0 weights for 3 neurons"),
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
        ((DENSE | {"shape": [5]},), "layer/0: its dense entry has 96 weights for 5 neurons"),
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
    with pytest.raises(InputError, match="more than 4194304 values; at most that many are read of a file of its size"):
        netx.read(path)


def test_one_dataset_under_many_names_counts_as_often_as_it_is_read(tmp_path):
    path = tmp_path / "a.net"
    rng = np.random.default_rng(0)
    with h5py.File(path, "w", libver="v110") as f:
        put(f, "layer/0", {"type": "input", "shape": [300]})
        put(f, "layer/1", DENSE | {"shape": [300], "weight": rng.integers(-9, 9, (300, 300)).astype(np.int8)})
        for index in range(2, 100):
            f[f"layer/{index}"] = f["layer/1"]
    with pytest.raises(InputError, match="more than [0-9]+ values"):
        netx.read(path)
    assert len(netx.read(path, num_layers=20).layers) == 20


@pytest.mark.parametrize("steps", [0, 2**31, 2**63 - 1, -1])
def test_timesteps_that_nobody_simulates_are_refused(steps, write):
    path = write(FRAMES, CONV, autosnn_hw={})
    with h5py.File(path, "a") as f:
        f["autosnn_hw"].attrs.update({"format": 1, "timesteps": steps})
    with pytest.raises(InputError, match=f"timesteps is {steps}; 1 to 65536 are allowed"):
        netx.read(path)


@pytest.mark.timeout(20)  # a hostile file may not hang a reader for longer
@pytest.mark.parametrize("libver", ["earliest", "v110"])
def test_groups_within_groups_take_no_time(libver, tmp_path):
    path = tmp_path / "a.net"
    with h5py.File(path, "w", libver=libver) as f:
        for index, entry in enumerate((FRAMES, CONV)):
            put(f, f"layer/{index}", entry)
        group = f["layer/1/neuron"]
        for _ in range(5000):
            group = group.create_group("g")
    assert any("neuron/g" in note for note in netx.read(path).provenance["notes"])


@pytest.mark.parametrize("name", ["/dev/zero", "pipe"])
def test_only_regular_files_are_opened(name, tmp_path):
    if name == "pipe":
        name = tmp_path / name
        os.mkfifo(name)
    with pytest.raises(InputError, match="is not a file; a NetX file"):
        netx.read(name)


def test_a_git_lfs_pointer_is_called_one(tmp_path):
    path = tmp_path / "a.net"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 428160\n")
    with pytest.raises(InputError, match="is a Git LFS pointer of .* bytes and not the file itself; .*git lfs pull"):
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
