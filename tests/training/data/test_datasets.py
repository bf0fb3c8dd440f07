import os
from pathlib import Path

import numpy as np
import pytest
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets, embedded
from autosnn_hw.training.data.sources.parts import Parts

CIFAR_FOLDER = Path(os.environ.get("AUTOSNN_HW_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


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
    arrays = npz_files.arrays()
    arrays["x_train"][8:] = 255
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays))
    assert np.allclose(dataset.pixel_mean, arrays["x_train"][:8].mean() / 255)


def test_same_data_same_hash_and_one_pixel_changes_it(tmp_path):
    arrays = npz_files.arrays()
    first = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays)).sha256
    assert datasets.load(npz_files.write(tmp_path / "b.npz", **arrays)).sha256 == first
    arrays["x_test"] = arrays["x_test"] ^ 1
    assert datasets.load(npz_files.write(tmp_path / "c.npz", **arrays)).sha256 != first


def test_float_images_keep_their_values(tmp_path):
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **npz_files.arrays(shape=(3, 8, 8), dtype=np.float32)))
    assert dataset.x_test.dtype == np.float32 and dataset.pixel_max == 1.0
    assert not dataset.pixel_mean.any()  # zero stays zero: the encoder of a chip only scales
    assert np.square(dataset.normalise(dataset.x_train)).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "image", "labelled"), [((5, 2, 8, 8), (2, 8, 8), True), ((7, 40), (40, 1, 1), False)]
)
def test_event_frames_have_timesteps_and_are_not_normalised(tmp_path, shape, image, labelled):
    arrays = npz_files.arrays(shape=shape)
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays), labelled=labelled)
    assert dataset.is_frames and dataset.timesteps == shape[0] and dataset.image == image
    assert np.array_equal(dataset.normalise(dataset.x_test), (arrays["x_test"] > 0).astype(np.float32))
    steps = datasets.timesteps_of(f"npz:{tmp_path / 'a.npz'}")
    assert steps == (shape[0] if labelled else None)  # no network is trained on (N, T, F)


def test_counts_cut_to_spikes_are_said_and_negative_values_refused(tmp_path):
    arrays = npz_files.arrays(shape=(5, 2, 8, 8), dtype=np.int16)
    arrays["x_train"] = np.minimum(arrays["x_train"], 2)
    arrays["x_train"][0] = 0
    arrays["x_test"] = arrays["x_test"].clip(0, 1)
    (note,) = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays)).notes
    x = arrays["x_train"]
    assert f"{(x == 2).sum()} of {(x > 0).sum()} values of x_train that are not 0" in note
    assert f"{(x == 2).sum() / x.sum():.1%} of the events are lost" in note
    arrays["x_test"][0, 0, 0, 0, 0] = -1
    with pytest.raises(InputError, match="frames hold values down to -1.* each polarity a channel"):
        datasets.load(npz_files.write(tmp_path / "b.npz", **arrays))


def test_the_timesteps_of_what_is_no_frames_are_not_known(tmp_path):
    npz_files.write(tmp_path / "a.npz", **npz_files.arrays())
    (tmp_path / "b.npz").write_bytes(b"PK")
    for name in ("digits", "cifar10", f"npz:{tmp_path}/a.npz", f"npz:{tmp_path}/b.npz", f"npz:{tmp_path}/c.npz"):
        assert datasets.timesteps_of(name) is None


