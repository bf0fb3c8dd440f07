"""Two verbs of Python bear the names of packages: `autosnn_hw.search(..)` and `autosnn_hw.simulate(..)` call what the packages are for.

Without this, `from autosnn_hw import simulate` would give the verb or the package, whichever was loaded first.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

VERBS = "autosnn_hw.verbs"  # by name and when called, as the command line does it: verbs stand above every package


class CallablePackage(ModuleType):
    """A package that is called as the verb of its own name."""

    def __call__(self, *args: Any, **choices: Any) -> Any:
        return _verb(self)(*args, **choices)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_verb(self))


def _verb(package: ModuleType) -> Callable[..., Any]:
    verb: Callable[..., Any] = getattr(import_module(VERBS), package.__name__.rpartition(".")[2])
    return verb


def make_callable(name: str) -> None:
    """Let the package `name`, which is being imported, be called as the verb of its last name."""
    sys.modules[name].__class__ = CallablePackage
