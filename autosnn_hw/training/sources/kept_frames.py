"""Frames made of many small files, kept in one file beside them: a search loads its data in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from autosnn_hw import whole_file
from autosnn_hw.errors import RunError
from autosnn_hw.training.sources.parts import Parts

KEPT = ("x_train", "y_train", "x_test", "y_test", "class_names")


def kept(folder: Path, name: str, files: Iterable[Path], make: Callable[[], Parts]) -> Parts:
    """`make()`, or what it gave when the files had the same names, sizes and times; kept as `folder`/autosnn-hw-NAME-HASH.npz.

    A kept file that cannot be read is made anew; a folder that cannot be written into keeps nothing.
    """
    path = folder / f"autosnn-hw-{name}-{_listing(folder, files)}.npz"
    with suppress(Exception):  # whatever is wrong with a kept file, it is made again
        return _read(path)
    parts = make()
    with suppress(RunError, OSError), whole_file.beside(path) as beside, open(beside, "wb") as stream:
        np.savez(stream, **{name: np.asarray(getattr(parts, name)) for name in KEPT})
    return parts


def _listing(folder: Path, files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        found = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _read(path: Path) -> Parts:
    with np.load(path, allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in KEPT}
    return Parts(**values | {"class_names": tuple(map(str, values["class_names"]))})
