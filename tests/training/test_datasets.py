import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from autosnn_hw.errors import InputError
from autosnn_hw.training import datasets

CIFAR_FOLDER = Path(os.environ.get("AUTOSNN_HW_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def _write(path, **arrays):
    np.savez(path, **arrays)
    return f"npz:{path}"


def _arrays(count=10, shape=(1, 6, 6), dtype=np.uint8):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 200, (count, *shape)).astype(dtype)
    y = np.arange(count) % 3
    return {"x_train": x, "y_train": y, "x_test": x[:4], "y_test": y[:4]}


def test_digits_split_is_the_agreed_one(digits):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    train, test = train_test_split(np.arange(1797), test_size=360, stratify=bunch.target, random_state=0)
    assert [len(digits.x_train), len(digits.x_val), len(digits.x_test)] == [1150, 287, 360]
    assert np.array_equal(digits.x_test[:, 0], bunch.images[test])
    assert np.array_equal(digits.x_val[:, 0], bunch.images[train[-287:]])
    assert np.array_equal(digits.full_train()[1], bunch.target[train])
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() == 16 == digits.pixel_max
    assert (digits.image, digits.classes, digits.is_frames) == ((1, 8, 8), 10, False)


def test_normalised_training_pixels_have_mean_0_and_deviation_1(digits):
    x = digits.normalise(digits.x_train)
    assert x.dtype == np.float32
    assert abs(x.mean()) < 1e-5 and abs(x.std() - 1) < 1e-5


def test_normalisation_is_not_taken_from_validation_or_test(tmp_path):
    arrays = _arrays()
    arrays["x_train"][8:] = 255
    dataset = datasets.load(_write(tmp_path / "a.npz", **arrays))
    assert np.allclose(dataset.pixel_mean, arrays["x_train"][:8].mean() / 255)


def test_same_data_same_hash_and_one_pixel_changes_it(tmp_path):
    arrays = _arrays()
    first = datasets.load(_write(tmp_path / "a.npz", **arrays)).sha256
    assert datasets.load(_write(tmp_path / "b.npz", **arrays)).sha256 == first
    arrays["x_test"] = arrays["x_test"] ^ 1
    assert datasets.load(_write(tmp_path / "c.npz", **arrays)).sha256 != first


def test_float_images_keep_their_values(tmp_path):
    dataset = datasets.load(_write(tmp_path / "a.npz", **_arrays(shape=(3, 8, 8), dtype=np.float32)))
    assert dataset.x_test.dtype == np.float32 and dataset.pixel_max == 1.0
    assert not dataset.pixel_mean.any()  # zero stays zero: the encoder of a chip only scales
    assert np.square(dataset.normalise(dataset.x_train)).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "image", "labelled"), [((5, 2, 8, 8), (2, 8, 8), True), ((7, 40), (40, 1, 1), False)]
)
def test_event_frames_have_timesteps_and_are_not_normalised(tmp_path, shape, image, labelled):
    arrays = _arrays(shape=shape)
    dataset = datasets.load(_write(tmp_path / "a.npz", **arrays), labelled=labelled)
    assert dataset.is_frames and dataset.timesteps == shape[0] and dataset.image == image
    assert np.array_equal(dataset.normalise(dataset.x_test), (arrays["x_test"] > 0).astype(np.float32))
    steps = datasets.timesteps_of(f"npz:{tmp_path / 'a.npz'}")
    assert steps == (shape[0] if labelled else None)  # no network is trained on (N, T, F)


def test_counts_cut_to_spikes_are_said_and_negative_values_refused(tmp_path):
    arrays = _arrays(shape=(5, 2, 8, 8), dtype=np.int16)
    arrays["x_train"] = np.minimum(arrays["x_train"], 2)
    arrays["x_train"][0] = 0
    arrays["x_test"] = arrays["x_test"].clip(0, 1)
    (note,) = datasets.load(_write(tmp_path / "a.npz", **arrays)).notes
    x = arrays["x_train"]
    assert f"{(x == 2).sum()} of {(x > 0).sum()} values of x_train that are not 0" in note
    assert f"{(x == 2).sum() / x.sum():.1%} of the events are lost" in note
    arrays["x_test"][0, 0, 0, 0, 0] = -1
    with pytest.raises(InputError, match="x_test holds frame values down to -1.* each polarity a channel"):
        datasets.load(_write(tmp_path / "b.npz", **arrays))


