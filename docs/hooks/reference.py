"""Pages of the site that are made from sources: commands from click, choices and profile keys from pydantic, targets from their files, and
the public Python names from their docstrings. A hook of mkdocs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import autosnn_hw
import hw_profiles
from autosnn_hw.cli import VERBS, group
from autosnn_hw.config import SearchConfig
from hw_profiles.schema import Profile


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """mkdocs calls this when it has found the pages: ours join them."""
    pages = {
        "commands": commands(), "choices": choices(), "python": python_names(), "targets": targets(), "profile-keys": profile_keys(),
    }  # fmt: skip
    for name, lines in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines) + "\n"))
    return files


def commands() -> Iterator[str]:
    """One section a verb: what `--help` says."""
    root = click.Context(group, info_name="autosnn-hw", terminal_width=100)
    yield from ("# Commands", "", *fenced(group.get_help(root)))
    for verb in VERBS:
        command = group.get_command(root, verb)
        assert command is not None
        context = click.Context(command, info_name=verb, parent=root, terminal_width=100)
        yield from ("", f"## {verb}", "", *fenced(command.get_help(context)))


def choices() -> Iterator[str]:
    """The fields of `SearchConfig`: keys of config.toml, keywords of `search` in Python, options of the command line."""
    yield from (
        "# Choices of a search", "",
        "Keys of the table `[search]` of config.toml, keywords of `autosnn_hw.search`, and options of `autosnn-hw search` alike.", "",
    )  # fmt: skip
    heading = None
    for name, field in SearchConfig.model_fields.items():
        extra: Any = field.json_schema_extra
        if extra["group"] != heading:
            heading = extra["group"]
            yield from (
                "",
                f"## {heading}",
                "",
                "| key | option | kind | default | what it is |",
                "|---|---|---|---|---|",
            )
        option = f"--{extra['option'] or name.replace('_', '-')}"
        yield row(
            f"`{name}`",
            f"`{option}`",
            kind(field.annotation),
            extra["shown"] or shown(field.default),
            field.description,
        )


def targets() -> Iterator[str]:
    """Every constant of every target that comes with the tool."""
    yield from (
        "# Targets", "",
        "Energies, times and powers with their interval, how each is known, and where it is found again; what the keys mean: "
        "[profiles](../profiles.md), [keys](profile-keys.md).",
    )  # fmt: skip
    for name in hw_profiles.names():
        document = hw_profiles.load(name).document()
        yield from (
            "",
            f"## {name}",
            "",
            document["description"],
            "",
            f"Boundary of the energy: {document['boundary']}",
            "",
        )
        yield from ("| constant | value | low to high | how known | source |", "|---|---|---|---|---|")
        for one in document["constants"]:
            interval = f"{one['low']:g} to {one['high']:g}"
            yield row(f"`{one['name']}`", f"{one['value']:g} {one['unit']}", interval, one["kind"], one["source"])
        yield from ("", "| limit | value | verified | source |", "|---|---|---|---|")
        for one in document["limits"]:
            yield row(
                f"`{one['name']}`", f"{one['value']} {one['unit']}", "yes" if one["verified"] else "no", one["source"]
            )


def profile_keys() -> Iterator[str]:
    """The tables of a profile and their keys, from the pydantic models."""
    yield from ("# Keys of a profile", "", "What [a TOML file of a chip](../profiles.md) may hold, table by table.")
    schema = Profile.model_json_schema()
    for name, table in (("Profile", schema), *sorted(schema["$defs"].items())):
        if "properties" not in table:
            continue
        yield from (
            "",
            f"## {name}",
            "",
            *(table.get("description", "").splitlines()),
            "",
            "| key | kind | needed | what it is |",
            "|---|---|---|---|",
        )
        for key, field in table["properties"].items():
            yield row(
                f"`{key}`",
                schema_kind(field),
                "yes" if key in table.get("required", ()) else "",
                field.get("description"),
            )


def python_names() -> Iterator[str]:
    """The docstrings of the names that `from autosnn_hw import ..` gives."""
    yield from ("# Python, every name", "", "How they go together: [from Python](../python.md).")
    for name in autosnn_hw.__all__:
        thing = getattr(autosnn_hw, name)
        if name.startswith("__"):
            continue
        where = (
            f"autosnn_hw.verbs.running.{name}"
            if not hasattr(thing, "__qualname__")
            else f"{thing.__module__}.{thing.__qualname__}"
        )
        yield from ("", f"::: {where}")


def fenced(text: str) -> tuple[str, ...]:
    return ("```text", *text.splitlines(), "```")


def row(*cells: str | None) -> str:
    return "| " + " | ".join((cell or "").replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def shown(default: Any) -> str:
    return "" if default is None else f"`{default}`"


def kind(annotation: Any) -> str:
    """`int`, or the words of a Literal."""
    text = str(getattr(annotation, "__name__", annotation) if isinstance(annotation, type) else annotation)
    return text.replace("typing.", "").removeprefix("Literal[").replace(" | None", "").rstrip("]").replace("'", "")


def schema_kind(field: dict[str, Any]) -> str:
    """Words for the type in a JSON schema."""
    if "anyOf" in field:
        return " or ".join(schema_kind(one) for one in field["anyOf"] if one.get("type") != "null")
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {schema_kind(field.get('items', {}))}"
    return str(field.get("type", field.get("const", "")))
