"""`autosnn-hw targets [NAME]`: the targets, or one target's constants with their sources."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands.arguments import options
from autosnn_hw.default_target import DEFAULT_TARGET
from autosnn_hw.errors import InputError


@click.command("targets")
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path())
@click.option("--schema", is_flag=True, help="Print the JSON schema of a profile, for editors.")
@click.option(
    "--conformance", is_flag=True, help="Run the conformance suite on NAME; exit code 2 where it finds a problem."
)
@click.option(
    "--from",
    "start",
    default=None,
    metavar="NAME",
    help=f"Of new: the profile to begin with. [default: {DEFAULT_TARGET}]",
)
@options.as_json
def command(name, file, schema, conformance, start, as_json):
    """List the targets, or show every constant of one with unit, source, kind and interval.

    `targets new FILE.toml --from NAME` writes a profile for a chip of your own: every key with its meaning, and NAME's numbers.

    \b
    Example: autosnn-hw targets loihi2
             autosnn-hw targets new mychip.toml --from loihi2
    """
    import hw_profiles

    if name == "new":
        _new(file, start or DEFAULT_TARGET, as_json)
        return
    if file is not None or start is not None:
        raise InputError("a second name and --from belong to `targets new FILE.toml --from NAME`.")
    if conformance:
        _conformance(name, as_json)
        return

    if schema:
        options.print_json(hw_profiles.json_schema())
        return
    if name is None:
        document = {"targets": [hw_profiles.load(known).summary() for known in hw_profiles.names()]}
    else:
        document = hw_profiles.load(name).document()
    if as_json:
        options.print_json(document)
        return
    from autosnn_hw.report.elements import show
    from autosnn_hw.report.outline import outline

    show(outline(document))


def _new(file: str | None, start: str, as_json: bool) -> None:
    from autosnn_hw.run_folder import write_text
    from hw_profiles import load
    from hw_profiles.template import template

    path = Path(file or "")
    if path.suffix != ".toml":
        raise InputError("targets new needs the FILE.toml to write, such as mychip.toml.")
    if path.exists():
        raise InputError(f"{path} is there already; give another FILE.toml.")
    write_text(path, template(load(start), path.stem, str(path)), option="FILE.toml")
    if as_json:
        options.print_json({"file": str(path), "name": path.stem, "from": start})
    else:
        click.echo(f"{path}: a profile called {path.stem} with the numbers of {start}; its comments say what each is.")


def _conformance(name: str | None, as_json: bool) -> None:
    import autosnn_hw.cost
    from hw_profiles.conformance import problems

    if name is None:
        raise InputError("--conformance needs the NAME of a target, or the path of a profile.")
    found = problems(name, autosnn_hw.cost)
    if as_json:
        options.print_json({"target": name, "conforms": not found, "problems": found})
    else:
        click.echo("\n".join(found) if found else f"{name} conforms.")
    if found:
        raise click.exceptions.Exit(InputError.exit_code)
