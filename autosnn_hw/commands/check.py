"""`autosnn-hw check FILE --target T`: does a network fit, on which cores, and what would fix it."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands.arguments import network_file, options, own_target
from autosnn_hw.errors import DoesNotFitError


@click.command("check")
@click.argument("file", type=click.Path())
@own_target.option
@network_file.options
@click.option("--svg", type=click.Path(), default=None, help="Draw the core map into this file.")
@options.as_json
@options.quiet
def command(file, target, input_shape, layers, svg, as_json, quiet):
    """Say whether FILE (.net) fits the target: cores, limits, every violation and what would fit. Exit code 3 where it does not.

    \b
    Example: autosnn-hw check net.net --target loihi1
    """
    from autosnn_hw.documents.fit import fit_document
    from autosnn_hw.verbs import check, profile_for, read

    network = read(file, input_shape=input_shape, layers=layers)
    profile = profile_for(network, target, file)
    report = check(network, profile)
    if svg is not None:
        from autosnn_hw.report.core_map import core_map
        from autosnn_hw.run_folder import write_text

        write_text(Path(svg), core_map(network, profile), option="--svg")
    document = fit_document(report)
    document["notes"] += network.provenance.get("notes", [])
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.fit_table import fit_table

        show(fit_table(document))
    if not report.fits:
        if as_json:
            raise click.exceptions.Exit(DoesNotFitError.exit_code)
        raise DoesNotFitError(f"{file} does not fit {report.target}: {len(report.violations)} violations.")
