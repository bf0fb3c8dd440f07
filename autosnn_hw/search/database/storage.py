"""The database that holds a study: which URL, how it is opened, and what it can do wrong, each as one sentence.

Optuna is imported when a database is opened, so that light commands stay light.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from os.path import expandvars
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autosnn_hw.errors import InputError, RunError

NEW_DATABASE_TRIES = 20
DAMAGED = ("malformed", "not a database")  # SQLite's words for a file that was cut or overwritten
SQLITE_WAIT = 60.0  # s that a writer waits for another one


def require_storage(storage: str) -> None:
    """Refuse a database that cannot be reached before anything is begun.

    Raises:
        InputError: the URL is no database, or its driver is missing. RunError: it cannot be opened.
    """
    url = storage_url(storage)
    with told(url):
        opened(url)


def storage_url(storage: str | Path) -> str:
    """An RDB URL as it is, an SQLite file in it from the root on; a path as an SQLite URL, whatever characters it has."""
    if isinstance(storage, str) and "://" in storage:
        file = storage.removeprefix("sqlite:///")
        if file == storage or file.startswith(("file:", ":memory:")) or not file:
            return storage
        name, options = _file_and_options(file)
        return _of_file(str(Path.cwd() / name), options)
    return _of_file(str(Path(storage).resolve()))


def _file_and_options(file: str) -> tuple[str, str]:
    """What stands behind `sqlite:///`: a file, and options as a=b&c=d behind its last question mark. One that no options follow is
    part of a name."""
    name, mark, options = file.rpartition("?")
    named = bool(mark) and all("=" in option for option in options.split("&")) and "/" not in options
    return (name, options) if named else (file, "")


def _of_file(path: str, options: str = "") -> str:
    """The SQLite URL of a file, with what stands behind the question mark of a URL."""
    # SQLAlchemy cuts the path of a plain URL at its first question mark: another file would be written, beside the folder.
    url, first = (f"sqlite:///file:{quote(path)}", "uri=true") if "?" in path else (f"sqlite:///{path}", "")
    asked = "&".join(filter(None, (first, options)))
    return f"{url}?{asked}" if asked else url


def opened(url: str) -> Any:
    """The Optuna storage of a URL, with its tables made where it has none."""
    import optuna
    from sqlalchemy.exc import DBAPIError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for tries_left in range(NEW_DATABASE_TRIES, -1, -1):
        try:
            return optuna.storages.RDBStorage(with_secrets(url), engine_kwargs=engine_options(url))
        except DBAPIError as error:
            # Of searches that begin at once in an empty database, all make its tables and one succeeds.
            if not tries_left or not any(word in str(error).lower() for word in ("already exists", "unique")):
                raise
            time.sleep(0.1)


def existing(storage: str | Path) -> str:
    """The URL of a database that is to be read.

    Raises:
        InputError: it is a file that is not there.
    """
    url = storage_url(storage)
    text = str(storage)
    path = Path(_file_and_options(text.removeprefix("sqlite:///"))[0] if "://" in text else text)
    if url.startswith("sqlite:///") and not str(path).startswith(("file:", ":memory:")) and not path.is_file():
        raise InputError(f"{path} was not found; the study.db of a run folder, or an RDB URL, is needed.")
    return url


def loaded(url: str, name: str) -> Any:
    """The Optuna study of a database.

    Raises:
        InputError: it holds no such study.
    """
    import optuna

    try:
        return optuna.load_study(study_name=name, storage=opened(url))
    except KeyError:
        raise InputError(f"{url!r} holds no study {name!r}; the study.db of a run folder is needed.") from None


def with_secrets(url: str) -> str:
    """The URL with $NAMES from the environment; a file's name is left as it is."""
    return url if url.startswith("sqlite:") else expandvars(url)


def engine_options(url: str) -> dict[str, Any]:
    """What SQLAlchemy is told beside the URL."""
    return {"connect_args": {"timeout": SQLITE_WAIT}} if url.startswith("sqlite:") else {}


@contextmanager
def readable(url: str) -> Iterator[None]:
    """Turns what a database can hold that is no study of ours into one sentence."""
    try:
        yield
    except (RuntimeError, LookupError, TypeError, AttributeError, AssertionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise InputError(
            f"{url!r} holds no study that can be read ({reason}); the study.db of a run folder, by this version of optuna, is needed."
        ) from None


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turns what a database can do wrong into one sentence."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    try:
        yield
    except InputError:  # a ValueError, too, and a sentence already
        raise
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise InputError(
            f"storage {url!r} cannot be used ({error}); a path, sqlite:///FILE, or another RDB URL with its driver installed would work."
        ) from error
    except (StorageInternalError, DBAPIError) as error:
        reason = (str(error.__cause__ or error).splitlines() or [type(error).__name__])[0]
        if any(word in reason for word in DAMAGED):
            raise InputError(
                f"the study {url!r} is damaged ({reason}); with that file moved away, `autosnn-hw search --resume RUN` judges its candidates again."
            ) from error
        raise RunError(
            f"the study {url!r} could not be read or written ({reason}); what it holds is kept, and --resume goes on from it."
        ) from error
