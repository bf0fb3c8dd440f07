"""What every table on the terminal is made of: grids, pairs, lists, short texts of values, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

LONG = 40  # characters of an entry from which on a list has a line for each


def grid(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> Table:
    """A plain table; the first `left` columns are text, the others numbers."""
    heading = None if title is None else escape(title)
    table = Table(
        title=heading, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def pairs(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and values beneath each other."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(Text(name, style="dim"), escape(value))
    return table


def listed(title: str, sentences: Sequence[str]) -> Group:
    """A heading with one sentence a line."""
    return Group(Text(title, style="bold"), *(Text(f"- {sentence}") for sentence in sentences))


def cell(value: Any) -> str:
    """One value as short text."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(key)} {cell(part)}" for key, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        cells = [cell(part) for part in value]
        return ("\n" if any(len(text) > LONG for text in cells) else ", ").join(cells) or "-"
    return str(value)


def words(key: str) -> str:
    """A key of a document as words."""
    return str(key).replace("_", " ")


def times(shape: Sequence[int]) -> str:
    """A shape as 16x8x8."""
    return "x".join(str(n) for n in shape)


def show(renderable: RenderableType) -> None:
    """Print to stdout, wide enough for the tables where it is not a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    console.print(renderable, soft_wrap=False)
