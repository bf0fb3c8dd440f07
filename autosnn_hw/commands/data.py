"""`autosnn-hw data NAME`: what a data set holds, what would spoil a search, and what a search would take."""

from __future__ import annotations

from typing import Any

import click

from autosnn_hw.commands.arguments import options


@click.command("data")
@click.argument("name", metavar="NAME")
@options.target
@options.data_dir
@options.download
@options.choice("graded")
@click.option(
    "--no-time", is_flag=True, help="Leave out the estimate of a search, for which a few batches are trained."
)
@options.as_json
def command(name, target, data_dir, download, graded, no_time, as_json):
    """Look at a data set before anything is trained: shapes, range, classes, duplicates, and how long its search would take.

    NAME is what --dataset takes: digits, events, cifar10, .., folder:PATH, npz:PATH.

    \b
    Example: autosnn-hw data npz:mine.npz
    """
    from autosnn_hw.report.data_table import data_table, time_table
    from autosnn_hw.report.elements import show
    from autosnn_hw.verbs import data

    if as_json:
        options.print_json(
            data(name, target, data_dir=data_dir, download=download, graded=bool(graded), estimate=not no_time)
        )
        return

    def described(document: dict[str, Any]) -> None:
        show(data_table(document))
        if document["search"] and not no_time:
            click.echo("\nA few batches are timed for how long a search takes ..", err=True)

    document = data(
        name,
        target,
        data_dir=data_dir,
        download=download,
        graded=bool(graded),
        estimate=not no_time,
        described=described,
    )
    if document["search"]:
        show(time_table(document["search"]))
