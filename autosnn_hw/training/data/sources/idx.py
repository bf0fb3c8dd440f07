"""idx files of MNIST and Fashion-MNIST, as they are or as the .gz that they are handed out as.

Two zeros, a type (8 is a byte), the number of axes, the length of each as four bytes, big-endian; then the values.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError

BYTES = b"\0\0\x08"
LARGEST = 1 << 30  # values; EMNIST, the largest set of this kind, has 550 million
BLOCK = 1 << 20


def file_at(path: Path) -> Path | None:
    """A file, or the packed one beside where it would be; None where there is neither."""
    packed = path.with_name(f"{path.name}.gz")
    return next((one for one in (path, packed) if one.is_file()), None)


def read(path: Path, axes: int) -> np.ndarray:
    """uint8 of as many axes as are asked for.

    Raises:
        InputError: no idx file of bytes, other axes, or more or fewer values than its header says; names the file.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            head = file.read(len(BYTES) + 1)
            if head != BYTES + bytes([axes]):
                raise ValueError(f"it begins with {head.hex()}")
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
            count = math.prod(shape)
            if not 0 < count <= LARGEST:
                raise ValueError(f"it claims {count} values")
            values = bytearray()
            # In blocks, so that a header that promises more than the file holds allocates nothing.
            while len(values) <= count and (block := file.read(min(BLOCK, count + 1 - len(values)))):
                values += block
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise InputError(f"{path} is no idx file, or damaged ({error}); fetch it again.") from error
    if len(values) != count:
        raise InputError(f"{path} is no idx file, or damaged (its header says {count} values); fetch it again.")
    return np.frombuffer(values, np.uint8).reshape(shape)
