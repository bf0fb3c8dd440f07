"""config.toml, and plain values, as a `SearchConfig`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosnn_hw.architecture.own_space import resolved
from autosnn_hw.config.search_config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import toml_document


def from_mapping(values: Mapping[str, Any], where: str) -> SearchConfig:
    """A config from plain values.

    Raises:
        InputError: an unknown key, or a value of the wrong type or out of bounds; names the key.
    """
    try:
        return SearchConfig(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def read_config(path: str | Path) -> SearchConfig:
    """The config in a TOML file's table [search].

    Raises:
        InputError: the file is missing or no TOML, or holds an unknown key or a wrong type.
    """
    if not Path(path).exists():
        raise InputError(f"{path} was not found; give a config.toml as a run folder holds one.")
    document = toml_document(path, "the config.toml of a run")
    extra = [name for name in document if name != "search"]
    if extra or not isinstance(document.get("search"), dict):
        raise InputError(f"{path}: one table [search] is needed; found {', '.join(extra) or 'none'}.")
    return from_mapping(resolved(document["search"], Path(path).parent), str(path))
