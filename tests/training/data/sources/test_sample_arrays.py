"""One type for all parts of an npz file, whatever values each of them happens to hold."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import examine
from autosnn_hw.training.data.sources.sample_arrays import INPUTS

FRAMES, IMAGES = (3, 2, 8, 8), (1, 6, 6)


def parts(shape, dtype, seed=0):
    """Samples of three parts with values 0 to 9, and their labels."""
    rng = np.random.default_rng(seed)
    x = {name: rng.integers(0, 10, (count, *shape)).astype(dtype) for name, count in zip(INPUTS, (4, 10, 3))}
    return x | {f"y{name[1:]}": np.arange(len(array)) % 2 for name, array in x.items()}


def load(folder, arrays, labelled=True):
    return datasets.load(npz_files.write(folder / "a.npz", **arrays), labelled=labelled)


@settings(max_examples=40, deadline=None)
@given(
    part=st.sampled_from(INPUTS), value=st.sampled_from([256, 300, 30000]), shape=st.sampled_from([FRAMES, IMAGES, (6, 6)]),
    dtypes=st.tuples(*[st.sampled_from([np.uint8, np.int16, np.int64, np.float32])] * 3), labelled=st.booleans(),
)  # fmt: skip
def test_a_value_above_a_byte_in_one_part_alone_makes_no_difference_to_the_others(
    tmp_path_factory, part, value, shape, dtypes, labelled
):
    """Of whole numbers, whatever integer each part is stored as; float images are another kind."""
    arrays = parts(shape, np.int16)
    for name, dtype in zip(INPUTS, dtypes):
        floats = np.dtype(dtype).kind == "f"
        arrays[name] = arrays[name].astype(np.int16 if (floats and len(shape) == 3) or name == part else dtype)
    arrays[part][0, ..., 0] = value
    found = load(tmp_path_factory.mktemp("a"), arrays, labelled)
    frames = len(shape) == 4 or (len(shape) == 2 and not labelled)
    for name in INPUTS:
        array = getattr(found, name)
        assert array.dtype == (np.int32 if frames else np.float32)
        np.testing.assert_array_equal(array.reshape(arrays[name].shape), arrays[name])


@pytest.mark.parametrize("name", INPUTS)
def test_parts_of_floats_and_of_bytes_are_refused_by_what_is_stored_and_the_advice_works(tmp_path, name):
    arrays = parts(IMAGES, np.uint8)
    share = arrays | {name: arrays[name] / 255}
    with pytest.raises(InputError) as refusal:
        load(tmp_path, share)
    for part in {"x_test", name} if name != "x_test" else {"x_test", "x_train"}:
        assert f"{part} is stored as {share[part].dtype}" in str(refusal.value) or (
            f"{part} as {share[part].dtype}" in str(refusal.value)
        )
    assert "bytes / 255" in str(refusal.value) and "int32" not in str(refusal.value)
    advised = {part: array / 255 if part in INPUTS else array for part, array in arrays.items()}
    assert load(tmp_path, advised).x_train.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_grey_images_of_floats_from_0_to_1_are_taken_and_said(tmp_path, dtype):
    """Float MNIST: as bytes (N, H, W) are, though one part may hold no fraction."""
    arrays = parts((8, 9), dtype)
    shares = arrays | {name: arrays[name] / dtype(16) for name in ("x_train", "x_val")}
    shares["x_test"] = (arrays["x_test"] > 4).astype(dtype)
    found = load(tmp_path, shares)
    assert (
        found.image == (1, 8, 9) and not found.is_frames and found.pixel_max == 1 and found.x_test.dtype == np.float32
    )
    np.testing.assert_array_equal(found.x_train[:, 0], shares["x_train"].astype(np.float32))
    assert "x_train (10, 8, 9) is taken as 10 grey images of 8 x 9" in found.notes
    alone = load(tmp_path, {"x_test": shares["x_train"]}, labelled=False)
    assert not alone.is_frames and alone.image == (1, 8, 9) and alone.timesteps is None
    np.testing.assert_array_equal(alone.x_test, found.x_train[:, 0])
    said = examine(alone, ("x_train",))
    assert (said["kind"], said["axes"]) == ("images", ["H", "W"]) and "spike trains" not in " ".join(said["findings"])


def test_three_axes_with_other_fractions_are_refused_and_the_advice_works(tmp_path):
    arrays = parts((8, 9), np.float32)
    for name in INPUTS:
        arrays[name] = (arrays[name] - 4) / 3
    with pytest.raises(InputError, match=r"with fractions outside of 0 to 1.*x_test\[:, None\] makes \(N, 1, H, W\)"):
        load(tmp_path, arrays)
    with pytest.raises(InputError, match=r"x_test is float32 .* with fractions; .* whole numbers: .*x_test\[:, None\]"):
        load(tmp_path, arrays, labelled=False)
    advised = arrays | {name: arrays[name][:, None] for name in INPUTS}
    assert load(tmp_path, advised).image == (1, 8, 9) == load(tmp_path, advised, labelled=False).image


@pytest.mark.parametrize("labelled", [True, False])
def test_frames_with_fractions_are_refused_whichever_part_has_them(tmp_path, labelled):
    arrays = parts(FRAMES, np.float64)
    arrays["x_val"][0, 0, 0, 0, 0] = 0.5
    with pytest.raises(InputError, match="is float64 .* with fractions; .* whole numbers"):
        load(tmp_path, arrays, labelled)


def followed(line, arrays):
    """What a line of a refusal for x_test makes of every part, as it says."""
    return {
        name: eval(line.replace("x_test", "x"), {"np": np, "x": array}) if name in INPUTS else array
        for name, array in arrays.items()
    }


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.int64])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 1, 3, 4, 2), (0, 2, 3, 4, 1), (1, 0, 2, 3, 4)])
def test_negative_frames_are_told_a_line_that_keeps_every_event(tmp_path, dtype, channels, order):
    if channels == 3 and order == (0, 2, 3, 4, 1):
        pytest.skip("three channels are no sign of time last")
    plain = {
        name: array - 4 if name in INPUTS else array for name, array in parts((5, channels, 34, 34), np.int64).items()
    }
    plain["x_test"] = np.maximum(plain["x_test"], 0)  # one part alone has none
    types = {"x_train": dtype, "x_val": dtype, "x_test": dtype if dtype == np.float32 else np.uint8}
    arrays = plain | {name: plain[name].transpose(order).astype(types[name]) for name in INPUTS}
    with pytest.raises(
        InputError, match="frames hold values down to -4, and a value is a spike where it is above 0"
    ) as refusal:
        load(tmp_path, arrays)
    found = load(
        tmp_path,
        followed(re.search(r"np\.(concatenate|moveaxis)\(.*\)(?=, for every part)", str(refusal.value))[0], arrays),
    )
    assert found.image == (2 * channels, 34, 34) and found.timesteps == 5
    np.testing.assert_array_equal(
        found.x_train[:, :, :channels].astype(int) - found.x_train[:, :, channels:], plain["x_train"]
    )


@pytest.mark.parametrize("low", [0, -5])
def test_fractions_to_train_on_are_told_a_line_that_makes_spikes(tmp_path, low):
    arrays = {name: (array + low) / 8 if name in INPUTS else array for name, array in parts(FRAMES, np.float64).items()}
    with pytest.raises(InputError, match="makes spikes of them; or save the counts as they were") as refusal:
        load(tmp_path, arrays)
    line = re.search(r"whole numbers: (.*), for every part", str(refusal.value))[1]
    found = load(tmp_path, followed(line, arrays))
    assert found.notes == () and "np.rint" not in str(refusal.value), "nothing is lost"
    expected = [arrays["x_train"] > 0, *([arrays["x_train"] < 0] if low else [])]
    np.testing.assert_array_equal(found.x_train, np.concatenate(expected, axis=2))
    for says in (r"\(x_test > 0\)\.astype\(np\.uint8\)", r"a sigma-delta network takes np\.rint\(64 \* x_test\)"):
        with pytest.raises(InputError, match=says):
            load(tmp_path, arrays, labelled=False)


@pytest.mark.parametrize("shape", [IMAGES, (6, 6), FRAMES])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_told_a_line_that_works(tmp_path, shape, value):
    arrays = parts(shape, np.float64)
    arrays["x_test"][0, 0, 0, ...] = value
    with pytest.raises(
        InputError, match="x_test holds values that are not finite; .* makes them 0, or leave their samples out"
    ) as refusal:
        load(tmp_path, arrays)
    line = re.search(r"np\.nan_to_num\(.*\)(?= makes)", str(refusal.value))[0]
    assert (load(tmp_path, followed(line, arrays)).x_test[0, ..., 0, :] == 0).any()


def test_sixteen_bit_grey_images_are_images(tmp_path):
    arrays = parts((8, 9), np.uint16)
    arrays["x_train"] *= 1000
    found = load(tmp_path, arrays)
    assert found.image == (1, 8, 9) and found.x_test.dtype == np.float32 and found.x_train.max() == 9000


@pytest.mark.parametrize(
    ("shape", "dtype", "largest"),
    [(IMAGES, np.float32, 2.55e32), (IMAGES, np.int64, -(2**31)), (IMAGES, np.float64, 1e300), (FRAMES, np.int64, 2**31)],
)  # fmt: skip
def test_values_beyond_32_bits_are_said_with_the_limit_and_the_advice_works(tmp_path, shape, dtype, largest):
    arrays = parts(shape, dtype)
    arrays["x_train"].flat[0] = largest
    with pytest.raises(InputError, match="at most 32 bits are taken, -2147483647 to 2147483647") as refusal:
        load(tmp_path, arrays)
    said = str(refusal.value)
    assert f"{dtype(largest)!s}" in said and ("brings pixels" in said) == (shape == IMAGES)
    if shape == IMAGES:
        line = re.search(r"x_train / [\d.e+]+", said)[0].replace("x_train", "x")
        advised = {name: eval(line, {"x": arrays[name]}) if name in INPUTS else arrays[name] for name in arrays}
        assert np.abs(load(tmp_path, advised).full_train()[0]).max() == 1
