"""Labels as people write them are taken and said; what is refused says what works, and it does."""

import numpy as np
import pytest
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets

NAMES = np.array(["cat", "dog", "ant"])


def load(folder, change, labelled=True, drop=()):
    arrays = {name: array for name, array in (npz_files.arrays() | change).items() if name not in drop}
    return datasets.load(npz_files.write(folder / "a.npz", **arrays), labelled=labelled)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint64, np.int8])
@pytest.mark.parametrize("column", [False, True])
def test_whole_numbers_of_any_type_are_the_same_labels(tmp_path, dtype, column):
    plain = load(tmp_path, {})
    labels = {name: npz_files.arrays()[name].astype(dtype) for name in ("y_train", "y_test")}
    found = load(tmp_path, {name: y[:, None] if column else y for name, y in labels.items()})
    assert found.sha256 == plain.sha256 and found.y_test.dtype == np.int64 and found.class_names == ()
    whole = [f"{name} {np.dtype(dtype)} is taken as whole numbers" for name in ("y_train", "y_test")]
    assert [note for note in whole if note in found.notes] == (whole if np.dtype(dtype).kind == "f" else [])
    assert any("one column" in note for note in found.notes) == column


def test_true_and_false_are_two_classes(tmp_path):
    y = npz_files.arrays()["y_train"] == 1
    found = load(tmp_path, {"y_train": y, "y_test": y[:4]})
    assert found.classes == 2 and "y_train bool is taken as whole numbers" in found.notes


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (lambda y: np.eye(5, dtype=int)[y] | np.eye(5, dtype=int)[4], "y_train.argmax(axis=1)"),
        (lambda y: np.eye(5)[y] * 0.7 + 0.01, "y_train.argmax(axis=1)"),
        (lambda y: np.eye(5, dtype=int)[y].T, "y_train.argmax(axis=0)"),
        (lambda y: y[None], "y_train.reshape(-1)"),
        (lambda y: y[:, None, None], "y_train.reshape(-1)"),
    ],
)
def test_labels_of_another_shape_are_told_a_line_that_works(tmp_path, made, line):
    y = npz_files.arrays()["y_train"]
    with pytest.raises(InputError) as refusal:
        load(tmp_path, {"y_train": made(y)})
    assert f"integer labels from 0, one for each sample of x_train; {line} makes them" in str(refusal.value)
    advised = eval(line, {"y_train": made(y)})
    np.testing.assert_array_equal(np.sort(load(tmp_path, {"y_train": advised}).full_train()[1]), np.sort(y))


@pytest.mark.parametrize("transposed", [False, True])
def test_several_numbers_of_classes_a_sample_are_no_votes(tmp_path, transposed):
    """The place of the larger one would be a class that nobody gave the sample."""
    y = npz_files.arrays()["y_train"]
    several = np.stack([y, y + 4], 1)
    several = several.T if transposed else several
    with pytest.raises(InputError) as refusal:
        load(tmp_path, {"y_train": several})
    line = "y_train[0]" if transposed else "y_train[:, 0]"
    assert f"a sample has 2 numbers there: {line} takes the first of them" in str(refusal.value)
    assert "argmax" not in str(refusal.value)
    found = load(tmp_path, {"y_train": eval(line, {"y_train": several})})
    assert found.sha256 == load(tmp_path, {}).sha256


@pytest.mark.parametrize(
    ("dtype", "line"),
    [(complex, "y_train.real makes them"), ("datetime64[D]", "saved as y.astype(str)"), ("timedelta64[s]", "saved as y.astype(str)"), ("i4,i4", "")],
)  # fmt: skip
def test_labels_of_a_type_that_is_none_of_classes_are_refused_by_the_type(tmp_path, dtype, line):
    y = npz_files.arrays()["y_train"]
    with pytest.raises(InputError) as refusal:
        load(tmp_path, {"y_train": y.astype(dtype)})
    said = str(refusal.value)
    assert f"y_train is of type {np.dtype(dtype)}; it must be" in said and line in said
    assert "same samples in one order" not in said, "the length is right"
    if dtype is complex:
        assert load(tmp_path, {"y_train": y.astype(dtype).real}).classes == 3
        with pytest.raises(InputError) as refusal:
            load(tmp_path, {"y_train": y + 1j})
        assert "real" not in str(refusal.value)
    elif line:
        labels = {name: npz_files.arrays()[name].astype(dtype).astype(str) for name in ("y_train", "y_test")}
        assert load(tmp_path, labels).classes == 3


@pytest.mark.parametrize("change", [-1, 2])
def test_labels_of_another_length_are_told_what_works(tmp_path, change):
    arrays = npz_files.arrays()
    y = np.arange(len(arrays["y_train"]) + change) % 3
    with pytest.raises(InputError) as refusal:
        load(tmp_path, {"y_train": y})
    shorter = min(len(y), len(arrays["x_train"]))
    said = str(refusal.value)
    assert (
        "save x_train and y_train of the same samples in one order, or, where it is the end of one of them alone"
        in said
    )
    assert said.endswith(f"x_train[:{shorter}] and y_train[:{shorter}].")
    change = {"x_train": arrays["x_train"][:shorter], "y_train": y[:shorter]}
    assert len(load(tmp_path, change).full_train()[1]) == shorter


