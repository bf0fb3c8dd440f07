"""A size, or several that a search chooses from: `8`, or `4,8,16`. The one place that reads and checks them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from autosnn_hw.errors import InputError

MOST = 4096
MANY = 16  # sizes of one kind: each is a network more to train and to judge


def checked(value: Any) -> Any:
    """One size as an int, several as an ascending tuple.

    Raises:
        ValueError: something else, out of bounds, or too many; says what is allowed.
    """
    several = list(value) if isinstance(value, (list, tuple)) else [value]
    if not several or not all(isinstance(size, int) and not isinstance(size, bool) for size in several):
        raise ValueError(f"{value!r}; int is needed, or a list of them")
    for size in several:
        if size < 1:
            raise ValueError(f"{size}; at least 1 is needed")
        if size > MOST:
            raise ValueError(f"{size}; at most {MOST} is needed")
    chosen = tuple(sorted(set(several)))
    if len(chosen) > MANY:
        raise ValueError(f"{len(chosen)} sizes; at most {MANY} are needed")
    return chosen if len(chosen) > 1 else chosen[0]


SizeList = Annotated[int | tuple[int, ...], BeforeValidator(checked)]


def all_of(sizes: int | tuple[int, ...]) -> tuple[int, ...]:
    """The sizes, ascending, of which the last is the largest."""
    return (sizes,) if isinstance(sizes, int) else sizes


def one_size(sizes: int | tuple[int, ...], name: str) -> int:
    """The size where one is needed.

    Raises:
        InputError: there are several.
    """
    if isinstance(sizes, int):
        return sizes
    raise InputError(f"--{name} {','.join(map(str, sizes))}: one network has one; give one number.")


def parsed(text: str) -> int | tuple[int, ...]:
    """The sizes in a text: whole numbers with commas between.

    Raises:
        ValueError: there are none.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise ValueError(f"{text!r} is no whole number, and no list of them such as 4,8,16")
    numbers = tuple(int(part) for part in parts)
    return numbers if len(numbers) > 1 else numbers[0]
