"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autosnn_hw.errors import RunError


def replace(path: str | Path, content: bytes | memoryview) -> None:
    """Write `path` whole or not at all; an existing file is replaced.

    Raises:
        RunError: the folder is missing or not writable, or the disk is full.
    """
    try:
        with beside(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path`, to be written within the block and then renamed to it; gone where that fails.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
