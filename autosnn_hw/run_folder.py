"""A run's folder: which files it holds, and how they are written, whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import platform
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.files import whole_file
from autosnn_hw.files.input_file import json_document

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MANIFEST, CONFIG, STUDY, CANDIDATES = "manifest.json", "config.toml", "study.db", "candidates.csv"
SUMMARY, REPORT, LOG, CERTIFICATE = "summary.json", "report.html", "log.jsonl", "winner.certificate.json"
SUPERNET, WINNER_NET, WINNER_CORES = "supernet.safetensors", "winner.net", "winner.cores.json"
WINNER_ONNX, WINNER_STEP_ONNX, WINNER_SCRIPT = "winner.onnx", "winner.step.onnx", "winner_in_lava.py"
WINNER_SIMULATION = "winner.simulation.json"  # the winner's `simulate --json` document, for the report
WINNER_BEHAVIOUR = "winner.behaviour.json"  # firing rates, one sample spike by spike, worst errors: for the report
NETWORKS = "networks"  # folder of finalists and baselines: document, weights and network file each
LOCK = "lock"  # held by the process that works on the run

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_FOLDER = (errno.EEXIST, errno.ENOTDIR)


@contextmanager
def writing(path: str | Path, option: str = "--out") -> Iterator[None]:
    """Turns a full disk, a forbidden place or a file where a folder is needed into one sentence.

    Args:
        option: by which the place was asked for, which another one can be given by.

    Raises:
        InputError: a file lies where a folder is needed.
        RunError: `path` could not be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_FOLDER:
            raise InputError(
                f"{path} cannot be written: a file lies where a folder is needed; choose another {option}."
            ) from error
        if error.errno in FULL:
            raise RunError(
                f"{path} could not be written: the disk is full ({error.strerror}). What was finished is kept; free some space, then give the "
                "command again (a search: --resume)."
            ) from error
        raise RunError(
            f"{path} could not be written: {error.strerror or error}. Another {option}, or the right to write there, would work."
        ) from error


def write_text(path: str | Path, text: str, option: str = "--out") -> Path:
    """Write UTF-8 text, whole or not at all.

    Args:
        option: as `writing` has it.

    Raises:
        RunError: the disk is full, or the place may not be written.
    """
    with writing(path, option), whole_file.beside(path) as temporary:
        temporary.write_bytes(text.encode())
    return Path(path)


def write_json(path: str | Path, document: Any) -> Path:
    """Write JSON; numpy values become plain ones, what is unknown must be None (NaN is refused)."""
    return write_text(path, json.dumps(document, indent=2, allow_nan=False, default=_plain) + "\n")


def write_table(path: str | Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write a CSV file with a header; None is an empty cell, floats keep every digit."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_text(path, text.getvalue())


def read_json(path: str | Path, writer: str = "search") -> Any:
    """The document in a JSON file.

    Args:
        writer: the command that writes such a folder.

    Raises:
        InputError: it is missing, no regular file or no JSON.
    """
    if not Path(path).exists():
        raise InputError(f"{path} was not found; a folder written by `autosnn-hw {writer}` is needed.")
    return json_document(path, f"what `autosnn-hw {writer}` wrote there")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON-able")


class RunFolder:
    """The files of one run; `create` makes a new folder, `open` takes one that a search has begun."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | Path) -> RunFolder:
        """Make a run folder.

        Raises:
            InputError: it exists already, with how to go on with it where it is a search's.
            RunError: it could not be made.
        """
        path = Path(path)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.mkdir()
            except FileExistsError:
                resume = f", or go on with it by `autosnn-hw search --resume {shlex.quote(str(path))}`"
                raise InputError(
                    f"{path} exists already; choose another --out{resume if (path / CONFIG).is_file() else ''}."
                ) from None
        return cls(path)

    @classmethod
    def create_numbered(cls, parent: str | Path, stem: str) -> RunFolder:
        """Make the first of `stem`-1, `stem`-2, .. that does not exist; two runs at once get two folders."""
        number = 1
        while True:
            path = Path(parent) / f"{stem}-{number}"
            if not path.exists():
                try:
                    return cls.create(path)
                except InputError:
                    pass  # another run has just made it
            number += 1

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """An existing run folder.

        Raises:
            InputError: there is none, with what is missing.
        """
        path = Path(path)
        if not path.is_dir():
            raise InputError(f"{path} is not a folder; the folder of a run is needed.")
        if not (path / CONFIG).is_file():
            raise InputError(f"{path} holds no {CONFIG}; a folder written by `autosnn-hw search` is needed.")
        return cls(path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def study(self) -> dict[str, Any]:
        """Where the run's study is, as `storage` and, of several in one database, `name`: what its manifest says of --storage,
        or else its own study.db.

        Raises:
            InputError: the manifest is damaged.
        """
        manifest = read_json(self / MANIFEST) if self.has(MANIFEST) else None
        known = manifest.get("study") if isinstance(manifest, dict) else None
        if not known:
            return {"storage": self / STUDY}
        if (
            not isinstance(known, dict)
            or set(known) != {"storage", "name"}
            or not all(isinstance(v, str) for v in known.values())
        ):
            raise InputError(
                f"{self / MANIFEST} is damaged: its study is no storage with a name; a whole one, or a new run, is needed."
            )
        return dict(known)

    @contextmanager
    def held(self, then: str = "go on with --resume") -> Iterator[None]:
        """For the time of the block no other process holds this folder; the kernel lets go of it when this one dies.

        Args:
            then: what goes on with the folder once it is free.

        Raises:
            InputError: another process holds it, with who that is.
            RunError: a file could not be read or written within the block, and nobody said so yet; names it.
        """
        if fcntl is None:  # no Unix
            yield
            return
        with ExitStack() as stack:
            with writing(self / LOCK):
                lock = stack.enter_context(open(self / LOCK, "a+"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = " ".join(lock.read(200).split()) or "another process"
                raise InputError(
                    f"{self.path} is being worked on by {holder}; wait for it, or end it and then {then}."
                ) from None
            with writing(self / LOCK):
                lock.truncate(0)
                lock.write(f"process {os.getpid()} on {platform.node()}\n")
                lock.flush()
            try:
                yield
            except OSError as error:
                place = self.path if error.filename is None else error.filename
                raise RunError(
                    f"{place} could not be read or written: {error.strerror or error}. What was finished is kept in {self.path}; once that is "
                    f"mended, {then}."
                ) from error

    def log(self, event: str, **values: Any) -> None:
        """Append one line to log.jsonl: UTC time, event, values. A log never stops a run: where it cannot be written, it ends
        with its last whole line."""
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event, **values}
        text = json.dumps(line, allow_nan=False, default=_plain) + "\n"
        with suppress(OSError), open(self / LOG, "ab+", buffering=0) as file:
            end = _end_of_whole_lines(file)
            file.truncate(end)
            written = 0
            try:
                written = file.write(text.encode())  # of a full disk less than was given, or an error
            finally:
                if written < len(text.encode()):
                    file.truncate(end)

    def events(self) -> list[dict[str, Any]]:
        """The lines of log.jsonl; what is no event, such as a line that a crash cut off, is left out."""
        try:
            lines = (self / LOG).read_text(errors="replace").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            with suppress(ValueError, RecursionError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    found.append(entry)
        return found


def _end_of_whole_lines(file: Any) -> int:
    """Offset behind the last newline of a binary file."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 4096)
        file.seek(start)
        cut = file.read(end - start).rfind(b"\n")
        if cut >= 0:
            return start + cut + 1
        end = start
    return 0
