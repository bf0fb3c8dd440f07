"""Finding and reading profiles: built-in names, TOML files, packages with the entry point `autosnn_hw.targets`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autosnn_hw.errors import InputError
from autosnn_hw.files import input_file
from autosnn_hw.words.near_names import known_are
from hw_profiles.schema import Profile
from hw_profiles.validation import refusal

FOLDER = Path(__file__).parent
ENTRY_POINTS = "autosnn_hw.targets"
BUILT_IN = ("loihi2", "loihi1", "truenorth")


def names() -> tuple[str, ...]:
    """Names that `load` knows: the built-in profiles, then those of installed packages."""
    return BUILT_IN + tuple(sorted({point.name for point in entry_points(group=ENTRY_POINTS)} - set(BUILT_IN)))


def load(target: str | Path | Profile) -> Profile:
    """Load a profile by name, from a TOML file, or from an installed package; overlays (`extends`) are resolved.

    Raises:
        InputError: no such target; not TOML; an unknown key, a missing unit, a value out of range (every one is named);
            profiles that extend each other in a circle.
    """
    if isinstance(target, Profile):
        return target
    table, where = _resolve(str(target), Path.cwd(), ())
    return from_table(table, where)


def from_table(table: Mapping[str, Any], where: str) -> Profile:
    """A profile from the tables of its TOML, `extends` already resolved; `where` names it in messages."""
    try:
        return Profile.model_validate(table)
    except ValidationError as error:
        raise InputError(refusal(where, error)) from None


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: tables are merged key by key, everything else (lists too) is replaced."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = value
    return merged


def read_table(target: str | Path) -> dict[str, Any]:
    """The resolved tables of a target, before the schema: what an overlay is laid over."""
    return _resolve(str(target), Path.cwd(), ())[0]


def json_schema() -> dict[str, Any]:
    """JSON schema of a profile's TOML for editors (profile.schema.json): `extends` allowed, and nothing required with it."""
    schema = Profile.model_json_schema()
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "name or path of the profile this one is laid over",
    }
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": schema.pop("required")}
    for definition in schema["$defs"].values():
        definition.pop("required", None)  # an overlay may name a single key of a table
    return schema


def _resolve(target: str, folder: Path, seen: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    found = _find(target, folder)
    if isinstance(found, Profile):
        return found.model_dump(mode="json", exclude_none=True), target
    if isinstance(found, Path):
        table, identity = input_file.toml_document(found, "the TOML file of a profile"), str(found.resolve())
    else:
        table, identity = dict(found), target
    if identity in seen:
        raise InputError(f"profiles extend each other in a circle: {' -> '.join([*seen, identity])}.")
    below = table.pop("extends", None)
    if below is None:
        return table, target
    if not isinstance(below, str):
        raise InputError(f"profile {target}: extends is {below!r}; the name or path of one profile is needed.")
    start = found.parent if isinstance(found, Path) else folder
    return overlay(_resolve(below, start, (*seen, identity))[0], table), target


def _find(target: str, folder: Path) -> Path | Mapping[str, Any] | Profile:
    if target in BUILT_IN:
        return FOLDER / f"{target}.toml"
    if target.endswith(".toml") or "/" in target:
        path = Path(target) if Path(target).is_absolute() else folder / target
        if not path.exists():
            raise InputError(f"target {target}: no such file.")
        return path
    for point in entry_points(group=ENTRY_POINTS):
        if point.name == target:
            return _from_package(point)
    raise InputError(
        f"unknown target {target!r}; {known_are(target, names())}, or give the path of a profile such as mychip.toml."
    )


def _from_package(point: Any) -> Path | Mapping[str, Any] | Profile:
    try:
        value = point.load()
        value = value() if callable(value) else value
    except Exception as error:  # a package of someone else may fail in any way
        raise InputError(f"target {point.name!r} of {point.value} cannot be loaded: {error!r}.") from error
    if isinstance(value, str):
        value = Path(value)
    if not isinstance(value, (Path, Mapping, Profile)):
        raise InputError(
            f"target {point.name!r}: {point.value} gives {type(value).__name__}; a path or table is needed."
        )
    return value


__all__ = ["BUILT_IN", "from_table", "json_schema", "load", "names", "overlay", "read_table"]
