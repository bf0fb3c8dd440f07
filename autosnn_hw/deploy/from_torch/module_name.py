"""`MODULE:NAME`: a module of torch that a user's own Python makes."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from autosnn_hw.errors import InputError


def is_source(text: str) -> bool:
    """Whether a text is MODULE:NAME and no path of a file."""
    place, colon, name = text.rpartition(":")
    return bool(colon and place and name.isidentifier()) and not Path(text).exists()


def is_module(source: Any) -> bool:
    """Whether a source is MODULE:NAME or a module itself."""
    return is_source(str(source)) if isinstance(source, str | Path) else isinstance(source, nn.Module)


def load(text: str) -> nn.Module:
    """The torch module that MODULE:NAME names: a module, or what a class or function of that name gives without arguments.

    MODULE is imported as Python does it (the working folder counts, and a path to a .py file may stand for it): its code runs.

    Raises:
        InputError: it cannot be imported, or there is no torch module of that name.
    """
    place, _, name = text.rpartition(":")
    found: Any = getattr(_imported(place), name, None)
    if found is None:
        raise InputError(
            f"{place} has no {name!r}; MODULE:NAME names a torch module, or a function or class that gives one."
        )
    if not isinstance(found, nn.Module) and callable(found):
        try:
            found = found()
        except Exception as error:  # the user's own code
            raise InputError(
                f"{text}() failed ({type(error).__name__}: {_line(error)}); it is called without arguments."
            ) from error
    if not isinstance(found, nn.Module):
        raise InputError(f"{text} is of type {type(found).__name__}; a torch.nn.Module is needed.")
    return found


def _imported(place: str) -> ModuleType:
    try:
        if place.endswith(".py"):
            path = Path(place)
            if not path.is_file():
                raise InputError(f"{path} is not a file; the Python file that makes the module is needed.")
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module
            sys.path.insert(0, str(path.parent))
            spec.loader.exec_module(module)
            return module
        sys.path.insert(0, "")
        return importlib.import_module(place)
    except InputError:
        raise
    except Exception as error:  # the user's own code
        raise InputError(f"{place} cannot be imported ({type(error).__name__}: {_line(error)}).") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