@pytest.mark.parametrize("kind", ["U", "S"])
def test_names_are_numbered_alike_in_all_parts(tmp_path, kind):
    y = npz_files.arrays()["y_train"]
    x = npz_files.arrays()["x_test"] ^ 1
    change = {
        "y_train": NAMES[y].astype(kind), "y_test": np.array(["dog", "dog", "bee", "dog"])[:, None].astype(kind),
        "x_val": x, "y_val": np.array(["cat", "cat", "ant", "eel"]).astype(kind),
    }  # fmt: skip
    for labelled in (True, False):
        found = load(tmp_path, change, labelled)
        assert found.class_names == ("ant", "bee", "cat", "dog", "eel") and found.classes == 5
        assert found.y_train.tolist() == [{0: 2, 1: 3, 2: 0}[label] for label in y.tolist()]
        assert found.y_test.tolist() == [3, 3, 1, 3] and found.y_val.tolist() == [2, 2, 0, 4]
        assert "numbered in their order: 'ant' is 0, 'bee' is 1, 'cat' is 2" in " ".join(found.notes)


def test_names_that_are_numbers_are_in_the_order_of_the_numbers(tmp_path):
    y = np.arange(12)
    x = np.random.default_rng(0).integers(0, 200, (12, 1, 6, 6)).astype(np.uint8)
    found = load(tmp_path, {"x_train": x, "y_train": y.astype(str), "y_test": np.array(["2", "10", "9", "11"])})
    assert found.y_test.tolist() == [2, 10, 9, 11] and found.class_names[10] == "10"
    (note,) = [note for note in found.notes if "names" in note]
    assert note.endswith("'8' is 8, .., '11' is 11"), "long lists are cut"


@pytest.mark.parametrize("change", [lambda y: y - 1, lambda y: y / 2, lambda y: y + (1 << 20)])
def test_the_advice_for_other_numbers_works_for_training(tmp_path, change):
    labels = {name: change(npz_files.arrays()[name]) for name in ("y_train", "y_test")}
    with pytest.raises(InputError, match=r"the labels of every part are saved as y.astype\(str\)\.$") as refusal:
        load(tmp_path, labels)
    assert "leave" not in str(refusal.value), "training needs them"
    found = load(tmp_path, {name: y.astype(str) for name, y in labels.items()})
    assert found.classes == 3 and len(found.y_test) == 4


@pytest.mark.parametrize("y_test", [-np.ones(4, int), np.full(4, 0.5), NAMES[[0, 1, 2, 0]], np.zeros(3, int)])
def test_the_advice_for_samples_alone_works(tmp_path, y_test):
    """Numbers of names come from training; without y_train they are not known, and another order of them would be wrong."""
    drop = ("x_train", "y_train")
    with pytest.raises(InputError, match="or leave y_test out"):
        load(tmp_path, {"y_test": y_test}, labelled=False, drop=drop)
    assert len(load(tmp_path, {}, labelled=False, drop=(*drop, "y_test")).x_test) == 4
    assert load(tmp_path, {}, labelled=False, drop=drop).y_test.tolist() == [0, 1, 2, 0]


def test_names_and_numbers_are_not_mixed_and_none_is_empty(tmp_path):
    y = npz_files.arrays()["y_train"]
    with pytest.raises(InputError, match="y_train holds names .* and y_test is int64; save all labels as names"):
        load(tmp_path, {"y_train": NAMES[y]})
    with pytest.raises(InputError, match="some labels are empty names"):
        load(tmp_path, {"y_train": np.where(y == 1, "", NAMES[y]), "y_test": NAMES[y[:4]]})


@pytest.mark.parametrize("way", ["int", "str"])
def test_labels_saved_as_objects_are_told_how_to_be_saved(tmp_path, way):
    y = npz_files.arrays()["y_train"]
    labels = {"y_train": y, "y_test": y[:4]} if way == "int" else {"y_train": NAMES[y], "y_test": NAMES[y[:4]]}
    change = labels | {"y_train": labels["y_train"].astype(object)}
    with pytest.raises(
        InputError, match=rf"array y_train holds Python objects .* y_train\.astype\(.*{way}\)"
    ) as refusal:
        load(tmp_path, change)
    assert "numpy.savez" not in str(refusal.value), "it was written with that"
    saved = {name: eval(f"y_train.astype({way})", {"y_train": array}) for name, array in change.items()}
    assert load(tmp_path, saved).classes == 3


def test_samples_saved_as_objects_are_told_how_to_be_saved(tmp_path):
    x = npz_files.arrays()["x_train"]
    with pytest.raises(InputError, match=r"array x_train holds Python objects .*np\.stack\(list\(x_train\)\)"):
        load(tmp_path, {"x_train": x.astype(object)})
    several = np.empty(len(x), object)
    several[:] = list(x)
    assert len(load(tmp_path, {"x_train": np.stack(list(several))}).full_train()[0]) == 10
