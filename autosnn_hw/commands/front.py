"""`autosnn-hw front RUN`: re-answer a finished search."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from autosnn_hw.commands.arguments import options
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
    "--min-accuracy",
    type=click.FloatRange(0, 1),
    default=None,
    help="Only candidates at least as accurate (the best that is known), 0 to 1.",
)
@click.option(
    "--deploy",
    default=None,
    metavar="ARCH",
    help="Deliver this point in the folder --out as the winner was: trained on, exported, run in Lava. An architecture of the "
    "run's space, as --json writes it.",
)
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    metavar="DIR",
    help="Folder of --deploy: a new one, or that of the same point, which an interruption left unfinished.",
)
@options.as_json
@options.quiet
def command(run, target, deploy, out, as_json, quiet, **asked):
    """Rank what the search in RUN has evaluated for another lambda, objective, budget or target, without evaluating anything again.

    The accuracy and the costs of each are the best that is known of them: measured with its final weights, else corrected by what
    the measured ones were like, else inherited. One network is chosen: with --lambda the fittest, with --min-accuracy the cheapest, with another limit the most accurate, else
    the knee of the front. --deploy ARCH --out DIR makes any point a network file with its certificate; interrupted, the same command goes on.

    \b
    Example: autosnn-hw front runs/digits-loihi2-1 --max-energy 10uJ
             autosnn-hw front runs/digits-loihi2-1 --deploy SRB_k3,skip,skip,skip,skip --out deployed
    """
    if (deploy is None) != (out is None):
        raise InputError(
            "--deploy ARCH and --out DIR go together: the point, and the new folder that it is delivered in."
        )
    if deploy is not None:
        document = _deployed(run, target, deploy, out, asked, quiet or as_json)
    else:
        document = _answer(run, target, **asked)
        if (note := _profile_note(run, target or asked["targets"])) is not None:
            document["notes"] = [note]
            click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
        return
    from autosnn_hw.report.elements import show
    from autosnn_hw.report.search_tables import deployed_text, front_table

    show(front_table(document) if deploy is None else deployed_text(document))


def _deployed(run, target, deploy, out, asked, quiet):
    """deployed.json of one point, made now."""
    from autosnn_hw import pipeline
    from autosnn_hw.words.progress import progress

    choosing = [name for name, value in asked.items() if name != "top" and value is not None]
    if choosing:
        name = {"lam": "lambda"}.get(choosing[0], choosing[0].replace("_", "-"))
        raise InputError(f"--{name} chooses among points, --deploy names one; first ask without --deploy, then deploy.")
    with progress(quiet) as reporter:
        return pipeline.deploy(run, deploy, out, target, reporter)


def _answer(run, target, targets, objective, lam, max_energy, max_latency, max_cores, top, min_accuracy):
    """Ranking, front and choice on one target, or choices and matrix on several."""
    from autosnn_hw.config import read_config
    from autosnn_hw.run_folder import RunFolder
    from autosnn_hw.search.database.stored_accuracy import read_accuracies
    from autosnn_hw.search.front import answer, matrix, rule_for
    from autosnn_hw.search.ranking.fitness import Constraints

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
    asked_for = next(text for text in (targets, target, config.target) if text is not None)
    names = [name.strip() for name in asked_for.split(",")]
    if not all(names):
        raise InputError(
            f"--targets {targets!r} names no target; give names or files with commas between, as loihi2,loihi1."
        )
    known = {name: _records(run, name, config.target) for name in names}
    asked["known"] = read_accuracies(**RunFolder(run).study())
    asked["final"] = final = _final_costs(run, known.get(config.target), asked["known"])
    answers = {
        name: {"target": name, **answer(records, **asked, elsewhere=name != config.target)}
        for name, records in known.items()
    }
    if targets is None:
        return answers[names[0]]
    by_genotype = {
        name: {record.genotype: final.of(record, elsewhere=name != config.target)[0] for record in records}
        for name, records in known.items()
    }
    for name, priced in by_genotype.items():
        for found in answers.values():
            architecture = found["chosen"]["architecture"]
            if architecture not in priced:  # a walk of a crossbar's space prices only what can be best there
                from autosnn_hw.stages.judging.repricing import priced_alone

                alone = priced_alone(run, name, architecture)
                priced[architecture] = final.of(alone, elsewhere=name != config.target)[0]
    return {"targets": list(answers.values()), "matrix": matrix(answers, by_genotype, asked["objective"])}


def _final_costs(run, records, known):
    """What the networks that the run made say of costs with final weights (`FinalCosts`)."""
    from autosnn_hw.run_folder import RunFolder
    from autosnn_hw.search.database.study import read_records
    from autosnn_hw.search.ranking.final_accuracy import MEASURED
    from autosnn_hw.search.ranking.final_cost import final_costs
    from autosnn_hw.stages.final_training.made_records import made_records

    folder = RunFolder(run)
    made = made_records(folder, {genotype for genotype, estimate in known.items() if estimate.source == MEASURED})
    return final_costs(read_records(**folder.study()) if records is None else records, made)


def _profile_note(run, target):
    """A sentence where the run's target is a file whose constants are others now: what was judged keeps the costs of then."""
    import hw_profiles
    from autosnn_hw.config import read_config
    from autosnn_hw.run_folder import MANIFEST, RunFolder, read_json
    from autosnn_hw.words.quantities import at

    folder = RunFolder(run)
    own = read_config(Path(run) / "config.toml").target
    if not folder.has(MANIFEST) or own not in (target or own).split(","):
        return None
    try:
        now = hw_profiles.load(own).sha256
    except InputError:  # the file is gone, or damaged: nothing was asked of it
        return None
    then = at(read_json(folder / MANIFEST), "target", "sha256")
    if then is None or then == now:
        return None
    return (
        f"the profile {own} is another now than when {run} was searched; costs are those of then. `autosnn-hw search --target {shlex.quote(own)} "
        f"--supernet {shlex.quote(str(run))}` searches with the new one."
    )


def _records(run, target, own):
    """The run's candidates on a target: as they were judged, or priced anew."""
    from autosnn_hw.run_folder import RunFolder
    from autosnn_hw.search.database.study import read_records

    if target == own:
        return read_records(**RunFolder(run).study())
    from autosnn_hw.stages.judging.repricing import priced_on

    return priced_on(run, target)
