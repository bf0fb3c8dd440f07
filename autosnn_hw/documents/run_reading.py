"""A run's own documents read back: cut, of another version or changed by hand, they are one sentence, or are made again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from autosnn_hw.documents.document_reading import SHOWN
from autosnn_hw.documents.run_models import Manifest, Summary
from autosnn_hw.documents.searches.several_seeds import over_seeds
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import SUMMARY, read_json


def checked(document: Any, model: type[BaseModel], path: str | Path) -> Any:
    """The document as it is, if what is used of it is of the right kind.

    Args:
        model: what it should be; path: where it was read, for the sentence.

    Raises:
        InputError: names the first key that is wrong, and what would work.
    """
    try:
        model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])[:SHOWN]
        problem = f"{key}: {first['msg']}" if key else first["msg"]
        remedy = (
            "a whole one, or a new run, is needed"
            if model is Manifest
            else f"`autosnn-hw search --resume {shlex.quote(str(Path(path).parent))}` makes it again"
        )
        raise InputError(f"{path} is damaged, or of another version ({problem}); {remedy}.") from None
    return document


def seeds_of(path: str | Path) -> dict[str, Any] | None:
    """`over_seeds` of the winner of a finished run's folder; None where it has one seed, or `path` is no such folder.

    Raises:
        InputError: the run's summary is damaged.
    """
    file = Path(path) / SUMMARY
    return over_seeds(checked(read_json(file), Summary, file)) if file.is_file() else None


def sound(path: str | Path, model: type[BaseModel]) -> Any | None:
    """The document of a file; None where it is missing or damaged, so that it is made again."""
    try:
        return checked(read_json(path), model, path)
    except InputError:
        return None
