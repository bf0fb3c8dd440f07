"""`autosnn-hw report RUN [RUN ..]`: write the report of a run again, its figures and table for a paper; several runs compared."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.errors import InputError

OUT_OF_SEVERAL = "--out is the page that compares several runs; one run was given, whose page is its report.html."
MORE_ALONE = "--figures and --latex take one run; {} were given."


@click.command("report")
@click.argument("runs", metavar="RUN [RUN ..]", nargs=-1, type=click.Path())
@click.option(
    "--figures", metavar="DIR", type=click.Path(), help="Write the figures as files into DIR, all candidates drawn."
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    default="svg,pdf",
    show_default=True,
    help="Formats of --figures: svg, pdf, png.",
)
@click.option(
    "--latex",
    metavar="FILE",
    type=click.Path(),
    help="Write the table (booktabs) to FILE, and what it cites beside it (.bib).",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(),
    help="Page that compares several runs.  [default: comparison.html in the first]",
)
def command(runs, figures, formats, latex, out):
    """Write RUN/report.html again from the run's files; of several runs, each report and a page that compares them.

    \b
    Example: autosnn-hw report runs/digits-loihi2-1 --figures figures --latex table.tex
    """
    if not runs:
        raise InputError("report needs the folder of a finished run; none was given.")
    if len(runs) > 1:
        if figures or latex:
            raise InputError(MORE_ALONE.format(len(runs)))
        return _compared(runs, out)
    if out:
        raise InputError(OUT_OF_SEVERAL)
    from autosnn_hw.report.page.html import write_report
    from autosnn_hw.report.paper.figure_files import formats_of, write_figures
    from autosnn_hw.report.paper.latex import write_latex
    from autosnn_hw.report.run_documents import read_run

    wanted, found = formats_of(formats), read_run(runs[0])
    click.echo(str(write_report(runs[0])))
    if figures:
        for path in write_figures(found, figures, wanted):
            click.echo(str(path))
    if latex:
        for path in write_latex(found, latex):
            click.echo(str(path))


def _compared(runs, out):
    from autosnn_hw.documents.comparison import compare_documents
    from autosnn_hw.documents.document_reading import read_document
    from autosnn_hw.documents.overview import overview
    from autosnn_hw.report.comparison_table import comparison_table
    from autosnn_hw.report.elements import show
    from autosnn_hw.report.page.comparison import write_comparison
    from autosnn_hw.report.page.html import write_report

    documents = [read_document(run) for run in runs]
    for run in runs:
        click.echo(str(write_report(run)))
    click.echo(str(write_comparison(runs, out or Path(runs[0]) / "comparison.html")))
    document = overview(documents, runs)
    if len(documents) == 2:
        document |= compare_documents(*documents)
    show(comparison_table(document))
