"""Reading an HDF5 file that came from outside: nothing outside the file is followed, every size is bounded before it is
read, and whatever the library does on a damaged file, dying included, becomes one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files import input_file
from exporters.hdf5_probe import MAX_CHILDREN, is_checksummed, survives

MAX_FILE_BYTES = 2**31
MAX_TOTAL = 2**26
LEAST_TOTAL = 2**22
VALUES_PER_BYTE = 64
"""Of a file's values; gzip makes few bytes of a kernel full of zeros, and a bomb of a thousandfold."""
MAX_TEXT = 2**22

_LIBRARY_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError, AttributeError)


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Turn whatever h5py raises into one sentence that says where in the file it happened."""
    try:
        yield
    except InputError:
        raise
    except _LIBRARY_ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{where} cannot be read; the file is damaged ({reason[:160]}).") from None


class _Allowance:
    """What may still be read of the file that is open: values, counted as often as they are read.

    One dataset can stand in a file under many names, and compressed or never written data can claim any size.
    """

    def __init__(self, path: Path):
        self.path = path
        self.most = min(MAX_TOTAL, max(LEAST_TOTAL, VALUES_PER_BYTE * path.stat().st_size))
        self.left = self.most
        self.probed = not is_checksummed(path)

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise InputError(
                f"{self.path} holds more than {self.most} values; at most that many are read of a file of its size."
            )

    def probe_strings(self) -> None:
        """Strings of variable length have no checksum even in a file with checksums: a process of its own reads them first."""
        if not self.probed and not survives(self.path):
            raise InputError(f"{self.path} is damaged: its strings cannot be read.")
        self.probed = True


_allowance: ContextVar[_Allowance] = ContextVar("allowance")


@contextmanager
def opened(path: str | Path, needed: str = "a NetX file") -> Iterator[h5py.File]:
    """Open a file for reading.

    Raises:
        InputError: it is missing, no regular file, unreadable, larger than 2 GiB, or not HDF5.
    """
    path = input_file.regular(path, f"{needed} (HDF5)", most=MAX_FILE_BYTES)
    damaged = InputError(f"{path} is not an HDF5 file, or is damaged or cut off; {needed} is needed.")
    if not is_checksummed(path) and not survives(path):
        raise damaged
    try:
        file = h5py.File(path, "r")
    except _LIBRARY_ERRORS:
        raise damaged from None
    before = _allowance.set(_Allowance(path))
    try:
        yield file
    finally:
        _allowance.reset(before)
        file.close()


def where(group: h5py.Group, name: str = "") -> str:
    """`layer/3/weight`: how a place in the file is named in a sentence."""
    return "/".join(part for part in (str(group.name or "").strip("/"), name) if part) or "the root group"


def names(group: h5py.Group) -> list[str]:
    """The names of a group's children.

    Raises:
        InputError: there are more than 4096, or the group is damaged.
    """
    with _damage(where(group)):
        if len(group) > MAX_CHILDREN:
            raise InputError(f"{where(group)} holds {len(group)} entries; at most {MAX_CHILDREN} are read.")
        return list(group.keys())


def _child(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    place = where(group, name)
    with _damage(place):
        if name not in group:
            if group.get(name, getlink=True) is None:
                return None
            raise InputError(f"{place} is a link that leads nowhere; the data itself is needed.")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InputError(f"{place} is a link to another place; the data itself is needed.")
        return group[name]


def group(parent: h5py.Group, name: str) -> h5py.Group | None:
    """A child that is a group, or None where there is none."""
    child = _child(parent, name)
    if child is not None and not isinstance(child, h5py.Group):
        raise InputError(f"{where(parent, name)} is not a group; one is needed.")
    return child


def child_is_group(parent: h5py.Group, name: str) -> bool:
    """Whether there is such a child and it is a group."""
    return isinstance(_child(parent, name), h5py.Group)


def _dataset(parent: h5py.Group, name: str) -> h5py.Dataset | None:
    child = _child(parent, name)
    if child is None:
        return None
    place = where(parent, name)
    if not isinstance(child, h5py.Dataset):
        raise InputError(f"{place} is not a dataset; one is needed.")
    with _damage(place):
        if child.is_virtual or child.external:
            raise InputError(f"{place} is kept in another file; the data itself is needed.")
        if child.shape is None:
            raise InputError(f"{place} is empty; a value is needed.")
    return child


def shape(parent: h5py.Group, name: str) -> tuple[int, ...] | None:
    """Shape of a dataset, without reading it, or None where there is none."""
    dataset = _dataset(parent, name)
    return None if dataset is None else tuple(int(n) for n in dataset.shape)


def is_numeric(parent: h5py.Group, name: str) -> bool:
    """Whether there is such a dataset and it holds numbers."""
    child = _child(parent, name)
    return isinstance(child, h5py.Dataset) and child.dtype.kind in "biuf" and child.shape is not None


def _read(dataset: h5py.Dataset) -> np.ndarray:
    """All values of a dataset, within the file's allowance."""
    allowance = _allowance.get()
    allowance.take(int(dataset.size))
    if dataset.dtype.kind == "O":
        allowance.probe_strings()
    return np.asarray(dataset[()])


