"""npz files: JPEG splits, and files that are damaged, hostile or no files at all."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets


def test_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    arrays = npz_files.arrays()
    np.savez(tmp_path / "a.npz", x_train=np.array([Trap()], object), **{k: arrays[k] for k in ("y_train", "x_test")})
    with pytest.raises(InputError, match="objects"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_claims_more_than_there_is_allocates_nothing(tmp_path):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "|u1", "fortran_order": False, "shape": (1 << 50, 1, 8, 8)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x_test.npy", member.getvalue() + b"\0" * 64)
    with pytest.raises(InputError, match="claims"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}", labelled=False)


def test_other_names_of_arrays_are_said(tmp_path):
    x = npz_files.arrays()["x_test"]
    name = npz_files.write(tmp_path / "a.npz", X_train=x, images=x, arr_0=x)
    with pytest.raises(InputError, match=r"has no array x_train, y_train.*, and it holds X_train, images, arr_0\.$"):
        datasets.load(name)
    with pytest.raises(InputError, match=r"has no array x_test; it needs x_test, and it holds X_train"):
        datasets.load(name, labelled=False)
    many = npz_files.write(tmp_path / "b.npz", **{f"a{index}": x for index in range(40)})
    with pytest.raises(InputError, match=r"it holds a0, a1, .*, a11, \.\.\.$"):
        datasets.load(many)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 5000), value=st.integers(0, 255), length=st.integers(0, 6000))
def test_a_damaged_file_is_one_sentence_or_still_loads(tmp_path_factory, position, value, length):
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    np.savez_compressed(path, **npz_files.arrays())
    data = bytearray(path.read_bytes())[: max(length, 1)]
    data[position % len(data)] = value
    path.write_bytes(data)
    try:
        datasets.load(f"npz:{path}")
    except InputError as error:
        assert "\n" not in str(error)


def test_jpeg_form_is_decoded(tmp_path):
    npz_files.jpeg_file(tmp_path / "train.npz")
    npz_files.jpeg_file(tmp_path / "test.npz", count=3)
    dataset = datasets.load(f"npz:{tmp_path / 'train.npz'},{tmp_path / 'test.npz'}")
    assert dataset.x_train.shape == (5, 3, 8, 8) and dataset.x_val.shape == (1, 3, 8, 8)
    assert dataset.class_names == ("a", "b") and dataset.classes == 2
    assert np.allclose(dataset.x_train[:, 0, 0, 0].astype(int), 40 * np.arange(5), atol=2)


def test_broken_jpeg_forms_are_refused(tmp_path):
    arrays = npz_files.jpeg_file(tmp_path / "a.npz")
    twice = f"npz:{tmp_path / 'a.npz'},{tmp_path / 'a.npz'}"
    for change, sentence in (
        ({"offset": arrays["offset"][::-1]}, "increasing"),
        ({"offset": arrays["offset"] * 2}, "increasing positions"),
        ({"jpeg": np.zeros_like(arrays["jpeg"])}, "not a readable JPEG"),
        ({"label": np.full(6, 9)}, "0..1"),
    ):
        np.savez(tmp_path / "a.npz", **(arrays | change))
        with pytest.raises(InputError, match=sentence):
            datasets.load(twice)
    npz_files.jpeg_file(tmp_path / "a.npz", sizes=[8, 8, 8, 9, 8, 8])
    with pytest.raises(InputError, match="one size"):
        datasets.load(twice)
    with pytest.raises(InputError, match="npz:TRAIN,TEST"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")


@pytest.mark.parametrize("name", ["a,b.npz", "a,b"])
def test_a_path_may_hold_a_comma(tmp_path, name):
    np.savez(tmp_path / "x.npz", **npz_files.arrays())
    (tmp_path / "x.npz").rename(tmp_path / name)
    assert len(datasets.load(f"npz:{tmp_path / name}").x_test) == 4
    npz_files.jpeg_file(tmp_path / "x.npz")
    (tmp_path / "x.npz").rename(tmp_path / name)
    assert len(datasets.load(f"npz:{tmp_path / name},{tmp_path / name}").x_train) == 5


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_only_a_regular_file_is_opened(tmp_path, make):
    make(tmp_path / "a.npz")
    with pytest.raises(InputError, match="is not a file; an .npz file is needed"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")
    with pytest.raises(InputError, match="is not a file"):
        datasets.load("npz:/dev/zero")


@pytest.mark.timeout(20)
def test_a_pipe_is_not_looked_at_either(tmp_path):
    """What may be known before a file is read, is not asked of a pipe: it would wait for ever."""
    os.mkfifo(tmp_path / "a.npz")
    name = f"npz:{tmp_path / 'a.npz'}"
    assert datasets.lacking(name) == () and datasets.timesteps_of(name) is None
    assert datasets.lacking(f"{name},{tmp_path / 'a.npz'}") == ()


def test_a_git_lfs_pointer_is_called_one(tmp_path):
    (tmp_path / "a.npz").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(InputError, match="Git LFS pointer"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")


def _member(path, name, data, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(f"{name}.npy", data)
    return f"npz:{path}"


HEADER = b"\x93NUMPY\x01\x00"


@pytest.mark.parametrize(
    "text", [b"{'descr': '|u1', 'fortran_order': False, 'shape': (4, ", b"{'descr':", b"(" * 900, b"'\xff'", b"{'descr': '|u1', 'fortran_order': False, 'shape': (-4, -16)}"]
)  # fmt: skip
def test_a_damaged_header_is_one_sentence(tmp_path, text):
    name = _member(tmp_path / "a.npz", "x_test", HEADER + len(text).to_bytes(2, "little") + text + b"\0" * 64)
    with pytest.raises(InputError, match="is not a readable npz file") as error:
        datasets.load(name, labelled=False)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(tmp_path, compression):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.zeros((300, 1024, 1024), np.uint8))
    name = _member(tmp_path / "a.npz", "x_test", stream.getvalue(), compression)
    with pytest.raises(InputError, match=r"bytes claim to hold 314572928; at most 268435456 are unpacked"):
        datasets.load(name, labelled=False)


def test_jpegs_that_unpack_to_much_and_odd_labels_are_refused(tmp_path, monkeypatch):
    arrays = npz_files.jpeg_file(tmp_path / "a.npz", count=6, side=64)
    name = f"npz:{tmp_path / 'a.npz'}"
    monkeypatch.setattr("autosnn_hw.files.npz_arrays.HONEST_BYTES", 1000)
    monkeypatch.setattr("autosnn_hw.files.npz_arrays.HONEST_RATIO", 2)
    with pytest.raises(InputError, match="would unpack to 73728"):
        datasets.load(name, labelled=False)
    monkeypatch.undo()
    for change in (
        {"label": np.int64(3)},
        {"classes": np.array("a")},
        {"classes": np.arange(2)},
        {"label": np.ones((6, 1), int)},
    ):
        np.savez(tmp_path / "a.npz", **(arrays | change))
        with pytest.raises(InputError, match="integers .N,. and names .classes,. are needed"):
            datasets.load(name, labelled=False)
