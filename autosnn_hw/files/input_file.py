"""Files that come from a user: only regular ones of a bounded size are read, and what cannot be read is one sentence."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any, NoReturn

from autosnn_hw.errors import InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
        raise InputError(f"{path} cannot be opened: {reason}; {needed} is needed.") from None
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


def json_document(path: str | os.PathLike[str], needed: str, *, most: int = MAX_TEXT_BYTES) -> Any:
    """The JSON document in a user's file.

    Raises:
        InputError: what `text` refuses; no JSON, NaN or infinity in it, a key twice, or a nesting that has no end.
    """
    content = text(path, needed, most=most)
    try:
        return json.loads(content, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {_reason(error)}; {needed} is needed.") from None


def toml_document(path: str | os.PathLike[str], needed: str, *, most: int = 1 << 20) -> dict[str, Any]:
    """The TOML tables in a user's file.

    Raises:
        InputError: what `text` refuses; no TOML, or a nesting that has no end.
    """
    content = text(path, needed, most=most)
    try:
        return tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as TOML: {_reason(error)}; {needed} is needed.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds the number {name}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a key twice")
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(error).split())[:160].rstrip(".")
