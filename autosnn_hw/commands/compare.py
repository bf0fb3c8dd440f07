"""`autosnn-hw compare A B [..]`: set reports side by side."""

from __future__ import annotations

import click

from autosnn_hw.commands.arguments import options
from autosnn_hw.errors import InputError, SpikesDifferError
from autosnn_hw.words.quantities import numbered


@click.command("compare")
@click.argument("files", metavar="A B [..]", nargs=-1, type=click.Path())
@options.as_json
def command(files, as_json):
    """Compare documents of `simulate --json`, or the winners of run folders: nets, targets, or simulator against board; or two files
    of `trace`.

    First what was not run alike (steps, data, samples), then accuracy with its 95 % interval and whether a difference is noise,
    and energy, low to high; of winners of searches with --seeds, the means over seeds, too. Of two, every total, layer and core is set beside the other's, too. Of two
    traces, the first value that differs; exit code 4 where one does.

    \b
    Example: autosnn-hw compare runs/digits-loihi2-1 runs/digits-loihi2-2
             autosnn-hw compare a.json b.json
    """
    from autosnn_hw.documents.comparison import compare_documents
    from autosnn_hw.documents.document_reading import read_document
    from autosnn_hw.documents.overview import overview
    from autosnn_hw.documents.run_reading import seeds_of

    if len(files) < 2:
        raise InputError(f"compare needs two documents or run folders at least; {len(files)} given.")
    if any(str(file).endswith(".npz") for file in files):
        return _traces(files, as_json)
    documents = [read_document(file) for file in files]
    document = overview(documents, files, [seeds_of(file) for file in files])
    if len(documents) == 2:
        document |= compare_documents(*documents)
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.comparison_table import comparison_table
        from autosnn_hw.report.elements import show

        show(comparison_table(document))


def _traces(files, as_json):
    from autosnn_hw.verbs import compare_traces

    if len(files) != 2 or not all(str(file).endswith(".npz") for file in files):
        raise InputError("traces (.npz) are compared two at a time, and with nothing else.")
    document = compare_traces(*files)
    first = document["first_difference"]
    if as_json:
        options.print_json(document)
    elif first is None:
        click.echo(
            f"equal: {len(document['layers'])} layers, {numbered(document['samples'], 'sample')}, {numbered(document['timesteps'], 'step')}"
        )
    else:
        click.echo(
            f"{document['differ']} values differ; first in layer {first['layer']!r}, sample {first['sample']}, step {first['step']}, "
            f"neuron {tuple(first['neuron'])}: {first['quantity']} is {first['a']} and {first['b']}"
        )
    return 0 if first is None else SpikesDifferError.exit_code
