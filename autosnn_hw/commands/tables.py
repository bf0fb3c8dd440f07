"""`autosnn-hw tables NAME`: a table of the AutoSNN paper made again, at a size of one's own."""

from __future__ import annotations

import click

from autosnn_hw.architecture.published_results import TABLES, WEIGHTS
from autosnn_hw.commands.arguments import one_network, options
from autosnn_hw.errors import InputError

SEEDS = 3
NETWORKS = 100  # random architectures of each macro-architecture


@click.command("tables", cls=options.GroupedCommand)
@click.argument("table", metavar="|".join(TABLES), type=options.Word(TABLES))
@options.choices("target", "dataset", "data_dir", "download", "graded", "width", "timesteps", words=one_network.WORDS)
@options.choice("retrain_epochs", name="epochs", words=one_network.WORDS)
@options.choices(
    "learning_rate",
    "batch",
    "finetune_epochs",
    "loss",
    "distillation",
    "weight_decay",
    "augment",
    words=one_network.WORDS,
)
@options.choice("averaged_epochs", words=one_network.WORDS, shown="0, as in the paper")
@options.choices("rate_decay", "precision", "device", "seed", words=one_network.WORDS)
@click.option(
    "--seeds", type=click.IntRange(1, 1000), help=f"Trainings of each network, of spaces one. [default: {SEEDS}]"
)
@click.option("--images", type=click.IntRange(min=1), help="Train on the first so many samples. [default: all]")
@click.option("--test-images", type=click.IntRange(min=1), help="Test on the first so many samples. [default: all]")
@click.option(
    "--shrink", type=click.IntRange(1, 64), default=1, show_default=True, help="Squares of N x N pixels as one."
)
@click.option(
    "--networks",
    type=click.IntRange(1, 3125),
    help=f"Of spaces: random architectures of each macro-architecture, one training each. [default: {NETWORKS}]",
)
@click.option(
    "--lambda-reg",
    type=options.FiniteRange(0, 1000),
    multiple=True,
    metavar="L",
    help="Of regularisation: rows at this weight of the firing rate, once for each. [default: 0, 1, .1 and .01]",
)
@click.option(
    "--certify",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help="Test samples that Lava runs of each network's first seed; 0 is none.",
)
@click.option(
    "--only", default="", metavar="TEXT", help="Rows whose names hold this text, such as SRB_k3. [default: all]"
)
@click.option(
    "--most", type=click.IntRange(min=0), help="Train at most so many networks now, 0 none; the same command goes on."
)
@click.option(
    "--out",
    type=click.Path(),
    required=True,
    metavar="DIR",
    help="Folder of the networks of one size, and of table files.",
)
@options.as_json
@options.quiet
def command(
    table, seeds, images, test_images, shrink, networks, lambda_reg, certify, only, most, out, as_json, quiet, **chosen
):
    """Make a table of the AutoSNN paper again, beside its numbers: design (macro-architectures), blocks, regularisation, searched (its
    architectures at each lambda), spaces (random architectures), transfer (other networks on --dataset).

    What a folder holds is not made again: the same command goes on after an interruption, and tables share networks.

    \b
    Example: autosnn-hw tables blocks --epochs 3 --seeds 1 --out tables
    """
    if networks is not None and table != "spaces":
        raise InputError(
            f"--networks {networks} is of the table of spaces, and {table} draws no architectures; leave it out."
        )
    if table == "spaces" and (seeds or 1) > 1:
        raise InputError(f"--seeds {seeds}: each network of spaces is trained once; --networks says how many.")
    if lambda_reg and table != "regularisation":
        raise InputError(f"--lambda-reg is of the table of regularisation, and {table} has none; leave it out.")
    from autosnn_hw import pipeline
    from autosnn_hw.documents.searches.table_document import table_document
    from autosnn_hw.run_folder import write_json
    from autosnn_hw.stages.paper_tables.table_data import Amount
    from autosnn_hw.stages.paper_tables.tables import made
    from autosnn_hw.words.progress import progress

    config = pipeline.config_for({name: value for name, value in chosen.items() if value is not None})
    weights = tuple(dict.fromkeys(lambda_reg)) or WEIGHTS
    amount = Amount(images, test_images, shrink, seeds or SEEDS, networks or NETWORKS, certify, most, only, weights)
    with progress(quiet or as_json) as reporter:
        document = table_document(made(table, config, out, amount, reporter))
    write_json(f"{out}/{table}.json", document)
    if as_json:
        options.print_json(document)
        return
    from autosnn_hw.report.elements import show
    from autosnn_hw.report.paper_table import paper_table

    show(paper_table(document))
    if table == "spaces":
        from autosnn_hw.report.figures.spaces import space_figures
        from autosnn_hw.report.paper.figure_files import write_drawn

        for path in write_drawn(space_figures(document), out, ("svg", "pdf")):
            click.echo(str(path))
