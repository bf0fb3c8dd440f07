"""Reads what NetX has in an HDF5 file, in a process of its own: libhdf5 crashes on some damaged files (seen: variable-length
strings, the old format without checksums), and that process may die where ours must not.

Run as a program with the path as its argument; it ends with 0 where the whole file could be read.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

SECONDS = 15
"""Of reading names and strings alone, which takes well under one; some damage sends the library round in circles."""
DEPTH = 5
"""Groups within groups that a NetX file has: autosnn_hw/layers/0/name."""
MAX_CHILDREN = 4096
"""Of a group; whoever reads the file here refuses more."""
MAX_STRINGS = 4096
CHECKSUMMED = 2
"""From this version of the superblock on, HDF5's metadata carry checksums."""
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_checksummed(path: Path) -> bool:
    """Whether damage to the file's metadata is noticed by the library itself."""
    with path.open("rb") as file:
        head = file.read(len(SIGNATURE) + 1)
    return head.startswith(SIGNATURE) and head[len(SIGNATURE) :] >= bytes([CHECKSUMMED])


def survives(path: Path) -> bool:
    """Whether a process that reads the whole file lives to tell."""
    program = "import sys; sys.path[:] = sys.argv[2].split(sys.argv[3]); from exporters.hdf5_probe import main; main(sys.argv[1])"
    command = [sys.executable, "-c", program, str(path), os.pathsep.join(sys.path), os.pathsep]
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main(path: str) -> None:
    import h5py

    def touch(item: h5py.HLObject, depth: int) -> None:
        attributes = dict(item.attrs)
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "O" and (item.size or 0) <= MAX_STRINGS:
            attributes["value"] = item[()]
        for value in attributes.values():
            repr(value)
        if isinstance(item, h5py.Group) and depth < DEPTH:
            for name in itertools.islice(item, MAX_CHILDREN):
                if isinstance(item.get(name, getlink=True), h5py.HardLink):
                    touch(item[name], depth + 1)

    with h5py.File(path, "r") as file:
        touch(file, 0)
