"""`autosnn-hw targets [NAME]`: the targets, or one target's constants with their sources."""

from __future__ import annotations

import click

from autosnn_hw.commands import options


@click.command("targets")
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON schema of a profile, for editors.")
@options.as_json
def command(name, schema, as_json):
    """List the targets, or show every constant of one with unit, source, kind and interval."""
    import hw_profiles

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
    from autosnn_hw.report import tables

    (tables.print_targets if name is None else tables.print_profile)(document)
