"""What is handed to a verb from Python, looked at before anything is done with it: a wrong kind is one sentence, as on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError

DEVICES = ("cpu", "cuda")


def path(value: Any, what: str) -> str | Path:
    """A path.

    Args:
        what: is wanted, for the sentence: "a network is a ChipNetwork or the path of a .net file".

    Raises:
        InputError: something else.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{what}; {_kind(value)} was given.")
    return value if isinstance(value, str) else Path(value)


def whole(value: Any, what: str) -> int | None:
    """A whole number, or None where none is given.

    Raises:
        InputError: something else.
    """
    if value is None or (isinstance(value, int | np.integer) and not isinstance(value, bool)):
        return None if value is None else int(value)
    raise InputError(f"{what} is {value!r}; a whole number is needed.")


def device(value: Any) -> str:
    """The device of the exact simulator.

    Raises:
        InputError: none that is known.
    """
    if value not in DEVICES:
        raise InputError(f"device is {value!r}; {' and '.join(DEVICES)} are known.")
    return str(value)


def inputs(values: Any) -> np.ndarray:
    """Images (N, ..) or frames (N, T, ..) as an array of numbers.

    Raises:
        InputError: no array of numbers, or a single number.
    """
    found = _array(values)
    if found is None or found.ndim == 0 or found.dtype.kind not in "biuf":
        raise InputError(
            f"samples are the name of a data set, npz:PATH, or an array of numbers, images (N, C, H, W) or frames (N, T, ..); {_kind(values)} was given."
        )
    return found


def labels(values: Any, samples: int) -> np.ndarray | None:
    """int64 (samples,) of classes, or None where none are given.

    Raises:
        InputError: another number of them, no whole numbers, or one below 0.
    """
    if values is None:
        return None
    found = _array(values)
    shape = np.shape(values) if found is None else found.shape
    if shape != (samples,):
        raise InputError(f"there are {samples} inputs and labels of shape {shape}; one each is needed.")
    if found is None or found.dtype.kind not in "iuf" or (found != np.trunc(found)).any() or (found < 0).any():
        some = ", ".join(map(repr, list(values)[:4]))
        raise InputError(f"labels are the numbers of classes, whole and from 0; {some}{', ..' if samples > 4 else ''} were given.")  # fmt: skip
    return found.astype(np.int64)


def _array(values: Any) -> np.ndarray | None:
    """None where values make no array: sequences of several lengths."""
    try:
        return np.asarray(values)
    except (TypeError, ValueError):
        return None


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    return "nothing" if value is None else f"{type(value).__name__}"
