"""`autosnn-hw compare A B`: set two reports side by side."""

from __future__ import annotations

import click

from autosnn_hw.commands import options


@click.command("compare")
@click.argument("first", metavar="A.json", type=click.Path())
@click.argument("second", metavar="B.json", type=click.Path())
@options.as_json
def command(first, second, as_json):
    """Compare two documents of `simulate --json`: two nets, two targets, or simulator against board, layer by layer."""
    from autosnn_hw.documents.comparison import compare_documents, read_document

    document = compare_documents(read_document(first), read_document(second))
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.comparison_table import comparison_table
        from autosnn_hw.report.elements import show

        show(comparison_table(document))