def test_the_timesteps_of_what_is_no_frames_are_not_known(tmp_path):
    _write(tmp_path / "a.npz", **_arrays())
    (tmp_path / "b.npz").write_bytes(b"PK")
    for name in ("digits", "cifar10", f"npz:{tmp_path}/a.npz", f"npz:{tmp_path}/b.npz", f"npz:{tmp_path}/c.npz"):
        assert datasets.timesteps_of(name) is None


def test_simulation_needs_neither_labels_nor_training_images(tmp_path):
    name = _write(tmp_path / "a.npz", x_test=_arrays()["x_test"])
    dataset = datasets.load(name, labelled=False)
    assert len(dataset.x_test) == 4 and len(dataset.y_test) == 0
    with pytest.raises(InputError, match="x_train"):
        datasets.load(name)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x_test": np.zeros((4, 1, 6, 7), np.uint8)}, "one shape"),
        ({"x_train": np.full((10, 1, 6, 6), 0.5)}, "one shape and type"),
        ({"x_train": np.zeros((10, 1, 6, 6), complex)}, "complex128"),
        ({"x_train": np.full((10, 1, 6, 6), 2**40)}, "at most 32 bits"),
        ({"x_test": np.zeros(4, np.uint8)}, "allowed are images"),
        ({"x_val": np.zeros((4, 1, 6, 7), np.uint8)}, "x_val .* one shape"),
        ({"x_train": np.zeros((0, 1, 6, 6), np.uint8)}, "empty"),
        ({"y_test": np.zeros(4, np.float32)}, "integer labels"),
        ({"y_test": np.eye(4) * 2}, "integer labels"),
        ({"y_test": np.ones((4, 3), int)}, "integer labels"),
        ({"y_test": np.ones((4, 1))}, "integer labels"),
        ({"y_train": np.zeros(9, int)}, "10 integer labels"),
        ({"y_test": -np.ones(4, int)}, "labels from 0"),
        ({"x_train": np.zeros((3, 1, 6, 6), np.uint8), "y_train": np.zeros(3, int)}, "too few"),
    ],
)
def test_wrong_arrays_are_refused_by_name(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        datasets.load(_write(tmp_path / "a.npz", **(_arrays() | change)))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_labels_in_a_column_or_one_hot_are_taken_and_said(tmp_path, dtype):
    arrays = _arrays()
    plain = datasets.load(_write(tmp_path / "a.npz", **arrays))
    columns = arrays | {"y_train": arrays["y_train"][:, None], "y_test": np.eye(3, dtype=dtype)[arrays["y_test"]]}
    found = datasets.load(_write(tmp_path / "b.npz", **columns))
    assert found.sha256 == plain.sha256 and plain.notes == ()
    assert "y_train (10, 1) is taken as one column of labels" in found.notes
    assert "y_test (4, 3) is taken as one-hot labels" in found.notes


def test_not_finite_pixels_are_refused(tmp_path):
    arrays = _arrays(dtype=np.float32)
    arrays["x_train"][3, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        datasets.load(_write(tmp_path / "a.npz", **arrays))


def test_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    arrays = _arrays()
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


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 5000), value=st.integers(0, 255), length=st.integers(0, 6000))
def test_a_damaged_file_is_one_sentence_or_still_loads(tmp_path_factory, position, value, length):
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    np.savez_compressed(path, **_arrays())
    data = bytearray(path.read_bytes())[: max(length, 1)]
    data[position % len(data)] = value
    path.write_bytes(data)
    try:
        datasets.load(f"npz:{path}")
    except InputError as error:
        assert "\n" not in str(error)


def _jpeg_file(path, count=6, side=8, classes=("a", "b"), sizes=None):
    chunks = []
    for i in range(count):
        picture = Image.fromarray(np.full((side if sizes is None else sizes[i], side, 3), 40 * i, np.uint8))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=95)
        chunks.append(stream.getvalue())
    offset = np.cumsum([0, *map(len, chunks)])
    arrays = {
        "jpeg": np.frombuffer(b"".join(chunks), np.uint8),
        "offset": offset,
        "label": np.arange(count, dtype=np.uint8) % len(classes),
        "classes": np.array(classes),
    }
    np.savez(path, **arrays)
    return arrays


