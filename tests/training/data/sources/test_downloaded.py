"""Image sets in the files that they are handed out in, a few samples each."""

import hashlib
import pickle
import urllib.error
import urllib.request

import numpy as np
import pytest
import scipy.io
import torchvision

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import downloaded


def write_idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = np.array([0x0800 + array.ndim, *array.shape], ">u4").tobytes()
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def same(found, images, labels, test_images, test_labels):
    x, y = found.full_train()
    np.testing.assert_array_equal(x, images)
    np.testing.assert_array_equal(y, labels)
    np.testing.assert_array_equal(found.x_test, test_images)
    np.testing.assert_array_equal(found.y_test, test_labels)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_idx_files(name, folder, rng, tmp_path):
    parts = {"train": 12, "t10k": 5}
    images = {part: rng.integers(0, 256, (count, 28, 28)).astype(np.uint8) for part, count in parts.items()}
    labels = {part: rng.integers(0, 10, count) for part, count in parts.items()}
    raw = tmp_path / folder / "raw"
    for part in parts:
        write_idx(raw / f"{part}-images-idx3-ubyte", images[part])
        write_idx(raw / f"{part}-labels-idx1-ubyte", labels[part])
    found = datasets.load(name, data_dir=tmp_path)
    same(found, images["train"][:, None], labels["train"], images["t10k"][:, None], labels["t10k"])
    assert found.image == (1, 28, 28) and found.classes == 10 and len(found.x_val) == 2
    (raw / "train-images-idx3-ubyte").write_bytes((raw / "train-images-idx3-ubyte").read_bytes()[:-100])
    with pytest.raises(InputError, match="train-images-idx3-ubyte is no idx file, or damaged"):
        datasets.load(name, data_dir=tmp_path)
    write_idx(raw / "train-images-idx3-ubyte", images["train"][:7])
    with pytest.raises(InputError, match="7 images and 12 labels"):
        datasets.load(name, data_dir=tmp_path)
    write_idx(raw / "train-images-idx3-ubyte", images["train"])
    write_idx(raw / "t10k-labels-idx1-ubyte", labels["t10k"] + 7)
    with pytest.raises(
        InputError, match=rf"{name} in .*: test labels are . to 1., and its 10 classes 0 to 9; .*idx3-ubyte"
    ):
        datasets.load(name, data_dir=tmp_path)
    (raw / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(InputError, match="--data-dir DIR where .*idx3-ubyte"):
        datasets.load(name, data_dir=tmp_path)


@pytest.mark.parametrize(("name", "kind"), [("cifar10", "CIFAR10"), ("cifar100", "CIFAR100")])
def test_cifar_batches_are_unpickled_only_where_they_are_the_published_ones(name, kind, rng, tmp_path, monkeypatch):
    known = getattr(torchvision.datasets, kind)
    folder = tmp_path / known.base_folder
    folder.mkdir()
    count, label = {"cifar10": (10, "labels"), "cifar100": (100, "fine_labels")}[name]

    def write(file, content):
        (folder / file).write_bytes(pickle.dumps(content))
        return file, md5(folder / file)

    def batch(samples):
        return {
            "data": rng.integers(0, 256, (samples, 3072)).astype(np.uint8),
            label: rng.integers(0, count, samples).tolist(),
        }

    train, test = batch(10), batch(4)
    with pytest.raises(InputError, match=f"--data-dir DIR where {known.base_folder} lie, or --download"):
        datasets.load(name, data_dir=tmp_path)
    names = [f"c{i}" for i in range(count)]
    meta, checksum = write(known.meta["filename"], {known.meta["key"]: names})
    monkeypatch.setattr(known, "meta", known.meta | {"filename": meta, "md5": checksum})
    monkeypatch.setattr(known, "train_list", [list(write("train", train))])
    monkeypatch.setattr(known, "test_list", [list(write("test", test))])
    found = datasets.load(name, data_dir=tmp_path)
    images = [part["data"].reshape(-1, 3, 32, 32) for part in (train, test)]
    same(found, images[0], train[label], images[1], test[label])
    assert found.classes == count and found.class_names == tuple(names)

    whole = (folder / "train").read_bytes()

    class Evil:
        def __reduce__(self):
            return (folder / "it ran").touch, ()

    for content in (pickle.dumps(Evil()), whole[:-9]):
        (folder / "train").write_bytes(content)
        with pytest.raises(
            InputError, match=rf"{known.base_folder}/train is damaged, or another .*; remove it, and fetch it again"
        ):
            datasets.load(name, data_dir=tmp_path)
    assert not (folder / "it ran").exists()
    (folder / "train").unlink()
    with pytest.raises(InputError, match=rf"{known.base_folder}/train was not found"):
        datasets.load(name, data_dir=tmp_path)
    monkeypatch.setattr(known, "train_list", [list(write("train", train | {label: [*train[label][1:], count]}))])
    with pytest.raises(
        InputError, match=rf"training labels are \d+ to {count}, and its {count} classes 0 to {count - 1}"
    ):
        datasets.load(name, data_dir=tmp_path)


def test_svhn_in_matlabs_format(rng, tmp_path, monkeypatch):
    kind, splits, wanted = torchvision.datasets.SVHN, {}, []
    for part, count in (("train", 11), ("test", 4)):
        images, labels = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8), rng.integers(0, 10, count)
        file = tmp_path / f"{part}_32x32.mat"
        stored = np.where(labels == 0, 10, labels)  # the files call the digit 0 ten
        scipy.io.savemat(file, {"X": images.transpose(2, 3, 1, 0), "y": stored[:, None].astype(np.uint8)})
        splits[part] = ["", file.name, md5(file)]
        wanted += [images, labels]
    monkeypatch.setattr(kind, "split_list", kind.split_list | splits)
    found = datasets.load("svhn", data_dir=tmp_path)
    same(found, *wanted)
    assert found.classes == 10
    whole = (tmp_path / "test_32x32.mat").read_bytes()
    (tmp_path / "test_32x32.mat").write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"test_32x32\.mat is damaged, or another .*; remove it, and fetch it again"):
        datasets.load("svhn", data_dir=tmp_path)
    scipy.io.savemat(tmp_path / "test_32x32.mat", {"X": images.transpose(2, 3, 1, 0), "y": np.full((count, 1), 11)})
    monkeypatch.setattr(
        kind, "split_list", kind.split_list | {"test": ["", "test_32x32.mat", md5(tmp_path / "test_32x32.mat")]}
    )
    with pytest.raises(InputError, match="test labels are 11 to 11, and its 10 classes 0 to 9"):
        datasets.load("svhn", data_dir=tmp_path)
    (tmp_path / "train_32x32.mat").unlink()
    with pytest.raises(InputError, match="svhn could not be loaded from .*train_32x32.mat and test_32x32.mat"):
        datasets.load("svhn", data_dir=tmp_path)


@pytest.mark.parametrize("name", downloaded.LAYOUTS)
def test_what_cannot_be_fetched_failed_at_run_time_and_is_not_told_to_be_fetched(name, tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    with pytest.raises(
        RunError, match=rf"{name} could not be fetched into .*; fetch it on a machine that can"
    ) as failure:
        datasets.load(name, data_dir=tmp_path, download=True)
    assert "--download" not in str(failure.value) and failure.value.exit_code == 1
    with pytest.raises(InputError, match=r"or --download\.$") as refusal:
        datasets.load(name, data_dir=tmp_path)
    assert refusal.value.exit_code == 2
