"""A profile to begin a chip of one's own with: every key of the schema with its meaning, numbers of another profile in place."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hw_profiles.constants import Constant, Limit, Table
from hw_profiles.schema import Profile

HEAD = """\
# A chip of your own, begun with the numbers of {start}. Replace what you know, and say where it is from:
# - a constant has value, low and high in its unit, a source, and a kind: "measured" on silicon, "published", or "estimated";
# - a limit has a value, a unit, a source, and whether it was verified on silicon or in a vendor's compiler.
# What was copied is called estimated and not verified: nobody has seen it on this chip. A key behind a # is not used.
# An energy that stands nowhere is not charged, a limit that stands nowhere is not checked.
#
#   autosnn-hw targets {typed} --conformance    does the profile hold together
#   autosnn-hw check NET --target {typed}       does a network fit
"""


def template(start: Profile, name: str, file: str) -> str:
    """TOML of a profile called `name` with all numbers of `start`, for the file `file`; it loads as it is."""
    own = start.model_copy(
        update={"name": name, "title": name, "family": name, "description": f"Begun with the numbers of {start.name}."}
    )
    plain = [f"{key} = {_value(getattr(own, key))}" for key in ("name", "title", "family", "description", "boundary")]
    lines = [HEAD.format(start=start.name, typed=shlex.quote(file)), *plain]
    lines += [
        f"not_counted = {_value(own.not_counted)}",
        "# one of the devices below",
        f"device = {_value(own.device)}",
    ]
    for device in own.devices:
        lines += ["", "[[devices]]", *_keys(device, start.name)]
    for key, section in own:
        if isinstance(section, Table):
            lines += ["", *_section(key, section, start.name)]
    return "\n".join([*lines, ""])


def _section(key: str, section: Table, start: str) -> Iterator[str]:
    """A table of the profile; tables in it that hold more than one number follow as tables of their own."""
    tables = {name: value for name, value in section if _is_table(value)}
    yield from _comment(type(section).__doc__ if type(section).__doc__ != Table.__doc__ else None)
    if len(tables) < len(type(section).model_fields):
        yield f"[{key}]"
        yield from _keys(section, start)
    for name, value in tables.items():
        yield from _comment(type(value).__doc__)
        yield from (f"[{key}.{name}]", *_keys(value, start))


def _is_table(value: Any) -> bool:
    return isinstance(value, Table) and not isinstance(value, Constant | Limit)


def _keys(table: Table, start: str) -> Iterator[str]:
    """The keys of a table with their meaning; those that it does not hold behind a #, with what they would hold."""
    for name, info in type(table).model_fields.items():
        value = getattr(table, name)
        if _is_table(value):
            continue
        yield from _comment(info.description)
        yield f"# {name} = {_shape(info)}" if value is None else f"{name} = {_value(_copied(name, value, start))}"


def _shape(info: FieldInfo) -> str:
    """The keys that a value of a field must have."""
    kind = next(option for option in get_args(info.annotation) if option is not type(None))
    return "{ " + ", ".join(name for name, field in kind.model_fields.items() if field.is_required()) + " }"


def _copied(name: str, value: Any, start: str) -> Any:
    """A value as it may be said of another chip: with whose it is, estimated, not verified."""
    if isinstance(value, Constant | Limit):
        known = {key: part for key, part in value.model_dump(mode="json").items() if part != ""}
        if isinstance(value, Constant) and value.low < value.high:  # else it is a definition, such as a nominal tick
            known["kind"] = "estimated"
        return {key: _copied(key, part, start) for key, part in known.items()}
    if isinstance(value, tuple) and value and isinstance(value[0], Constant):
        return [_copied(name, part, start) for part in value]
    if name == "source":
        return f"copied from {start}: {value}"
    return False if name == "verified" else value


def _comment(text: str | None) -> Iterator[str]:
    if text:
        yield from (f"# {line.strip()}" for line in text.strip().splitlines())


def _value(value: Any) -> str:
    """A value as TOML in one line, lists of tables with a line for each."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], dict):
            return "[\n" + "".join(f"  {_value(part)},\n" for part in value) + "]"
        return "[" + ", ".join(_value(part) for part in value) + "]"
    # Strings: TOML's basic strings are JSON's, but for the escaped slash and DEL, which json.dumps does not write.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value).lower()
