"""`autosnn-hw search`: the main job, from data to a network file, its certificate and a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from autosnn_hw.commands.arguments import options
from autosnn_hw.errors import InputError


@click.command("search", cls=options.GroupedCommand)
@options.choices()
@click.option(
    "--config",
    "config_file",
    type=click.Path(),
    default=None,
    metavar="FILE",
    help="Choices from a config.toml; options given here win.",
)
@click.option(
    "--resume",
    type=click.Path(),
    default=None,
    metavar="RUN",
    help="Go on with an interrupted run, or with more --epochs (of the super-network, from its checkpoint), --finalists, --generations, "
    "--budget or --seeds.",
)
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    metavar="DIR",
    help="Run folder; must not exist. [default: runs/DATASET-TARGET-N]",
)
@options.as_json
@options.quiet
def command(config_file, resume, out, as_json, quiet, **chosen):
    """Search a spiking network for a target, export it, run it in Lava, and report.

    Without options: scikit-learn's digits for Loihi 2, in a few minutes on two cores. --target truenorth trains memoryless
    neurons, ternary weights and grouped blocks for 1.6 times as many epochs, writes winner.cores.json, too, and says what that
    costs in accuracy against Loihi 2.

    Started by torchrun, all processes train the super-network, each with its part of every batch; the first goes on with the
    search (docs/cluster.md).

    \b
    Example: autosnn-hw search
             autosnn-hw search --dataset npz:mine.npz --target loihi1 --max-energy 20uJ
             autosnn-hw search --resume runs/digits-loihi2-1 --finalists 12
             torchrun --nproc-per-node 2 -m autosnn_hw search --dataset cifar10 --device cuda
    """
    from autosnn_hw import pipeline
    from autosnn_hw.architecture.own_space import resolved
    from autosnn_hw.config import read_config
    from autosnn_hw.torchrun import place
    from autosnn_hw.words.progress import progress

    here = place()
    if here is not None and here.follows:
        return pipeline.follow(here)
    with pipeline.led(here) as meeting:
        changes = {name: value for name, value in chosen.items() if value is not None}
        if resume is not None:
            _require_growing(changes, config_file or out)
            with progress(quiet or as_json) as reporter:
                summary = pipeline.resume(resume, reporter, meeting, **changes)
        else:
            if config_file:
                config = read_config(config_file).with_changes(**resolved(changes))
            else:
                config = pipeline.config_for(changes)
            with progress(quiet or as_json) as reporter:
                summary = pipeline.search(config, out, reporter, meeting)
    if as_json:
        options.print_json(summary)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.search_tables import verdict_text

        show(verdict_text(summary))
    return 0


def _require_growing(changes: Mapping[str, Any], other: str | None) -> None:
    """Refuse options beside --resume that a run has already.

    Raises:
        InputError: with those that may grow or change.
    """
    from autosnn_hw.pipeline import ELSEWHERE, GROWING

    if changes.keys() <= {*GROWING, *ELSEWHERE} and not other:
        return
    growing, elsewhere = (", ".join(f"--{name.replace('_', '-')}" for name in names) for names in (GROWING, ELSEWHERE))
    raise InputError(
        f"--resume goes on with the run's own choices, of which only {growing} may "
        f"grow and {elsewhere} may be others; give no other option with it, or start "
        "a new run with --config."
    )
