import numpy as np
import pytest
from support.files import event_files

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import archives, cifar10_dvs
from autosnn_hw.training.data.sources.parts import shuffled


@pytest.fixture
def folder(tmp_path):
    event_files.cifar10_dvs(tmp_path / "CIFAR10-DVS", count=11)
    return tmp_path


def test_recordings_become_frames_and_the_last_of_each_class_are_for_testing(folder):
    found = datasets.load("cifar10-dvs:4", data_dir=folder)
    assert found.image == (2, 128, 128) and found.timesteps == 4 == datasets.timesteps_of("cifar10-dvs:4")
    assert datasets.timesteps_of("cifar10-dvs") == cifar10_dvs.STEPS == 20
    assert found.class_names == cifar10_dvs.CLASSES and found.y_test.tolist() == shuffled(10).tolist()
    x, y = found.full_train()
    assert np.bincount(y).tolist() == [10] * 10 and set(found.y_val) != {9}, "classes are mixed"
    assert (x.sum(axis=(2, 3, 4)) == 15).all() and (x.sum(axis=(1, 2, 3)).argmax(axis=1) == y).all()
    assert found.preprocessing.startswith("4 frames of equal numbers of events") and "last tenth" in found.split
    by_time = datasets.load("cifar10-dvs:4:time", data_dir=folder / "CIFAR10-DVS")
    assert by_time.sha256 != found.sha256 and "equal times" in by_time.preprocessing


def test_the_split_is_spikingjellys(folder):
    """Its split takes the samples of a folder in the order of file names."""
    from spikingjelly.datasets import split_to_train_test_set

    named = [(path, label) for label, name in enumerate(cifar10_dvs.CLASSES)
             for path in sorted((folder / "CIFAR10-DVS" / name).iterdir())]  # fmt: skip
    _, theirs = split_to_train_test_set(0.9, named, 10)
    expected = [cifar10_dvs.Framing(1).frames(cifar10_dvs.aedat.read_2(theirs[i][0]), 128) for i in range(len(theirs))]
    found = datasets.load("cifar10-dvs:1", data_dir=folder)
    np.testing.assert_array_equal(found.x_test, np.stack(expected)[shuffled(10)])


def test_damaged_files_and_missing_classes_are_named(folder):
    root = folder / "CIFAR10-DVS"
    cut = root / "frog" / "cifar10_frog_3.aedat"
    cut.write_bytes(cut.read_bytes()[:-3])
    with pytest.raises(InputError, match=r"frog/cifar10_frog_3\.aedat ends in the middle of an event.*fetch it again"):
        datasets.load("cifar10-dvs", data_dir=folder)
    for path in (root / "dog").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"no files dog/\*\.aedat; .*--data-dir DIR .*--download"):
        datasets.load("cifar10-dvs", data_dir=folder)
    (root / "dog" / "cifar10_dog_0.aedat4").write_bytes(b"#!AER-DAT4.0")
    with pytest.raises(InputError, match=r"\.aedat4, repacked by tonic, are not read"):
        datasets.load("cifar10-dvs", data_dir=folder)
    with pytest.raises(InputError, match=r"airplane/\*\.aedat, .*, or --download\.$"):
        datasets.load("cifar10-dvs", data_dir=folder / "elsewhere")


def test_what_is_missing_is_fetched_where_that_was_asked_for(folder, monkeypatch):
    fetched = []

    def fetch(address, root, name, md5):
        fetched.append((address, name, md5))
        event_files.cifar10_dvs(root, count=10)

    monkeypatch.setattr(archives, "fetch", fetch)
    datasets.load("cifar10-dvs:1", data_dir=folder, download=True)
    assert fetched == []
    datasets.load("cifar10-dvs:1", data_dir=folder / "new", download=True)
    assert fetched[0] == (
        "https://ndownloader.figshare.com/files/7712788",
        "airplane.zip",
        cifar10_dvs.ARCHIVES["airplane"][1],
    )


def test_an_empty_folder_of_a_class_is_told_what_lets_it_be_fetched(folder, monkeypatch):
    root = folder / "CIFAR10-DVS"
    for path in (root / "dog").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"or remove the folder .*dog, and --download fetches it again\.$"):
        datasets.load("cifar10-dvs:1", data_dir=folder, download=True)
    (root / "dog").rmdir()
    monkeypatch.setattr(archives, "fetch", lambda address, root, name, md5: event_files.cifar10_dvs(root, count=10))
    assert datasets.load("cifar10-dvs:1", data_dir=folder, download=True).classes == 10


@pytest.mark.parametrize("count", [1, 2, 9])
def test_too_few_files_of_a_class_for_one_to_test_on_are_refused_with_how_many_are_needed(tmp_path, count):
    event_files.cifar10_dvs(tmp_path, count=count)
    with pytest.raises(InputError, match=rf"airplane/\*\.aedat: {count}, .*at least 10 of each .* for testing: unpack"):
        datasets.load("cifar10-dvs:1", data_dir=tmp_path)
    event_files.cifar10_dvs(tmp_path, count=10)
    assert np.bincount(datasets.load("cifar10-dvs:1", data_dir=tmp_path).y_test).tolist() == [1] * 10
    (tmp_path / "cat" / "cifar10_cat_9.aedat").unlink()
    with pytest.raises(InputError, match=r"of 1 of its 10 classes \(cat/\*\.aedat: 9\)"):
        datasets.load("cifar10-dvs:1", data_dir=tmp_path)


def test_an_archive_that_cannot_be_fetched_says_what_to_do(tmp_path):
    with pytest.raises(
        RunError, match=r"a\.zip could not be fetched from file:///.*; fetch it yourself and unpack it in"
    ):
        archives.fetch("file:///nowhere/a.zip", tmp_path / "new", "a.zip", "0" * 32)
