"""What would spoil a search is said before it begins; what is well is not complained of."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import npz_files

from autosnn_hw import verbs
from autosnn_hw.cli import group
from autosnn_hw.errors import InputError
from autosnn_hw.stages import manifest
from autosnn_hw.stages.chosen import config_for
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import advised_notes, examine, require_classes


def saved(folder, labels, *, test=None, seed=0):
    """npz of distinct random images with these training labels."""
    rng = np.random.default_rng(seed)
    test = np.unique(labels) if test is None else test
    arrays = {
        "x_train": rng.integers(0, 256, (len(labels), 1, 6, 6), np.uint8), "y_train": np.asarray(labels),
        "x_test": rng.integers(0, 256, (len(test), 1, 6, 6), np.uint8), "y_test": np.asarray(test),
    }  # fmt: skip
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return path


def findings(path):
    return " ".join(examine(datasets.load(f"npz:{path}"))["findings"])


def test_digits_have_nothing_to_complain_of():
    found = examine(datasets.load("digits"))
    assert found["findings"] == [] and found["duplicates"]["train and test"] == 0
    assert (found["kind"], found["sample"], found["range"]) == ("images", [1, 8, 8], [0.0, 16.0])
    assert "test_size=360" in found["split"] and found["preprocessing"] == "none"
    assert [sum(row) for row in found["per_class"].values()] == list(found["samples"].values())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 3] * 20, "no sample has class 2"),
        ([0] * 90 + [1] * 90 + [2] * 5, "1 of 3 have less than half the mean"),
        (list(range(4)) * 20, ""),
    ],
)
def test_gaps_and_rare_classes_are_named(tmp_path, labels, words):
    labels = np.random.default_rng(0).permutation(labels)
    said = findings(saved(tmp_path, labels))
    assert words in said and bool(words) == bool(said)


def test_a_class_that_is_never_tested_is_named(tmp_path):
    said = findings(saved(tmp_path, [0, 1, 2] * 10, test=[0, 0, 1]))
    assert said == "class 2 has no test samples: accuracy says nothing of it."


def test_a_class_that_is_only_tested_is_no_gap(tmp_path):
    said = findings(saved(tmp_path, [0, 1] * 10, test=[0, 1, 2, 2]))
    assert "class 2 is in validation or test and not in the training part" in said and "gap" not in said


def test_one_class_teaches_nothing(tmp_path):
    assert "all training samples are of one class" in findings(saved(tmp_path, [0] * 20, test=[0, 0]))


def test_training_data_of_one_class_are_refused_before_anything_is_trained_and_named_once(tmp_path):
    name = f"npz:{saved(tmp_path, [1] * 20, test=[0, 1])}"
    said = "all training samples are of one class (1): a network tells at least two classes apart"
    commands = {
        "search": ["--dataset", name],
        "train": ["all_SRB_k3", "--dataset", name],
        "tables": ["blocks", "--dataset", name],
    }
    for command, options in commands.items():
        done = CliRunner().invoke(group, [command, *options, "--out", str(tmp_path / command)])
        assert isinstance(done.exception, InputError) and said in str(done.exception)
        assert not (tmp_path / command).exists()
    found = " ".join(verbs.data(name, estimate=False)["findings"])
    assert f"a search would refuse them: {name}: {said}" in found and found.count("of one class") == 1
    assert len(datasets.load(name, labelled=False).x_test) == 2, "simulate takes it"


def test_validation_samples_of_one_class_are_refused_where_they_choose(tmp_path):
    """Chance is 1 there: nothing that a search tells apart is told apart by them."""
    path = saved(tmp_path, [0, 1] * 10)
    arrays = dict(np.load(path))
    np.savez(path, **arrays, x_val=arrays["x_train"][:3] ^ 1, y_val=np.ones(3, int))
    data = datasets.load(f"npz:{path}")
    require_classes(data)
    with pytest.raises(InputError, match=r"all validation samples are of one class \(1\): networks are chosen by"):
        require_classes(data, chosen_by_validation=True)
    with pytest.raises(InputError, match="all validation samples are of one class"):
        manifest.prepare(config_for({"dataset": data.name}))
    assert "all validation samples are of one class" in findings(path)
    require_classes(datasets.load(f"npz:{saved(tmp_path, [0, 1] * 10)}"), chosen_by_validation=True)


def test_a_class_without_a_validation_sample_is_named(tmp_path):
    said = findings(saved(tmp_path, [2, *[0, 1] * 10, 2], test=[0, 1, 2]))
    assert "class 2 has no validation samples" not in said
    said = findings(saved(tmp_path, [2, 2, 2, 2, *[0, 1] * 10], test=[0, 1, 2]))
    assert said.startswith(
        "class 2 has no validation samples: the accuracy by which networks are chosen says nothing of it."
    )


@pytest.mark.parametrize(("classes", "words"), [
    (2, "classes 1 and 2 are in validation or test and not in the training part: they cannot be learnt."),
    (3, "classes 1, 2 and 3 are"), (6, "classes 1, 2, 3, 4, 5 and 6 are"), (7, "classes 1, 2, 3, 4, 5 and 2 others are"),
])  # fmt: skip
def test_many_classes_are_listed_by_the_first_and_how_many_more(tmp_path, classes, words):
    assert words in findings(saved(tmp_path, [0] * 20, test=range(classes + 1)))


def test_the_gaps_of_sparse_labels_are_not_listed_one_by_one(tmp_path):
    labels = np.random.default_rng(0).permutation(np.arange(40) % 4 * 1000)
    said = findings(saved(tmp_path, labels, test=[0, 2000]))
    assert "no sample has class 1, 2, 3, 4, 5 or 2,992 others: a gap" in said and "number the classes 0 to 3" in said
    assert "classes 1000 and 3000 have no test samples: accuracy says nothing of them." in said


def test_why_a_search_would_refuse_the_data_is_a_finding(tmp_path):
    """Images of 2 x 2 pixels are described all the same; what cannot be loaded, and an unknown target, are still refused."""
    x, y = np.random.default_rng(0).integers(0, 256, (30, 1, 2, 2)).astype(np.uint8), np.arange(30) % 3
    np.savez(tmp_path / "small.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    name = f"npz:{tmp_path / 'small.npz'}"
    for estimate in (False, True):
        found = verbs.data(name, estimate=estimate)
        assert found["search"] is None and found["sample"] == [1, 2, 2]
        assert "a search would refuse them: images of 2 x 2 are too small" in found["findings"][0]
    with pytest.raises(InputError, match="unknown target"):
        verbs.data(name, target="nochip", estimate=False)
    (tmp_path / "small.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="is not a readable npz"):
        verbs.data(name, estimate=False)


def test_test_samples_that_were_trained_on_are_counted(tmp_path):
    path = saved(tmp_path, list(range(4)) * 10)
    arrays = dict(np.load(path))
    arrays["x_test"][1:3] = arrays["x_train"][[0, 39]]  # one of the training part, one of the validation part
    np.savez(path, **arrays)
    assert "2 of 4 test samples are training samples" in findings(path)


def test_a_sample_in_two_parts_is_a_leak_and_no_copy(tmp_path):
    """Of a file with validation samples of its own."""
    path = saved(tmp_path, list(range(4)) * 10)
    arrays = dict(np.load(path))
    x, x_test = arrays["x_train"], arrays["x_test"]
    held_out = {"x_val": np.concatenate([x[:3], x_test[:1]]), "y_val": np.array([0, 1, 2, 0])}
    np.savez(path, **arrays, **held_out)
    found = examine(datasets.load(f"npz:{path}"))
    said = " ".join(found["findings"])
    assert "3 of 4 validation samples are training samples, too: validation accuracy" in said
    assert "1 of 4 test samples are validation samples, too: test accuracy" in said
    assert "copies" not in said and found["duplicates"]["within train"] == 0
    arrays["x_train"][5] = x_test[1]
    arrays["x_train"][20] = arrays["x_train"][21]
    np.savez(path, **arrays, **held_out)
    said = findings(path)
    assert "2 of 4 test samples are training samples (1) or validation samples (1), too" in said
    assert "1 training samples are copies of other training samples" in said


def lossy(folder, largest=3):
    """Event frames of counts up to `largest`."""
    x = np.random.default_rng(0).integers(0, 4, (30, 4, 2, 10, 10)).astype(np.int16)
    x[x == 3] = largest
    np.savez(folder / "counts.npz", x_train=x[:20], y_train=np.arange(20) % 3, x_test=x[20:], y_test=np.arange(10) % 3)
    return f"npz:{folder / 'counts.npz'}"


@pytest.mark.parametrize(("target", "advised"), [("loihi2", True), ("truenorth", False)])
def test_graded_spikes_are_advised_where_the_target_takes_them(tmp_path, target, advised):
    name = lossy(tmp_path)
    notes = verbs.data(name, target, estimate=False)["notes"]
    assert len(notes) == 2 and all("more and shorter frames would lose fewer" in note for note in notes)
    assert [note.endswith("and so would --graded") for note in notes] == [advised] * 2
    if advised:  # and it does
        config = config_for({"dataset": name, "target": target, "graded": True})
        assert not manifest.prepare(config).data.notes


def test_graded_spikes_larger_than_the_target_takes_are_not_advised(tmp_path):
    data = datasets.load(lossy(tmp_path, 9))
    assert not any("--graded" in note for note in (*data.notes, *advised_notes(data, None), *advised_notes(data, 8)))
    assert all("--graded" in note for note in advised_notes(data, 9))
    graded = datasets.load(data.name, graded=True)
    assert advised_notes(graded, 9) == []


def test_a_class_that_only_the_files_own_validation_part_has_cannot_be_learnt(tmp_path):
    path = saved(tmp_path, [0, 1] * 10, test=[0, 1])
    arrays = dict(np.load(path))
    np.savez(path, **arrays, x_val=arrays["x_test"] + 1, y_val=np.array([1, 2]))
    assert "class 2 is in validation or test and not in the training part" in findings(path)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(5, 30), min_size=2, max_size=6), st.integers(0, 99))
def test_sorted_labels_are_split_by_class(tmp_path_factory, counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    path = saved(tmp_path_factory.mktemp("sorted"), labels, seed=seed)
    data = datasets.load(f"npz:{path}")
    assert "drawn from every class" in " ".join(data.notes)
    assert len(data.y_val) == len(labels) // 5
    shares = np.bincount(data.y_val, minlength=len(counts))
    assert (shares >= np.array(counts) // 5).all() and (shares <= -(-np.array(counts) // 5)).all()
    every = np.concatenate([data.x_train, data.x_val]).reshape(len(labels), -1)
    source = np.load(path)["x_train"].reshape(len(labels), -1)
    assert {row.tobytes() for row in every} == {row.tobytes() for row in source}
    assert datasets.load(f"npz:{path}").sha256 == data.sha256


def test_labels_in_any_order_are_split_as_ever(tmp_path):
    labels = np.random.default_rng(1).permutation(np.arange(50) % 5)
    path = saved(tmp_path, labels)
    assert datasets.load(f"npz:{path}").y_val.tolist() == labels[40:].tolist()


@pytest.mark.parametrize("shape", [(1, 6, 6), (5, 2, 6, 6), (5, 7), (9,)])
@pytest.mark.parametrize("labelled", [True, False])
def test_samples_alone_are_described_as_they_are(tmp_path, shape, labelled):
    """A file for `simulate`, with labels or without."""
    x = np.random.default_rng(0).integers(0, 9, (4, *shape), np.uint8)
    np.savez(tmp_path / "a.npz", x_test=x, **({"y_test": np.array([0, 2, 1, 2])} if labelled else {}))
    name = f"npz:{tmp_path / 'a.npz'}"
    for estimate in (True, False):
        found = verbs.data(name, estimate=estimate)
        assert found["search"] is None and found["sample"] == list(shape) and len(found["axes"]) == len(shape)
        assert found["range"] == [x.min(), x.max()] and found["samples"] == {"train": 0, "val": 0, "test": 4}
        assert found["classes"] == (3 if labelled else 0)
        assert found["per_class"]["test"] == ([1, 1, 2] if labelled else [])
        lacking = "x_train, y_train" + ("" if labelled else ", y_test")
        assert f"has no {lacking}: it can be simulated" in found["findings"][0]
    shown = CliRunner().invoke(group, ["data", name])
    assert ("sent as" in shown.output) == found["kind"].startswith("event")
    assert shown.exit_code == 0 and "it can be simulated" in " ".join(shown.output.split())


def test_samples_alone_in_a_jpeg_file_and_a_file_that_is_none(tmp_path):
    npz_files.jpeg_file(tmp_path / "a.npz", count=3)
    found = verbs.data(f"npz:{tmp_path / 'a.npz'}")
    assert found["classes"] == 2 and found["samples"]["test"] == 3 and found["search"] is None
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="not a readable npz file"):
        verbs.data(f"npz:{tmp_path / 'b.npz'}")
