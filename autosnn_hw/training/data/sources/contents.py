"""One hash over the contents of many files: which data these are, wherever they lie and whenever they were copied.

Files are read once. An index beside what is kept of them has each file's hash with its size and times, as git's has; a file that
changed within the last two seconds is not put into it, because it may change again without changing its times.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.files import whole_file

SETTLED_NS = 2_000_000_000
Entry = list[int | str]  # bytes, ns of the last change, ns of the last change of name or times, hash


def content_hash(root: Path, files: Sequence[Path], indexes: Sequence[Path]) -> str:
    """Hexadecimal hash over the names below `root` and the contents of files, in their order.

    Args:
        indexes: files that may hold the index; it is written where that is possible first.

    Raises:
        InputError: a file is missing, is a folder, a pipe or a device, or may not be read; names it.
    """
    known = _read(indexes)
    found: dict[str, Entry] = {}
    digest, changed = hashlib.blake2b(digest_size=16), False
    for path in files:
        name, status = path.relative_to(root).as_posix(), _status(path)
        stamp: Entry = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        entry = known.get(name)
        if entry is None or entry[:3] != stamp:
            entry = [*stamp, _hash(path)]
            if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS:
                found[name], changed = entry, True
        else:
            found[name] = entry
        digest.update(f"{name}\0{entry[3]}\n".encode())
    if changed:
        _write(indexes, found)
    return digest.hexdigest()


def _status(path: Path) -> os.stat_result:
    """That of a regular file: a pipe would wait, and a device never end."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(status.st_mode):
        found = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
        raise InputError(
            f"{path} is {found}, and a file is needed there: take it away, or put the files of the data set there again."
        )
    return status


def _hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise _unreadable(path, error) from None
    return digest.hexdigest()


def _unreadable(path: Path, error: OSError) -> InputError:
    mend = (
        "let it be read by this user"
        if isinstance(error, PermissionError)
        else "put the files of the data set there again"
    )
    return InputError(f"{path} cannot be read: {error.strerror}; {mend}.")


def _read(indexes: Sequence[Path]) -> dict[str, Entry]:
    for path in indexes:
        with suppress(OSError, ValueError):
            document = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(document, dict):
                return {name: entry for name, entry in document.items() if isinstance(entry, list) and len(entry) == 4}
    return {}


def _write(indexes: Sequence[Path], entries: dict[str, Entry]) -> None:
    for path in indexes:
        with suppress(RunError, OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            whole_file.replace(path, json.dumps(entries).encode())
            return
