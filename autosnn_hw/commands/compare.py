"""`autosnn-hw compare A B [..]`: set reports side by side."""

from __future__ import annotations

import click

from autosnn_hw.commands import options
from autosnn_hw.errors import InputError


@click.command("compare")
@click.argument("files", metavar="A B [..]", nargs=-1, type=click.Path())
@options.as_json
def command(files, as_json):
    """Compare documents of `simulate --json`, or the winners of run folders: nets, targets, or simulator against board.

    First what was not run alike (steps, data, samples), then accuracy with its 95 % interval and whether a difference is noise,
    and energy, low to high. Of two, every total, layer and core is set beside the other's, too.
    """
    from autosnn_hw.documents.comparison import compare_documents
    from autosnn_hw.documents.overview import overview
    from autosnn_hw.documents.reading import read_document

    if len(files) < 2:
        raise InputError(f"compare needs two documents or run folders at least; {len(files)} given.")
    documents = [read_document(file) for file in files]
    document = overview(documents, files)
    if len(documents) == 2:
        document |= compare_documents(*documents)
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.comparison_table import comparison_table
        from autosnn_hw.report.elements import show

        show(comparison_table(document))
