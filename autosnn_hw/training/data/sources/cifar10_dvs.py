"""CIFAR10-DVS (Li et al. 2017): CIFAR-10 images that move before an event camera, a folder of AEDAT 2.0 files a class."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources import aedat, archives
from autosnn_hw.training.data.sources.event_frames import Framing
from autosnn_hw.training.data.sources.kept_samples import Recipe, kept
from autosnn_hw.training.data.sources.parts import Parts, shuffled

STEPS = 20
FOLDER = "CIFAR10-DVS"
FOR_TRAINING = 0.9  # of a class, the first in the order of file names: as SpikingJelly and AutoSNN cut it
LEAST = 10  # files of a class, so that one of them is for testing
# Where figshare hands each class out as a zip, and its MD5.
ARCHIVES = {
    "airplane": ("7712788", "0afd5c4bf9ae06af762a77b180354fdd"),
    "automobile": ("7712791", "8438dfeba3bc970c94962d995b1b9bdd"),
    "bird": ("7712794", "a9c207c91c55b9dc2002dc21c684d785"),
    "cat": ("7712812", "52c63c677c2b15fa5146a8daf4d56687"),
    "deer": ("7712815", "b6bf21f6c04d21ba4e23fc3e36c8a4a3"),
    "dog": ("7712818", "f379ebdf6703d16e0a690782e62639c3"),
    "frog": ("7712842", "cad6ed91214b1c7388a5f6ee56d08803"),
    "horse": ("7712851", "e7cbbf77bec584ffbf913f00e682782a"),
    "ship": ("7712836", "41c7bd7d6b251be82557c6cce9a7d5c9"),
    "truck": ("7712839", "89f3922fd147d9aeff89e76a2b0b70a7"),
}
CLASSES = tuple(ARCHIVES)


def load(folder: Path, framing: Framing, download: bool) -> Parts:
    """All samples as frames; the last tenth of each class is for testing.

    Raises:
        InputError: files of a class are missing, or one is damaged; names it.
        RunError: they cannot be fetched.
    """
    root = _root(folder)
    if download:
        for name, (number, md5) in ARCHIVES.items():
            if not (root / name).is_dir():
                archives.fetch(f"https://ndownloader.figshare.com/files/{number}", root, f"{name}.zip", md5)
    found = {name: sorted((root / name).glob("*.aedat")) for name in CLASSES}
    if missing := [name for name, paths in found.items() if not paths]:
        other = " Files .aedat4, repacked by tonic, are not read." if any(root.glob("*/*.aedat4")) else ""
        fetch = (
            f"or remove the folder {root / missing[0]}, and --download fetches it again"
            if download
            else "or --download"
        )
        raise InputError(
            f"CIFAR10-DVS: {root} holds no files {', '.join(f'{name}/*.aedat' for name in missing)}; say "
            f"--data-dir DIR where the unpacked folders of its ten classes lie, {fetch}.{other}"
        )
    if few := {name: len(paths) for name, paths in found.items() if len(paths) < LEAST}:
        raise InputError(
            f"CIFAR10-DVS: {root} holds too few files of {len(few)} of its {len(CLASSES)} classes "
            f"({', '.join(f'{name}/*.aedat: {count}' for name, count in few.items())}); at least {LEAST} of each are needed, of which the last is "
            "for testing: unpack the data set again."
        )
    kept_back = {name: math.ceil(len(paths) * FOR_TRAINING) for name, paths in found.items()}
    train = [(path, label) for label, name in enumerate(CLASSES) for path in found[name][: kept_back[name]]]
    test = [(path, label) for label, name in enumerate(CLASSES) for path in found[name][kept_back[name] :]]
    train, test = ([part[index] for index in shuffled(len(part))] for part in (train, test))

    def samples() -> Iterator[tuple[int, np.ndarray]]:
        for place, (path, _) in enumerate(train + test):
            yield place, framing.frames(aedat.read_2(path), aedat.SIDE)

    y_train, y_test = (np.array([label for _, label in part], np.int64) for part in (train, test))
    return kept(
        Recipe(
            "cifar10-dvs", root, [path for path, _ in train + test], str(framing), y_train, y_test, CLASSES, samples,
            split="the last tenth of each class in the order of file names",
        )
    )  # fmt: skip


def _root(folder: Path) -> Path:
    """The folder in which the folders of the classes lie, or where they go."""
    places = (folder / FOLDER, folder / "CIFAR10DVS", folder)
    return next((place for place in places if any((place / name).is_dir() for name in CLASSES)), places[0])