def test_simulation_needs_neither_labels_nor_training_images(tmp_path):
    name = npz_files.write(tmp_path / "a.npz", x_test=npz_files.arrays()["x_test"])
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
        ({"x_val": np.zeros((4, 1, 6, 6), np.uint8)}, "has x_val and no y_val; .* leave both out"),
        ({"y_val": np.zeros(4, int)}, "has y_val and no x_val; .* leave both out"),
        (
            {"x_val": np.zeros((4, 1, 6, 6), np.uint8), "y_val": np.zeros(3, int)},
            "4 integer labels .* leave x_val and y_val out",
        ),
        ({"x_train": np.zeros((0, 1, 6, 6), np.uint8)}, "empty"),
        ({"y_test": np.full(4, 0.5, np.float32)}, "float32 with fractions; .* integer labels"),
        ({"y_test": np.array([0, 1, np.nan, 1])}, "not finite; .* integer labels"),
        ({"y_test": np.eye(4) * 2}, "integer labels"),
        ({"y_test": np.ones((4, 3), int)}, "integer labels"),
        ({"y_test": np.full((4, 1), 0.5)}, "integer labels"),
        ({"y_test": np.ones(4, complex)}, "integer labels"),
        ({"y_test": np.full(4, 1 << 20)}, "below 1048576"),
        ({"y_train": np.zeros(9, int)}, "10 integer labels"),
        ({"y_test": -np.ones(4, int)}, "labels from 0"),
        ({"x_train": np.zeros((3, 1, 6, 6), np.uint8), "y_train": np.zeros(3, int)}, "too few"),
    ],
)
def test_wrong_arrays_are_refused_by_name(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        datasets.load(npz_files.write(tmp_path / "a.npz", **(npz_files.arrays() | change)))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_labels_in_a_column_or_one_hot_are_taken_and_said(tmp_path, dtype):
    arrays = npz_files.arrays()
    plain = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays))
    columns = arrays | {"y_train": arrays["y_train"][:, None], "y_test": np.eye(3, dtype=dtype)[arrays["y_test"]]}
    found = datasets.load(npz_files.write(tmp_path / "b.npz", **columns))
    assert found.sha256 == plain.sha256 and plain.notes == ()
    assert "y_train (10, 1) is taken as one column of labels" in found.notes
    assert "y_test (4, 3) is taken as one-hot labels" in found.notes


def test_not_finite_pixels_are_refused(tmp_path):
    arrays = npz_files.arrays(dtype=np.float32)
    arrays["x_train"][3, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        datasets.load(npz_files.write(tmp_path / "a.npz", **arrays))


@pytest.mark.parametrize(
    "name",
    ["imagenet", "nmnist:0", "nmnist:x", "folder:", "folder:/nowhere", "npz:", "npz:/nowhere/at/all.npz", "npz:a,b,c"],
)
def test_unknown_names_say_what_is_allowed(name):
    with pytest.raises(InputError):
        datasets.load(name)


@pytest.mark.parametrize("make", [lambda path: np.savez(path, x=np.zeros(3)), lambda path: path.mkdir()])
def test_a_name_without_its_prefix_is_told_the_one_that_works(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "mine.npz")
    kind = "folder" if (tmp_path / "mine.npz").is_dir() else "npz"
    with pytest.raises(InputError, match=rf"unknown data set 'mine.npz'; did you mean {kind}:mine.npz\?$"):
        datasets.load("mine.npz")


@pytest.mark.parametrize(("training", "test"), [(9, 0), (0, 4), (0, 0)])
def test_a_data_set_that_lacks_a_part_is_refused_whatever_read_it(monkeypatch, training, test):
    x, y = np.zeros((9, 1, 8, 8), np.uint8), np.zeros(9, np.int64)
    parts = Parts(x[:training], y[:training], x[:test], y[:test], split="every tenth")
    monkeypatch.setattr(embedded, "digits", lambda: parts)
    said = rf"digits has {training} training and {test} test samples; at least 5 and 1 are needed \(for testing: every tenth\)"
    with pytest.raises(InputError, match=said):
        datasets.load("digits")
    if test:  # samples alone can be simulated
        assert len(datasets.load("digits", labelled=False).x_test) == test


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
    arrays = npz_files.arrays()
    mine = {"x_val": arrays["x_test"][:3] ^ 1, "y_val": np.array([2, 1, 4])}
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays, **mine))
    assert len(dataset.x_train) == 10 and np.array_equal(dataset.x_val, mine["x_val"]) and dataset.classes == 5
    assert dataset.sha256 != datasets.load(npz_files.write(tmp_path / "b.npz", **arrays)).sha256


def test_validation_samples_without_labels_can_be_simulated(tmp_path):
    arrays = npz_files.arrays()
    name = npz_files.write(tmp_path / "a.npz", **arrays, x_val=arrays["x_test"])
    found = datasets.load(name, labelled=False)
    assert len(found.x_val) == 4 and len(found.y_val) == 0
    arrays |= {"x_val": arrays["x_test"], "y_val": arrays["y_test"]}  # what the refusal for training asks for
    assert len(datasets.load(npz_files.write(tmp_path / "b.npz", **arrays)).y_val) == 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_whole_numbers_of_any_type_are_the_same_frames(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 2 if dtype is bool else 9, (4, 5, 2, 8, 8))
    bytes_ = datasets.load(npz_files.write(tmp_path / "a.npz", x_test=values.astype(np.uint8)), labelled=False)
    others = datasets.load(npz_files.write(tmp_path / "b.npz", x_test=values.astype(dtype)), labelled=False)
    assert others.sha256 == bytes_.sha256 and others.x_test.dtype == np.uint8


