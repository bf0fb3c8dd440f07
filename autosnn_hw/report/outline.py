"""Any document as an outline: single values as pairs, lists of alike entries as tables, sourced constants as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import cell, grid, pairs, words


def outline(document: Mapping[str, Any], title: str = "") -> RenderableType:
    """A document of nested mappings and lists, as sections in the order of its keys.

    Entries that hold a "value" or "limit" beside a source are shown as rows of one table (`constants`), with every field.
    """
    single: list[tuple[str, str]] = []
    sections: list[RenderableType] = []
    facts = {key: value for key, value in document.items() if _is_fact(value)}
    for key, value in document.items():
        if key in facts:
            continue
        if isinstance(value, Mapping) and value:
            sections += [Text(), outline(value, f"{title}{' / ' if title else ''}{words(key)}")]
        elif _is_table(value):
            sections += [Text(), table_of(value, words(key))]
        else:
            single.append((words(key), cell(value)))
    parts: list[RenderableType] = [Text(title, style="bold")] if title and (single or facts) else []
    if single:
        parts.append(pairs(single))
    if facts:
        parts.append(table_of([{"name": key, **value} for key, value in facts.items()], None))
    if not parts and sections:
        sections = sections[1:]  # no empty line before the first section
    return Group(*parts, *sections)


def table_of(entries: Sequence[Mapping[str, Any]], title: str | None) -> RenderableType:
    """A table with a column for every key that an entry has a plain value for."""
    columns = list(dict.fromkeys(key for entry in entries for key in entry))
    columns = [key for key in columns if any(entry.get(key) not in (None, "", [], {}) for entry in entries)]
    numeric = {key for key in columns if all(_is_number(entry.get(key)) for entry in entries)}
    ordered = [key for key in columns if key not in numeric]
    ordered = ordered[:1] + [key for key in columns if key in numeric] + ordered[1:]
    rows = [[cell(entry.get(key)) for key in ordered] for entry in entries]
    table = grid(title, [words(key) for key in ordered], rows)
    for column, key in zip(table.columns, ordered):
        column.justify = "right" if key in numeric else "left"
    return table


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_fact(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and ("value" in value or "limit" in value) and ("source" in value or "unit" in value)
    )


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(v, Mapping) for v in value)
    )
