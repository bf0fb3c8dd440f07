"""Quantities on the command line: `9uJ`, `50us`, or a plain number in the SI unit."""

from __future__ import annotations

from typing import Any

import click

from autosnn_hw.words.quantities import parse


class Quantity(click.ParamType):
    """A positive number with an SI unit, whose prefix may be given.

    Args:
        unit: J, s, ..; the value that a command gets is in it.
    """

    name = "quantity"

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def get_metavar(self, param: click.Parameter, ctx: Any = None) -> str:
        return f"X[{self.unit}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = parse(str(value), self.unit)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if number <= 0:
            self.fail(f"{value} is not above 0.", param, ctx)
        return number
