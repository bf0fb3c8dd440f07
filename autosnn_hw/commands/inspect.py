"""`autosnn-hw inspect FILE`: layers, roles and numbers of a network file."""

from __future__ import annotations

import click

from autosnn_hw.commands import options


@click.command("inspect")
@click.argument("file", type=click.Path())
@options.as_json
def command(file, as_json):
    """Show what FILE (.net) holds: layers, roles, neuron constants, weights, encoder, readout."""
    from autosnn_hw.documents.network_summary import summarise
    from exporters import netx

    document = summarise(netx.read(file))
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.network_table import network_table

        show(network_table(document))
