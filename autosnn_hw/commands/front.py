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
    metavar="NAME|FILE.toml",
    help="Another target of the same neurons and weights; the run must have walked its space. [default: the run's]",
)
@click.option(
    "--targets",
    default=None,
    metavar="A,B,..",
    help="The network chosen for each of these targets, priced on every one.",
)
@options.choice("objective", shown="the run's")
@options.choice("lam", shown="the run's")
@options.choices("max_energy", "max_latency", "max_cores")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Candidates to list.")
@click.option(
    "--min-accuracy", type=click.FloatRange(0, 1), default=None, help="Only candidates at least as accurate, 0 to 1."
)
@options.as_json
def command(run, target, targets, objective, lam, max_energy, max_latency, max_cores, top, min_accuracy, as_json):
    """Rank what the search in RUN has evaluated for another lambda, objective, budget or target, without evaluating anything again.

    One network is chosen: with --lambda the fittest, with --min-accuracy the cheapest, with another limit the most accurate, else
    the knee of the front.
    """
    from autosnn_hw.config import read_config
    from autosnn_hw.search.fitness import Constraints
    from autosnn_hw.search.front import answer, matrix, rule_for

    config = read_config(Path(run) / "config.toml")
    limits = Constraints(max_energy, max_latency, max_cores)
    asked = {
        "objective": objective or config.objective,
        "lam": config.lam if lam is None else lam,
        "constraints": limits,
        "top": top,
        "min_accuracy": min_accuracy,
        "rule": rule_for(lam=lam, min_accuracy=min_accuracy, constraints=limits),
    }
    if target is not None and targets is not None:
        raise InputError("--target prices on one target, --targets on several; give one of them.")
    names = [name.strip() for name in (targets or target or config.target).split(",")]
    known = {name: _records(run, name, config.target) for name in names}
    answers = {name: {"target": name, **answer(records, **asked)} for name, records in known.items()}
    if targets is None:
        document = answers[names[0]]
    else:
        by_genotype = {name: {record.genotype: record for record in records} for name, records in known.items()}
        document = {"targets": list(answers.values()), "matrix": matrix(answers, by_genotype, asked["objective"])}
    if as_json:
        options.print_json(document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.search_tables import front_table

        show(front_table(document))


def _records(run, target, own):
    """The run's candidates on a target: as they were judged, or priced anew."""
    from autosnn_hw.run_folder import RunFolder
    from autosnn_hw.search.study import read_records

    if target == own:
        return read_records(**RunFolder(run).study())
    from autosnn_hw.stages.repricing import priced_on

    return priced_on(run, target)
