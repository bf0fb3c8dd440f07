"""Orders of axes that people write: taken and said where they can mean one thing alone, else refused with a line that works."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.sample_axes import AxisOrder, of_frames

COUNTS = {"x_test": 7, "x_train": 11, "x_val": 9}


def parts(shape, most=2, samples_at=0, dtype=np.uint8):
    """Three parts with values below `most`, samples on the axis that is said, and labels."""
    rng, arrays = np.random.default_rng(0), {}
    for name, count in COUNTS.items():
        x = rng.integers(0, most, (count, *shape)).astype(dtype)
        arrays |= {name: np.moveaxis(x, 0, samples_at), f"y{name[1:]}": np.arange(count) % 3}
    return arrays


def load(folder, arrays, labelled=True):
    return datasets.load(npz_files.write(folder / "a.npz", **arrays), labelled=labelled)


def advised(arrays, refusal):
    """Every line of numpy that a refusal names for one array, done to all of them."""
    (name,) = set(re.findall(r"x_(?:test|train|val)", str(refusal.value)))
    lines = re.findall(
        rf"np\.moveaxis\({name}, -?\d, -?\d\)|{name}\[:, :, None\]|{name}\.astype\(np\.uint8\) \* 255",
        str(refusal.value),
    )
    for line in lines:
        yield line, arrays | {part: eval(line.replace(name, "x"), {"np": np, "x": arrays[part]}) for part in COUNTS}


@pytest.mark.parametrize(
    ("shape", "axes", "said"),
    [
        ((32, 33, 4), (0, 3, 1, 2), "has its channels last: 32 x 33 with 4 channels"),
        ((5, 6, 4), (0, 3, 1, 2), "channels last"),
        ((16, 34, 34, 2), (0, 1, 4, 2, 3), "has its channels last: 34 x 34 with 2 channels"),
        ((16, 34, 34, 4), (0, 1, 4, 2, 3), "channels last"),
        ((2, 34, 34, 16), (0, 4, 1, 2, 3), "has time last: 16 steps of 2 channels of 34 x 34"),
        ((1, 34, 34, 16), (0, 4, 1, 2, 3), "has time last: 16 steps of 1 channel of 34 x 34"),
        ((2, 36, 48, 10), (0, 4, 1, 2, 3), "has time last: 10 steps of 2 channels of 36 x 48"),
        ((2, 8, 8, 16), (0, 4, 1, 2, 3), "time last"),
        ((10, 2, 34, 34), (0, 1, 2, 3, 4), None),
        ((2, 2, 34, 34), (0, 1, 2, 3, 4), None),
        ((2, 16, 8, 8), (0, 1, 2, 3, 4), None),
        ((2, 64, 8, 8), (0, 1, 2, 3, 4), None),
        ((3, 12, 12), (0, 1, 2, 3), "taken as images of 3 channels of 12 x 12; if axis 1 is time, x_test[:, :, None] makes"),
        ((4, 12, 12), (0, 1, 2, 3), "taken as images of 4 channels of 12 x 12; if axis 1 is time, x_test[:, :, None] makes"),
        ((1, 4, 4), (0, 1, 2, 3), None),
        ((2, 8, 8, 8), (0, 1, 2, 3, 4), "if the last axis is time, np.moveaxis(x_test, -1, 1)"),
    ],
)  # fmt: skip
def test_what_can_only_be_meant_is_taken_and_said(tmp_path, shape, axes, said):
    arrays = parts(shape)
    found = load(tmp_path, arrays)
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(found, name), arrays[name].transpose(axes))
        assert getattr(found, name).flags.c_contiguous
        assert said is None or any(said.replace("x_test", name) in note and name in note for note in found.notes)
    assert said is not None or not found.notes
    assert datasets.timesteps_of(f"npz:{tmp_path / 'a.npz'}") == found.timesteps, "known without the arrays"


@pytest.mark.parametrize(
    ("shape", "said", "lines"),
    [
        ((16, 34, 34), "is of zeros and ones", 2),
        ((8, 12, 12), "is of zeros and ones", 2),
        ((2, 34, 34, 2), "may be frames with time or with channels last", 2),
        ((1, 34, 34, 2), "may be frames with time or with channels last", 2),
        ((2, 34, 34, 34), "may be frames with time or with channels last", 1),
        ((34, 34, 16), "would be images of 34 channels of 34 x 16", 2),
        ((36, 48, 10), "would be images of 36 channels of 48 x 10", 2),
    ],
)
def test_what_may_mean_two_things_is_refused_and_every_line_works(tmp_path, shape, said, lines):
    arrays = parts(shape)
    with pytest.raises(InputError, match=said) as refusal:
        load(tmp_path, arrays)
    assert datasets.timesteps_of(f"npz:{tmp_path / 'a.npz'}") is None
    tried = list(advised(arrays, refusal))
    assert len(tried) == lines
    for line, changed in tried:
        try:
            found = load(tmp_path, changed)
        except InputError as again:  # of zeros and ones, images of many channels are asked about
            assert "of zeros and ones" in str(again) and line.startswith("np.moveaxis") and len(shape) == 3
            found = load(tmp_path, changed | {name: changed[name] * np.uint8(255) for name in COUNTS})
        assert found.x_test.size == arrays["x_test"].size


def test_many_channels_of_whole_numbers_are_images_and_what_they_might_be_is_said(tmp_path):
    arrays = parts((8, 12, 12), most=9)
    found = load(tmp_path, arrays)
    (note,) = [note for note in found.notes if "x_test" in note]
    assert found.image == (8, 12, 12) and "taken as images of 8 channels" in note and "x_test[:, :, None]" in note
    frames = load(tmp_path, arrays | {name: arrays[name][:, :, None] for name in COUNTS})
    assert frames.image == (1, 12, 12) and frames.timesteps == 8
    shares = {name: arrays[name] / 9 for name in COUNTS}
    assert load(tmp_path, arrays | shares).notes == (), "fractions are no frames"


@pytest.mark.parametrize(
    ("channels", "most", "said"),
    [(1, 2, False), (2, 2, True), (3, 2, True), (4, 2, True), (2, 16, True), (3, 16, False), (4, 16, True), (2, 17, False), (4, 256, False)],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_few_channels_of_small_counts_may_be_frames_and_that_is_said(tmp_path, channels, most, said, dtype):
    arrays = parts((channels, 12, 12), most, dtype=dtype)
    found = load(tmp_path, arrays)
    assert found.image == (channels, 12, 12) and len(found.notes) == (len(COUNTS) if said else 0)
    assert all(f"taken as images of {channels} channels" in note for note in found.notes)
    frames = load(tmp_path, arrays | {name: arrays[name][:, :, None] for name in COUNTS})
    assert frames.image == (1, 12, 12) and frames.timesteps == channels, "the line works"
    shares = load(tmp_path, arrays | {name: arrays[name] / 20 for name in COUNTS})
    below = load(tmp_path, arrays | {name: arrays[name].astype(np.int16) - 3 for name in COUNTS})
    assert shares.notes == below.notes == ()


@pytest.mark.parametrize("shape", [(2, 12, 12), (12, 12, 2)])
@pytest.mark.parametrize("labelled", [True, False])
def test_time_before_samples_is_seen_by_the_number_of_labels(tmp_path, shape, labelled):
    arrays = parts((5, *shape), samples_at=1)
    found = load(tmp_path, arrays, labelled)
    first = {name: np.moveaxis(arrays[name], 1, 0) for name in COUNTS}
    same = load(tmp_path, arrays | first, labelled)
    assert found.sha256 == same.sha256 and found.timesteps == 5
    assert any("x_test (5, 7, " in note and "second axis" in note for note in found.notes)
    npz_files.write(tmp_path / "b.npz", **arrays)
    assert datasets.timesteps_of(f"npz:{tmp_path / 'b.npz'}") == 5


@pytest.mark.parametrize(
    ("shape", "axis", "most"), [((6, 8, 8), 1, 99), ((8, 8, 3), 3, 99), ((8, 8), 2, 99), ((2, 12, 12, 5), 4, 2)]
)
def test_samples_on_another_axis_are_refused_by_that_axis_and_the_line_works(tmp_path, shape, axis, most):
    arrays = parts(shape, most, samples_at=axis)
    arrays = {name: array for name, array in arrays.items() if "val" not in name}
    with pytest.raises(InputError, match=rf"y_test 7 labels, as many as axis {axis} of x_test is long") as refusal:
        load(tmp_path, arrays)
    (line,) = set(re.findall(r"np\.moveaxis\(x_test, \d, 0\)", str(refusal.value)))
    changed = {name: eval(line.replace("x_test", "x"), {"np": np, "x": arrays[name]}) for name in ("x_test", "x_train")}
    assert len(load(tmp_path, arrays | changed).x_test) == 7
    assert str(changed["x_test"].shape) in str(refusal.value)


def test_as_many_samples_as_steps_are_no_reason_to_turn_them(tmp_path):
    """Square by chance: the documented order is kept unless another part says otherwise."""
    x = np.random.default_rng(0).integers(0, 2, (7, 7, 2, 12, 12)).astype(np.uint8)
    y = np.arange(7) % 3
    assert load(tmp_path, {"x_train": x, "y_train": y, "x_test": x, "y_test": y}).notes == ()


@settings(max_examples=200, deadline=None)
@given(st.tuples(st.integers(1, 40), st.integers(1, 4), st.integers(5, 64), st.integers(5, 64)))
def test_the_documented_order_is_never_taken_for_another(shape):
    """(N, T, C, H, W) of up to four channels, which all event data are."""
    assert of_frames((3, *shape)) is AxisOrder.WRITTEN
