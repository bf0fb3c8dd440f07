"""Arrays of an npz file that came from outside: headers are checked against the archive before anything is allocated, and nothing is
unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import regular

LARGEST_FILE = 1 << 40
HONEST_BYTES = 256 << 20  # that any file may unpack to
HONEST_RATIO = (
    100  # and this times its packed bytes: spikes one in a hundred shrink to a thirtieth, zeros to a thousandth
)


class HoldsObjects(ValueError):
    """An array of dtype object; says its name."""


def read(path: str | Path, wanted: Callable[[str], bool], *, ratio: int = HONEST_RATIO) -> dict[str, np.ndarray]:
    """The arrays whose names are wanted, checked against what the archive can hold before they are allocated.

    Args:
        ratio: bytes that a byte of the archive may unpack to, beyond what any file may.

    Raises:
        InputError: missing, not an npz, damaged, an object array, or an array that is not as large as its header says.
    """
    path = regular(path, "an .npz file", most=LARGEST_FILE)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            chosen = {name: info for name, info in members.items() if wanted(name)}
            _refuse_bomb(sum(info.file_size for info in chosen.values()), path.stat().st_size, ratio)
            return {name: _read_array(archive, info) for name, info in chosen.items()}
    except HoldsObjects as error:
        name = str(error)
        plain = (
            f"{name}.astype(int) or {name}.astype(str)"
            if name.startswith("y")
            else f"np.stack(list({name})) where all are of one shape"
        )
        raise InputError(
            f"{path}: array {name} holds Python objects (dtype object), which are never unpickled; save it as numbers or names: {plain}."
        ) from None
    except (
        Exception
    ) as error:  # zipfile, zlib, lzma, bz2, tokenize and numpy each raise what they like at a damaged file
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise InputError(f"{path} is not a readable npz file ({reason}); write it with numpy.savez.") from error


def _refuse_bomb(claimed: int, packed: int, ratio: int) -> None:
    most = max(HONEST_BYTES, ratio * packed)
    if claimed > most:
        raise ValueError(f"{packed} bytes claim to hold {claimed}; at most {most} are unpacked")


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ValueError(f"array {info.filename} has npy version {version}; 1.0 and 2.0 are read")
        shape, _, dtype = read_header(stream)
        claimed = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject:
            raise HoldsObjects(info.filename.removesuffix(".npy"))
        if min(shape, default=0) < 0 or claimed != info.file_size - stream.tell():
            raise ValueError(f"array {info.filename} claims {claimed} bytes and has {info.file_size - stream.tell()}")
    with archive.open(info) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