def test_jpeg_form_is_decoded(tmp_path):
    _jpeg_file(tmp_path / "train.npz")
    _jpeg_file(tmp_path / "test.npz", count=3)
    dataset = datasets.load(f"npz:{tmp_path / 'train.npz'},{tmp_path / 'test.npz'}")
    assert dataset.x_train.shape == (5, 3, 8, 8) and dataset.x_val.shape == (1, 3, 8, 8)
    assert dataset.class_names == ("a", "b") and dataset.classes == 2
    assert np.allclose(dataset.x_train[:, 0, 0, 0].astype(int), 40 * np.arange(5), atol=2)


def test_broken_jpeg_forms_are_refused(tmp_path):
    arrays = _jpeg_file(tmp_path / "a.npz")
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
    _jpeg_file(tmp_path / "a.npz", sizes=[8, 8, 8, 9, 8, 8])
    with pytest.raises(InputError, match="one size"):
        datasets.load(twice)
    with pytest.raises(InputError, match="npz:TRAIN,TEST"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")


@pytest.mark.parametrize(
    "name",
    ["imagenet", "nmnist:0", "nmnist:x", "folder:", "folder:/nowhere", "npz:", "npz:/nowhere/at/all.npz", "npz:a,b,c"],
)
def test_unknown_names_say_what_is_allowed(name):
    with pytest.raises(InputError):
        datasets.load(name)


def test_missing_cifar10_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match="--download"):
        datasets.load("cifar10", data_dir=tmp_path)


@pytest.mark.slow
def test_shared_cifar10_jpegs():
    files = [CIFAR_FOLDER / f"cifar10-{part}-jpeg.npz" for part in ("train", "test")]
    if not all(file.is_file() for file in files):
        pytest.skip(f"no CIFAR-10 JPEG files in {CIFAR_FOLDER}; set AUTOSNN_HW_DATA")
    dataset = datasets.load(f"npz:{files[0]},{files[1]}")
    assert dataset.x_train.shape == (40000, 3, 32, 32) and len(dataset.x_val) == 10000
    assert np.allclose(dataset.pixel_mean, (0.4914, 0.4822, 0.4465), atol=0.01)


def test_validation_images_of_the_file_are_used(tmp_path):
    arrays = _arrays()
    mine = {"x_val": arrays["x_test"][:3] ^ 1, "y_val": np.array([2, 1, 4])}
    dataset = datasets.load(_write(tmp_path / "a.npz", **arrays, **mine))
    assert len(dataset.x_train) == 10 and np.array_equal(dataset.x_val, mine["x_val"]) and dataset.classes == 5
    assert dataset.sha256 != datasets.load(_write(tmp_path / "b.npz", **arrays)).sha256


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_whole_numbers_of_any_type_are_the_same_frames(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 2 if dtype is bool else 9, (4, 5, 2, 8, 8))
    bytes_ = datasets.load(_write(tmp_path / "a.npz", x_test=values.astype(np.uint8)), labelled=False)
    others = datasets.load(_write(tmp_path / "b.npz", x_test=values.astype(dtype)), labelled=False)
    assert others.sha256 == bytes_.sha256 and others.x_test.dtype == np.uint8


def test_whole_bytes_of_another_type_are_bytes_and_float_images_stay_float(tmp_path):
    x = _arrays()["x_test"]
    assert datasets.load(_write(tmp_path / "a.npz", x_test=x.astype(np.int32)), labelled=False).x_test.dtype == np.uint8
    assert (
        datasets.load(_write(tmp_path / "b.npz", x_test=x.astype(np.float64)), labelled=False).x_test.dtype
        == np.float32
    )
    large = x.astype(np.int64) - 5000
    assert np.array_equal(datasets.load(_write(tmp_path / "c.npz", x_test=large), labelled=False).x_test, large)


def test_frames_with_fractions_are_refused(tmp_path):
    with pytest.raises(InputError, match="x_test is float64 .* with fractions; .* whole numbers"):
        datasets.load(_write(tmp_path / "a.npz", x_test=np.full((2, 3, 4), 0.5)), labelled=False)