def test_whole_bytes_of_another_type_are_bytes_and_float_images_stay_float(tmp_path):
    x = npz_files.arrays()["x_test"]
    assert (
        datasets.load(npz_files.write(tmp_path / "a.npz", x_test=x.astype(np.int32)), labelled=False).x_test.dtype
        == np.uint8
    )
    assert (
        datasets.load(npz_files.write(tmp_path / "b.npz", x_test=x.astype(np.float64)), labelled=False).x_test.dtype
        == np.float32
    )
    large = x.astype(np.int64) - 5000
    assert np.array_equal(
        datasets.load(npz_files.write(tmp_path / "c.npz", x_test=large), labelled=False).x_test, large
    )


def test_grey_images_without_an_axis_of_channels_are_taken_and_said(tmp_path):
    arrays = npz_files.arrays(shape=(12, 9))
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays))
    assert dataset.image == (1, 12, 9) and not dataset.is_frames and dataset.pixel_max == 255
    assert np.array_equal(dataset.x_test[:, 0], arrays["x_test"])
    assert "x_test (4, 12, 9) is taken as 4 grey images of 12 x 9" in dataset.notes


@pytest.mark.parametrize("shape", [(12, 9, 3), (12, 9, 1), (5, 12, 9, 2)])
def test_channels_that_come_last_are_put_first_and_that_is_said(tmp_path, shape):
    arrays = npz_files.arrays(shape=shape)
    dataset = datasets.load(npz_files.write(tmp_path / "a.npz", **arrays))
    assert dataset.image == (shape[-1], 12, 9)
    assert np.array_equal(np.moveaxis(dataset.x_test, -3, -1), arrays["x_test"])
    assert any("channels last: 12 x 9" in note for note in dataset.notes)


def test_the_advice_for_zeros_and_ones_and_for_flat_inputs_works(tmp_path):
    arrays = npz_files.arrays(shape=(8, 8))
    binary = arrays | {name: (arrays[name] > 90).astype(np.uint8) for name in ("x_train", "x_test")}
    with pytest.raises(InputError, match=r"x_test is \(4, 8, 8\) of zeros and ones.*x_test\[:, None\] makes"):
        datasets.load(npz_files.write(tmp_path / "a.npz", **binary))
    advised = binary | {name: binary[name][:, None] for name in ("x_train", "x_test")}
    assert datasets.load(npz_files.write(tmp_path / "b.npz", **advised)).image == (1, 8, 8)
    flat = binary | {name: binary[name].reshape(-1, 64) for name in ("x_train", "x_test")}
    with pytest.raises(InputError, match=r"x_test is \(4, 64\), flat.*x_test.reshape\(-1, C, H, W\)"):
        datasets.load(npz_files.write(tmp_path / "c.npz", **flat))
    advised = flat | {name: flat[name].reshape(-1, 1, 8, 8) for name in ("x_train", "x_test")}
    assert datasets.load(npz_files.write(tmp_path / "d.npz", **advised)).image == (1, 8, 8)


def test_without_labels_samples_stay_as_they_are(tmp_path):
    for shape in ((49,), (12, 9), (12, 9, 3)):
        x = npz_files.arrays(shape=shape)["x_test"]
        dataset = datasets.load(npz_files.write(tmp_path / "a.npz", x_test=x), labelled=False)
        assert np.array_equal(dataset.x_test, x) and dataset.notes == ()


@pytest.mark.parametrize(
    ("name", "asked", "advice"),
    [
        (
            "nmnist",
            4,
            "nmnist has frames of 10 steps; 4 were asked for; leave --timesteps out, or take --dataset nmnist:4.",
        ),
        ("dvs128-gesture:8:time", 16, "or take --dataset dvs128-gesture:16:time."),
        ("events", 4, "leave --timesteps out."),
        ("nmnist:4", 4, None),
        ("digits", 9, None),
    ],
)
def test_other_steps_than_the_frames_have_are_refused_with_the_name_that_has_them(name, asked, advice):
    found = datasets.timesteps_of(name)
    if advice is None:
        return datasets.require_steps(name, found, asked)
    with pytest.raises(InputError) as error:
        datasets.require_steps(name, found, asked)
    assert str(error.value).endswith(advice)
    if "--dataset" in advice:
        assert datasets.timesteps_of(advice.split()[-1].rstrip(".")) == asked, "the advice works"
