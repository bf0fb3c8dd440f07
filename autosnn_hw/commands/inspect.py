"""`autosnn-hw inspect FILE`: layers, roles and numbers of a network file."""

from __future__ import annotations

import click

from autosnn_hw.commands.arguments import network_file, options


@click.command("inspect")
@click.argument("file", type=click.Path())
@network_file.options
@options.as_json
def command(file, input_shape, layers, as_json):
    """Show what FILE (.net) holds: layers, roles, neuron constants, weights, encoder, readout.

    \b
    Example: autosnn-hw inspect runs/digits-loihi2-1/winner.net
    """
    from autosnn_hw.documents.network_summary import summarise
    from autosnn_hw.verbs import read

    document = summarise(read(file, input_shape=input_shape, layers=layers))
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.network_table import network_table

        show(network_table(document))
