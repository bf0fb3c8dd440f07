"""`autosnn-hw calibrate CSV`: fit a profile's constants to measurements."""

from __future__ import annotations

import click

from autosnn_hw.commands.arguments import options


@click.command("calibrate")
@click.argument("csv", type=click.Path())
@options.target
@click.option("--output", "-o", type=click.Path(), required=True, metavar="FILE.toml", help="Overlay profile to write.")
@click.option(
    "--constant",
    "constants",
    multiple=True,
    help="Constant to fit, such as energy.synop [default: all that the data determine].",
)
@options.as_json
def command(csv, target, output, constants, as_json):
    """Fit constants of a target to the measurements in CSV, and write an overlay profile with provenance.

    \b
    Example: autosnn-hw calibrate measurements.csv --target loihi2 -o mychip.toml
    """
    from autosnn_hw.cost.calibration.overlay import calibrate_file

    document = calibrate_file(csv, target, output, constants=constants or None)
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.outline import outline

        show(outline(document))
