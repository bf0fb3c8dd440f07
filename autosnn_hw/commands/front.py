"""`autosnn-hw front RUN`: re-answer a finished search."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands import options
from autosnn_hw.errors import InputError


@click.command("front", cls=options.GroupedCommand)
@click.argument("run", type=click.Path())
@click.option(
    "--target",
    default=None,
    metavar="NAME",
    help="Must be the run's own; another target needs its candidates judged again.",
)
@options.choice("objective", shown="the run's")
@options.choice("lam", shown="the run's")
@options.choices("max_energy", "max_latency", "max_cores")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Candidates to list.")
@click.option(
    "--min-accuracy", type=click.FloatRange(0, 1), default=None, help="Only candidates at least as accurate, 0 to 1."
)
@options.as_json
def command(run, target, objective, lam, max_energy, max_latency, max_cores, top, min_accuracy, as_json):
    """Rank what the search in RUN has evaluated for another lambda, objective or budget, without evaluating anything again."""
    from autosnn_hw.config import read_config
    from autosnn_hw.search.fitness import Constraints
    from autosnn_hw.search.front import answer
    from autosnn_hw.search.study import read_records

    config = read_config(Path(run) / "config.toml")
    if target not in (None, config.target):
        raise InputError(
            f"{run} was searched for {config.target}; for {target} run `autosnn-hw search --target {target} --supernet {run}`, which takes its trained super-network where both chips have the same neurons."
        )
    limits = Constraints(max_energy, max_latency, max_cores)
    document = answer(
        read_records(Path(run) / "study.db"),
        objective=objective or config.objective,
        lam=config.lam if lam is None else lam,
        constraints=limits,
        top=top,
        min_accuracy=min_accuracy,
    )
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.search_tables import front_table

        show(front_table(document))
