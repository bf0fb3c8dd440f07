"""Where the pools of a network stand, as text and as a choice of a search: `1.3`, or `1.3,1.2,2.4`. The one place that reads them.

A placement is the ascending numbers of the slots that a pool follows, as in TBD1, ..; 0 is right in front of TBD1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MANY = 16  # placements of one search: each is a tree more to walk

Placement = tuple[int, ...]


def in_text(placement: Iterable[int]) -> str:
    """`1.3` of (1, 3)."""
    return ".".join(map(str, placement))


def of_text(text: str) -> Placement:
    """The placement in a text, sorted.

    Raises:
        ValueError: it is none, or names a slot twice.
    """
    parts = text.strip().split(".")
    if not all(part.isdecimal() and part.isascii() and len(part) < 4 for part in parts):
        raise ValueError(f"{text!r}; numbers of slots with dots between are needed, such as 1.3")
    slots = tuple(sorted(map(int, parts)))
    if len(set(slots)) != len(slots):
        raise ValueError(f"{text!r}; every slot may be named once")
    return slots


def checked(value: Any) -> tuple[str, ...] | None:
    """Placements as texts, ascending; a whole number is the placement of one pool; None stays it.

    Raises:
        ValueError: something else, one of them twice, or too many; says what is allowed.
    """
    if value is None:
        return None
    several = [value] if _names_one(value) else value
    if not isinstance(several, (list, tuple)) or not several or not all(map(_names_one, several)):
        raise ValueError(f'{value!r}; a list of texts such as ["1.3", "1.2"] is needed')
    placements = [of_text(str(one)) for one in several]
    for placement in placements:
        if placements.count(placement) > 1:
            raise ValueError(f"{in_text(placement)} twice; every placement may be named once")
    if len(placements) > MANY:
        raise ValueError(f"{len(placements)} placements; at most {MANY} are allowed")
    return tuple(map(in_text, sorted(placements)))


def _names_one(value: Any) -> bool:
    """Not a float: 1.30 and 1.3 are one, "1.30" and "1.3" are not."""
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def placements_of(pools: tuple[str, ...] | None) -> tuple[Placement, ...]:
    """The placements of a choice, ascending; none where the macro-architecture says where its pools stand."""
    return tuple(map(of_text, pools or ()))


def parsed(text: str) -> tuple[str, ...]:
    """The placements in a text, with commas between.

    Raises:
        ValueError: there are none.
    """
    return checked(text.split(",")) or ()
