"""Integers out of what people store: arrays of any dtype that hold integers, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.errors import InputError


def integers(value: Any, what: str) -> np.ndarray:
    """Return `value` as an int64 array; refuse NaN, infinities and fractions, which NetX would silently truncate.

    Raises:
        InputError: a value is not an integer.
    """
    array = np.asarray(value)
    if _beyond_64_bits(array):
        raise InputError(f"{what} holds values beyond 64 bits; integers within them are needed.")
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    if array.dtype.kind != "f":
        raise InputError(f"{what} has dtype {array.dtype}; integers are needed.")
    if not np.isfinite(array).all():
        raise InputError(f"{what} holds NaN or infinite values; integers are needed.")
    if (array != np.trunc(array)).any():
        raise InputError(
            f"{what} holds fractions, which NetX would truncate toward zero; round them to integers first."
        )
    if (np.abs(array) >= 2.0**63).any():
        raise InputError(f"{what} holds values beyond 64 bits; integers are needed.")
    return array.astype(np.int64)


def _beyond_64_bits(array: np.ndarray) -> bool:
    """Whether whole numbers are among them that int64 does not hold; those that no dtype of numpy holds are objects."""
    if array.dtype.kind == "O":
        return all(isinstance(one, int) for one in array.flat)
    return array.dtype == np.uint64 and bool((array >> np.uint64(63)).any())


def pair(value: Any, what: str, least: int) -> tuple[int, int]:
    """(H, W) pair of integers from a scalar or a pair; `least` is the smallest legal value."""
    array = integers(value, what).reshape(-1)
    if array.size not in (1, 2) or (array < least).any():
        found = np.asarray(value).tolist() if array.size <= 4 else f"an array of shape {np.shape(value)}"
        raise InputError(f"{what} is {found}; one or two integers of at least {least} are needed.")
    return int(array[0]), int(array[-1])