def numbers(parent: h5py.Group, name: str) -> np.ndarray | None:
    """A dataset of numbers as an array of its own dtype, or None where there is none.

    Raises:
        InputError: it is not numeric, holds NaN or infinities, has more values than may be read, or is damaged.
    """
    dataset = _dataset(parent, name)
    if dataset is None:
        return None
    place = where(parent, name)
    with _damage(place):
        if dataset.dtype.kind not in "biuf":
            raise InputError(f"{place} has dtype {dataset.dtype}; numbers are needed.")
        values = _read(dataset)
    bad = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
    if bad:
        raise InputError(f"{place} holds NaN or infinite values ({bad} of {values.size}); numbers are needed.")
    return values


def text(parent: h5py.Group, name: str) -> str | None:
    """A string stored as a scalar or in an array of one, of fixed or variable length, or None where there is none."""
    dataset = _dataset(parent, name)
    if dataset is None:
        return None
    place = where(parent, name)
    with _damage(place):
        if dataset.dtype.kind not in "SO" or dataset.size != 1 or dataset.dtype.itemsize > MAX_TEXT:
            raise InputError(f"{place} has dtype {dataset.dtype} and shape {dataset.shape}; one string is needed.")
        return _decoded(_read(dataset).reshape(-1)[0], place)


def texts(parent: h5py.Group, name: str) -> np.ndarray | None:
    """An array of strings, or None where there is none."""
    dataset = _dataset(parent, name)
    if dataset is None:
        return None
    place = where(parent, name)
    with _damage(place):
        if dataset.dtype.kind not in "SO" or dataset.dtype.itemsize > MAX_TEXT:
            raise InputError(f"{place} has dtype {dataset.dtype}; strings are needed.")
        values = _read(dataset)
        return np.array([_decoded(value, place) for value in values.reshape(-1)], object).reshape(values.shape)


def attribute(parent: h5py.Group, name: str) -> int | str | None:
    """An attribute that is one integer or one string, or None where there is none."""
    place = f"{where(parent)}, attribute {name!r}"
    with _damage(place):
        if name not in parent.attrs:
            return None
        kind = parent.attrs.get_id(name)
        if kind.dtype.kind not in "biuS" or int(np.prod(kind.shape)) != 1 or kind.dtype.itemsize > MAX_TEXT:
            raise InputError(f"{place} has dtype {kind.dtype}; one integer or one fixed-length string is needed.")
        value = np.asarray(parent.attrs[name]).reshape(-1)[0]
    return int(value) if kind.dtype.kind in "biu" else _decoded(value, place)


def _decoded(value: object, place: str) -> str:
    if isinstance(value, bytes):
        value = value.rstrip(b"\0")
        if len(value) <= MAX_TEXT:
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                raise InputError(f"{place} is not text.") from None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InputError(f"{place} is not one string of at most {MAX_TEXT} characters.")
    return value
