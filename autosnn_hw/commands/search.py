"""`autosnn-hw search`: the main job, from data to a network file, its certificate and a report."""

from __future__ import annotations

import click

from autosnn_hw.commands import options
from autosnn_hw.errors import InputError

# Option name -> field of SearchConfig, where they differ.
FIELDS = {"lambda_": "lam", "image_space": "space"}


def _number(name: str, kind: click.ParamType, text: str, default: str = ""):
    shown = f"{text} [default: {default}]" if default else text
    return click.option(name, type=kind, default=None, help=shown)


count = click.IntRange(min=1)
positive = click.FloatRange(min=0, min_open=True)


@click.command("search")
@click.option("--target", default=None, metavar="NAME|FILE.toml", help="Profile of the chip. [default: loihi2]")
@click.option(
    "--dataset",
    default=None,
    metavar="NAME|npz:PATH",
    help="digits, cifar10, or npz:PATH (npz:TRAIN,TEST). [default: digits]",
)
@options.data_dir
@click.option("--download", is_flag=True, default=None, help="Download the dataset where it is missing.")
@click.option(
    "--objective",
    type=click.Choice(["energy", "dynamic", "edp", "latency", "spikes", "synops"]),
    default=None,
    help="Cost in the fitness. [default: energy]",
)
@click.option(
    "--lambda",
    "lambda_",
    type=click.FloatRange(max=0),
    default=None,
    help="Exponent of cost / mean cost; 0 or negative. [default: -0.08]",
)
@click.option(
    "--strategy",
    type=click.Choice(["auto", "walk", "evolution", "random"]),
    default=None,
    help="walk judges the whole space; auto walks where that is no dearer than --budget or, without one, than twice the training "
    "of the super-network, else evolution. [default: auto]",
)
@_number("--budget", count, "Candidates in all, the mean-cost sample included.")
@_number("--generations", count, "Generations of the evolution.", "6")
@_number("--pool", count, "Candidates a generation.", "20")
@_number("--mean-cost-samples", click.IntRange(min=0), "Random architectures that give the mean cost.", "50")
@_number("--measure", click.IntRange(min=0), "Candidates a generation that are measured.", "2")
@_number("--samples", count, "Samples of each measurement.", "16")
@click.option(
    "--backend",
    type=click.Choice(["lava", "board"]),
    default=None,
    help="Where candidates are measured: in Lava's simulator or on a Loihi 2 board. [default: lava]",
)
@_number("--evaluate", count, "Validation samples a candidate is judged on.", "all")
@click.option(
    "--space",
    "image_space",
    type=click.Choice(["SNN_1", "SNN_2", "SNN_3"]),
    default=None,
    help="Macro-architecture. [default: SNN_1]",
)
@click.option(
    "--grouped/--no-grouped",
    default=None,
    help="Search the groups of each block's convolutions, too. [default: yes for crossbar targets such as truenorth]",
)
@click.option(
    "--groupings",
    type=click.Choice(["all", "fewest"]),
    default=None,
    help="Of a grouped block every number of groups that suits the target, or the fewest only: easier to learn, but fewer "
    "architectures fit. [default: all]",
)
@_number("--width", count, "Base width C.", "8 for digits, 16 otherwise")
@_number("--timesteps", count, "Steps a sample.", "4 for digits, 8 otherwise")
@_number("--epochs", count, "Epochs of the super-network.", "15 for digits, 60 otherwise")
@_number(
    "--learning-rate", positive, "Of the super-network and the networks (Adam).", "0.01 for digits, 0.001 otherwise"
)
@_number("--batch", count, "Images an update of the super-network.", "32 for digits, 96 otherwise")
@click.option(
    "--sampling",
    type=click.Choice(["fair", "single"]),
    default=None,
    help="Paths of the super-network: strict fairness or the paper's uniform single path. [default: fair]",
)
@click.option(
    "--sharing",
    type=click.Choice(["entangled", "separate"]),
    default=None,
    help="Blocks of a slot share their convolutions, or each has its own as in the paper. [default: entangled]",
)
@_number(
    "--warm-up", click.IntRange(min=0), "Epochs, of --epochs, of one path alone.", "a quarter; 0 with --sampling single"
)
@_number("--retrain-epochs", count, "Epochs of the winner and the baselines.", "20 for digits, 60 otherwise")
@_number(
    "--finetune-epochs",
    click.IntRange(min=0),
    "Epochs with the integer forward in the loop.",
    "5 for digits, 8 otherwise",
)
@click.option(
    "--baselines/--no-baselines",
    default=None,
    help="Train the four baselines, too (and for a crossbar the winner as Loihi 2 runs it). [default: yes]",
)
@_number("--max-energy", positive, "Hard constraint, J an inference.")
@_number("--max-latency", positive, "Hard constraint, s.")
@_number("--max-cores", count, "Hard constraint.")
@_number("--workers", click.IntRange(min=0), "Processes; 0 is one a core, at most 4. No number depends on it.", "0")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default=None, help="For training. [default: cpu]")
@options.precision
@click.option(
    "--supernet", type=click.Path(), default=None, metavar="RUN", help="Start from the trained super-network of a run."
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(),
    default=None,
    metavar="FILE",
    help="Choices from a config.toml; options given here win.",
)
@click.option("--resume", type=click.Path(), default=None, metavar="RUN", help="Go on with an interrupted run.")
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    metavar="DIR",
    help="Run folder; must not exist. [default: runs/DATASET-TARGET-N]",
)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Seed of everything random. [default: 0]")
@options.as_json
@options.quiet
def command(config_file, resume, out, as_json, quiet, **chosen):
    """Search a spiking network for a target, export it, run it in Lava, and report.

    Without options: scikit-learn's digits for Loihi 2, in a few minutes on two cores. --target truenorth trains memoryless
    neurons, ternary weights and grouped blocks for 1.6 times as many epochs, writes winner.cores.json, too, and says what that
    costs in accuracy against Loihi 2.
    """
    from autosnn_hw import pipeline
    from autosnn_hw.config import from_mapping, read_config
    from autosnn_hw.progress import progress

    changes = {FIELDS.get(name, name): value for name, value in chosen.items() if value is not None}
    if resume is not None:
        if changes or config_file or out:
            raise InputError(
                "--resume goes on with the run's own choices; give no other option with it, or start a new run with --config."
            )
        with progress(quiet or as_json) as reporter:
            summary = pipeline.resume(resume, reporter)
    else:
        base = read_config(config_file) if config_file else None
        if base is None:
            sizes = pipeline.sizes_for(changes.get("dataset", "digits"), changes.get("target", "loihi2"))
            config = from_mapping(sizes | changes, "command line")
        else:
            config = base.with_changes(**changes)
        with progress(quiet or as_json) as reporter:
            summary = pipeline.search(config, out, reporter)
    if as_json:
        options.print_json(summary)
    else:
        from autosnn_hw.report.tables import print_verdict

        print_verdict(summary)
