"""`autosnn-hw targets [NAME]`: the targets, or one target's constants with their sources."""

from __future__ import annotations

import click

from autosnn_hw.commands import options


@click.command("targets")
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON schema of a profile, for editors.")
@click.option(
    "--conformance", is_flag=True, help="Run the conformance suite on NAME; exit code 2 where it finds a problem."
)
@options.as_json
def command(name, schema, conformance, as_json):
    """List the targets, or show every constant of one with unit, source, kind and interval."""
    import hw_profiles

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


def _conformance(name: str | None, as_json: bool) -> None:
    import autosnn_hw.cost
    from autosnn_hw.errors import InputError
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
