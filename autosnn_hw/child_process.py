"""A process of our own beside this one: how Python is started in it, what it does with its standard input, and in words how it ended."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress

# The folder it is started in comes first with -c; what lies there is no module of Python's own.
_START = (
    "import sys; sys.path[:] = filter(None, sys.path); import json; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main(*sys.argv[1:])"
)
_HINTS = {"SIGKILL": ", most likely for lack of memory: run fewer samples or a smaller network"}


def command(module: str, *words: object) -> list[str]:
    """The command line of a Python that calls `main` of one of our modules with words; it imports from where this process does."""
    paths = json.dumps([os.path.abspath(entry) for entry in sys.path if entry])
    return [sys.executable, "-c", _START, paths, module, *map(str, words)]


def take_standard_input() -> int:
    """A descriptor of what comes in, in a process that was started so; whoever reads standard input then finds nothing."""
    descriptor = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return descriptor


def how_it_ended(code: int) -> str:
    """What the exit code of a process says, behind its name."""
    if code >= 0:
        return f"ended with code {code}"
    with suppress(ValueError):
        return f"was killed by signal {-code}{_HINTS.get(signal.Signals(-code).name, '')}"
    return f"was killed by signal {-code}"
