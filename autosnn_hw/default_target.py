"""The chip that is meant where none is said. A file of its own, and nothing else in it: options of light commands name it."""

from __future__ import annotations

DEFAULT_TARGET = "loihi2"
