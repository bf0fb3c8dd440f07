"""Image sets that torchvision knows: where they lie, how they are fetched, and their files read into arrays.

Files that hold pickles (CIFAR) are opened by torchvision, and by it only where their MD5 is that of the published file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training.data.sources import idx
from autosnn_hw.training.data.sources.parts import Parts

LAYOUTS = {
    "mnist": "MNIST/raw/train-images-idx3-ubyte and its three companions",
    "fashion-mnist": "FashionMNIST/raw/train-images-idx3-ubyte and its three companions",
    "cifar10": "cifar-10-batches-py",
    "cifar100": "cifar-100-python",
    "svhn": "train_32x32.mat and test_32x32.mat",
}


def load(name: str, folder: Path, download: bool) -> Parts:
    """One of `LAYOUTS`, from a folder in torchvision's layout.

    Raises:
        InputError: the files are missing, or damaged; says what was looked for where.
        RunError: they cannot be fetched.
    """
    try:
        return _of_its_classes(name, folder, READERS[name](folder, download))
    except InputError:
        raise
    except Exception as error:  # urllib, zipfile, scipy and torch each raise what they like at a damaged file
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        if download:
            raise RunError(
                f"{name} could not be fetched into {folder} ({reason}); fetch it on a machine that can, and say --data-dir DIR where {LAYOUTS[name]} lie."
            ) from error
        raise InputError(
            f"{name} could not be loaded from {folder} ({reason}); say --data-dir DIR where {LAYOUTS[name]} lie, or --download."
        ) from error


def _idx(kind: str) -> Callable[[Path, bool], Parts]:
    def read(folder: Path, download: bool) -> Parts:
        from torchvision import datasets

        known = getattr(datasets, kind)
        raw = folder / kind / "raw"
        if download:
            known(str(folder), download=True)
        arrays = []
        for part in ("train", "t10k"):
            for suffix, axes in (("images-idx3-ubyte", 3), ("labels-idx1-ubyte", 1)):
                path = idx.file_at(raw / f"{part}-{suffix}")
                if path is None:
                    raise FileNotFoundError(f"neither {raw / part}-{suffix} nor its .gz was found")
                arrays.append(idx.read(path, axes))
            _same_length(arrays[-2], arrays[-1], raw / part)
        names = tuple(str(label) for label in known.classes)
        return Parts(arrays[0][:, None], _labels(arrays[1]), arrays[2][:, None], _labels(arrays[3]), names)

    return read


def _cifar(kind: str) -> Callable[[Path, bool], Parts]:
    def read(folder: Path, download: bool) -> Parts:
        from torchvision import datasets

        known = getattr(datasets, kind)
        if not download:
            meta = [known.meta["filename"], known.meta["md5"]]
            _require_published(folder / known.base_folder, [*known.train_list, *known.test_list, meta])
        train, test = (known(str(folder), train=part, download=download) for part in (True, False))
        x_train, x_test = (np.ascontiguousarray(np.moveaxis(part.data, -1, 1)) for part in (train, test))
        return Parts(x_train, _labels(train.targets), x_test, _labels(test.targets), tuple(train.classes))

    return read


def _svhn(folder: Path, download: bool) -> Parts:
    from torchvision.datasets import SVHN

    if not download:
        _require_published(folder, [SVHN.split_list[part][1:] for part in ("train", "test")])
    train, test = (SVHN(str(folder), split=part, download=download) for part in ("train", "test"))
    x_train, x_test = (np.ascontiguousarray(part.data) for part in (train, test))
    return Parts(x_train, _labels(train.labels), x_test, _labels(test.labels), tuple(map(str, range(10))))


READERS: dict[str, Callable[[Path, bool], Parts]] = {
    "mnist": _idx("MNIST"),
    "fashion-mnist": _idx("FashionMNIST"),
    "cifar10": _cifar("CIFAR10"),
    "cifar100": _cifar("CIFAR100"),
    "svhn": _svhn,
}


def _require_published(folder: Path, files: Sequence[Sequence[str]]) -> None:
    """Refuse files that are missing, or others than the published ones: (name, MD5) of each.

    Raises:
        InputError: it is another; FileNotFoundError: it is missing. Both name it.
    """
    from torchvision.datasets.utils import check_md5

    for name, md5 in files:
        path = folder / name
        if not path.is_file():
            raise FileNotFoundError(f"{path} was not found")
        if not check_md5(str(path), md5):
            raise InputError(
                f"{path} is damaged, or another than the published file (its MD5 is not {md5}); remove it, and fetch it again with --download."
            )


def _of_its_classes(name: str, folder: Path, parts: Parts) -> Parts:
    """Refuse labels that the data set has not."""
    for part, labels in (("training", parts.y_train), ("test", parts.y_test)):
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(parts.class_names):
            raise InputError(
                f"{name} in {folder}: {part} labels are {labels.min()} to {labels.max()}, and its {len(parts.class_names)} classes 0 to "
                f"{len(parts.class_names) - 1}; another data set lies there, or its files ({LAYOUTS[name]}) are damaged: fetch them again."
            )
    return parts


def _labels(values: Any) -> np.ndarray:
    return np.asarray(values, np.int64)


def _same_length(images: np.ndarray, labels: np.ndarray, where: Path) -> None:
    if len(images) != len(labels):
        raise InputError(f"{where}: {len(images)} images and {len(labels)} labels; one each is needed.")