def test_grey_images_without_an_axis_of_channels_are_taken_and_said(tmp_path):
    arrays = _arrays(shape=(12, 9))
    dataset = datasets.load(_write(tmp_path / "a.npz", **arrays))
    assert dataset.image == (1, 12, 9) and not dataset.is_frames and dataset.pixel_max == 255
    assert np.array_equal(dataset.x_test[:, 0], arrays["x_test"])
    assert "x_test (4, 12, 9) is taken as 4 grey images of 12 x 9" in dataset.notes


@pytest.mark.parametrize("shape", [(12, 9, 3), (12, 9, 1), (5, 12, 9, 2)])
def test_channels_that_come_last_are_put_first_and_that_is_said(tmp_path, shape):
    arrays = _arrays(shape=shape)
    dataset = datasets.load(_write(tmp_path / "a.npz", **arrays))
    assert dataset.image == (shape[-1], 12, 9)
    assert np.array_equal(np.moveaxis(dataset.x_test, -3, -1), arrays["x_test"])
    assert any("channels last: 12 x 9" in note for note in dataset.notes)


def test_the_advice_for_zeros_and_ones_and_for_flat_inputs_works(tmp_path):
    arrays = _arrays(shape=(8, 8))
    binary = arrays | {name: (arrays[name] > 90).astype(np.uint8) for name in ("x_train", "x_test")}
    with pytest.raises(InputError, match=r"x_test is \(4, 8, 8\) of zeros and ones.*x_test\[:, None\] makes"):
        datasets.load(_write(tmp_path / "a.npz", **binary))
    advised = binary | {name: binary[name][:, None] for name in ("x_train", "x_test")}
    assert datasets.load(_write(tmp_path / "b.npz", **advised)).image == (1, 8, 8)
    flat = binary | {name: binary[name].reshape(-1, 64) for name in ("x_train", "x_test")}
    with pytest.raises(InputError, match=r"x_test is \(4, 64\), flat.*x_test.reshape\(-1, C, H, W\)"):
        datasets.load(_write(tmp_path / "c.npz", **flat))
    advised = flat | {name: flat[name].reshape(-1, 1, 8, 8) for name in ("x_train", "x_test")}
    assert datasets.load(_write(tmp_path / "d.npz", **advised)).image == (1, 8, 8)


def test_without_labels_samples_stay_as_they_are(tmp_path):
    for shape in ((49,), (12, 9), (12, 9, 3)):
        x = _arrays(shape=shape)["x_test"]
        dataset = datasets.load(_write(tmp_path / "a.npz", x_test=x), labelled=False)
        assert np.array_equal(dataset.x_test, x) and dataset.notes == ()


@pytest.mark.parametrize("name", ["a,b.npz", "a,b"])
def test_a_path_may_hold_a_comma(tmp_path, name):
    np.savez(tmp_path / "x.npz", **_arrays())
    (tmp_path / "x.npz").rename(tmp_path / name)
    assert len(datasets.load(f"npz:{tmp_path / name}").x_test) == 4
    _jpeg_file(tmp_path / "x.npz")
    (tmp_path / "x.npz").rename(tmp_path / name)
    assert len(datasets.load(f"npz:{tmp_path / name},{tmp_path / name}").x_train) == 5


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_only_a_regular_file_is_opened(tmp_path, make):
    make(tmp_path / "a.npz")
    with pytest.raises(InputError, match="is not a file; an .npz file is needed"):
        datasets.load(f"npz:{tmp_path / 'a.npz'}")
    with pytest.raises(InputError, match="is not a file"):
        datasets.load("npz:/dev/zero")


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


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_small_file_that_unpacks_to_much_is_refused_before_it_is_unpacked(tmp_path, compression):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.zeros((300, 1024, 1024), np.uint8))
    name = _member(tmp_path / "a.npz", "x_test", stream.getvalue(), compression)
    with pytest.raises(InputError, match=r"bytes claim to hold 314572928; at most 268435456 are unpacked"):
        datasets.load(name, labelled=False)


def test_jpegs_that_unpack_to_much_and_odd_labels_are_refused(tmp_path, monkeypatch):
    arrays = _jpeg_file(tmp_path / "a.npz", count=6, side=64)
    name = f"npz:{tmp_path / 'a.npz'}"
    monkeypatch.setattr("autosnn_hw.npz_arrays.HONEST_BYTES", 1000)
    monkeypatch.setattr("autosnn_hw.npz_arrays.HONEST_RATIO", 2)
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
