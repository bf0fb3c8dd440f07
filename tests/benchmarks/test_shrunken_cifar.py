"""CIFAR-10 at half its side."""

import numpy as np
import shrunken_cifar
from support.files.npz_files import jpeg_file


def test_images_are_halved_by_means():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 6), dtype=np.uint8)
    small = shrunken_cifar.halved(images)
    assert small.shape == (2, 3, 2, 3) and small.dtype == np.uint8
    assert small[1, 2, 1, 0] == np.round(images[1, 2, 2:4, 0:2].mean())


def test_the_first_images_of_each_part_are_written_with_their_labels(tmp_path, monkeypatch):
    classes = ("a", "b")
    for name, count in zip(shrunken_cifar.CIFAR, (6, 5)):
        jpeg_file(tmp_path / name, count=count, side=16, classes=classes)
    monkeypatch.setattr(shrunken_cifar, "TRAINING_IMAGES", 4)
    monkeypatch.setattr(shrunken_cifar, "TEST_IMAGES", 3)
    name = shrunken_cifar.shrunken_cifar(tmp_path, tmp_path / "small.npz")
    assert name == f"npz:{tmp_path / 'small.npz'}"
    whole = shrunken_cifar.whole_cifar(tmp_path)
    with np.load(tmp_path / "small.npz") as small:
        assert small["x_train"].shape == (4, 3, 8, 8) and small["x_test"].shape == (3, 3, 8, 8)
        assert np.array_equal(small["x_train"], shrunken_cifar.halved(whole.full_train()[0][:4]))
        assert np.array_equal(small["y_test"], whole.y_test[:3])
