"""`autosnn-hw report RUN`: write the report of a run again."""

from __future__ import annotations

import click


@click.command("report")
@click.argument("run", type=click.Path())
def command(run):
    """Write RUN/report.html again from the run's files."""
    from autosnn_hw.report.page.html import write_report

    click.echo(str(write_report(run)))
