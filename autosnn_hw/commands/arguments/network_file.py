"""The options of every verb that reads a .net file which does not say everything itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])
MAX_SIDE = 1 << 16


class Shape(click.ParamType):
    """C,H,W or a number of inputs, as a tuple."""

    name = "C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if len(parts) not in (1, 3) or not all(
            part.strip().isdecimal() and 0 < int(part) <= MAX_SIDE for part in parts
        ):
            self.fail(f"{value!r} is not C,H,W, such as 2,34,34, nor a number of inputs, such as 64", param, ctx)
        return tuple(int(part) for part in parts)


def options(function: Function) -> Function:
    """Give a command the options --input-shape and --layers, as arguments `input_shape` and `layers`."""
    function = click.option(
        "--layers",
        type=click.IntRange(min=1),
        default=None,
        metavar="N",
        help="Read only the first N entries of FILE, input and flatten counted.",
    )(function)
    return click.option(
        "--input-shape",
        type=Shape(),
        default=None,
        metavar="C,H,W",
        help="Shape of the input, or number of inputs, of a FILE that does not say it.",
    )(function)
