"""CIFAR-10 at 16 x 16 pixels, as the benchmarks of a search take it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autosnn_hw.training.data import datasets

CIFAR = ("cifar10-train-jpeg.npz", "cifar10-test-jpeg.npz")
TRAINING_IMAGES, TEST_IMAGES = 12_500, 5_000


def whole_cifar(data: Path) -> datasets.Dataset:
    """The images in a folder of the CIFAR-10 .npz files of JPEG images, 32 x 32."""
    return datasets.load(f"npz:{data / CIFAR[0]},{data / CIFAR[1]}")


def shrunken_cifar(data: Path, file: Path) -> str:
    """Write the first images of each part, halved, as an .npz; gives the name of the data set."""
    cifar = whole_cifar(data)
    x, y = cifar.full_train()
    arrays = {
        "x_train": halved(x[:TRAINING_IMAGES]),
        "y_train": y[:TRAINING_IMAGES],
        "x_test": halved(cifar.x_test[:TEST_IMAGES]),
        "y_test": cifar.y_test[:TEST_IMAGES],
    }
    np.savez(file, **arrays)
    return f"npz:{file}"


def halved(images: np.ndarray) -> np.ndarray:
    """uint8 (N, C, H/2, W/2): means of 2 x 2 pixels, rounded."""
    count, channels, height, width = images.shape
    blocks = images.reshape(count, channels, height // 2, 2, width // 2, 2)
    return np.round(blocks.mean(axis=(3, 5))).astype(np.uint8)
