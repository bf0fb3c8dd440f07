"""Files that come from a user: only regular ones of a bounded size are read, and what cannot be read is one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from autosnn_hw.errors import InputError

MAX_TEXT_BYTES = 64 << 20
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def regular(path: str | os.PathLike[str], needed: str, *, most: int) -> Path:
    """The path, if a regular file of at most `most` bytes can be opened there.

    Nothing is read of a pipe or a device, which would wait or never end.

    Args:
        needed: what should be there, such as "a NetX file (HDF5)".

    Raises:
        InputError: missing, a folder, a pipe or device, not allowed, too large, or the pointer that Git LFS leaves in place
            of a file.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is not a file; {needed} is needed.")
        with path.open("rb") as file:
            head = file.read(len(LFS_POINTER))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be opened: {reason}.") from None
    if head == LFS_POINTER:
        raise InputError(
            f"{path} is a Git LFS pointer of {status.st_size} bytes and not the file itself; `git lfs install && git lfs pull` "
            "in its repository fetches it."
        )
    if status.st_size > most:
        raise InputError(f"{path} has {status.st_size} bytes; at most {most} are read.")
    return path


def text(path: str | os.PathLike[str], needed: str, *, most: int = MAX_TEXT_BYTES) -> str:
    """The UTF-8 text of a user's file.

    Raises:
        InputError: what `regular` refuses, or bytes that are no UTF-8.
    """
    path = regular(path, needed, most=most)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; {needed} is needed.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
