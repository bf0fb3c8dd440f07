"""`autosnn-hw train ARCH`: train one architecture, quantise it with the integers in the loop, write its chip network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autosnn_hw.commands.arguments import one_network, options
from autosnn_hw.errors import InputError

if TYPE_CHECKING:
    from autosnn_hw.architecture import Architecture

SPACE = "Macro-architecture: SNN_1, SNN_2, SNN_3, SNN_4, or a file that says slots, their blocks, pools and sizes, as in search."


@click.command("train", cls=options.GroupedCommand)
@click.argument("architecture", metavar="ARCH")
@options.choices("target", "dataset", "data_dir", "download", "graded")
@options.choice("space", words={"space": SPACE}, shown="the name's own, or SNN_1")
@click.option("--pools", hidden=True)  # of a search; a refusal says how a network's are written
@options.choices("width", "timesteps", "learning_rate", "batch", words=one_network.WORDS)
@options.choice("retrain_epochs", name="epochs", words=one_network.WORDS)
@options.choices("finetune_epochs", "loss", "distillation", "weight_decay", "augment", words=one_network.WORDS)
@options.choice("averaged_epochs", words=one_network.WORDS, shown="a quarter of the epochs on images, none on frames")
@options.choices("rate_decay", "spike_regularisation", "precision", "device", "seed", words=one_network.WORDS)
@click.option(
    "--out",
    type=click.Path(),
    metavar="DIR",
    help="Folder for the network and its document, both named after the architecture (.net, .json): a new one, or that in which "
    "the same command was interrupted, to go on. [required]",
)
@options.as_json
@options.quiet
def command(architecture, space, pools, out, as_json, quiet, **chosen):
    """Train ARCH and write its chip network.

    ARCH is one block a slot, such as SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5, one block for every slot (all_SRB_k3), or a network of the
    AutoSNN paper by name: AutoSNN, AutoSNN_lambda_0.16, SNN_3_SRB_k3, Fang2021_CIFAR, Zheng2021_ResNet19, Wu2019b_CIFARNet, .. (a
    name that is none lists them all). Behind an @ stand sizes of its own, pools behind other slots among them: AutoSNN@C8P1.2T4.

    \b
    Example: autosnn-hw train SRB_k3,skip,SCB_k3,skip,skip --epochs 10 --out one
    """
    from autosnn_hw import pipeline
    from autosnn_hw.architecture.macro_architectures import UNLOWERED
    from autosnn_hw.stages import chosen_network
    from autosnn_hw.words.progress import progress

    if pools is not None:
        written = chosen_network.with_pools(architecture, pools.partition(",")[0])
        raise InputError(f"--pools is of search alone; of one network they are written behind ARCH: {written}.")
    choices = {name: value for name, value in chosen.items() if value is not None}
    if out is None:
        if architecture not in UNLOWERED:
            chosen_network.chosen(
                architecture, space, choices
            )  # a name that is none is answered with those that there are
        raise click.UsageError("Missing option '--out'.")
    if architecture in UNLOWERED:
        if space is not None:
            raise InputError(f"{architecture} has a macro-architecture of its own, and not {space}; leave --space out.")
        config = pipeline.config_for(choices)
        with progress(quiet or as_json) as reporter:
            result = pipeline.train_as_floats(architecture, config, out, reporter)
        if as_json:
            options.print_json(result)
        else:
            click.echo(
                f"{architecture}: test accuracy as floats {result['accuracy']['float']:.4f}, {result['float_spikes']:.0f} spikes a sample; "
                f"no chip network: {result['not_lowered']}"
            )
        return
    parsed, config = chosen_network.chosen(architecture, space, choices)
    with progress(quiet or as_json) as reporter:
        result = pipeline.train(parsed, config, out, reporter, architecture)
    if as_json:
        options.print_json(result)
    else:
        accuracy = result["accuracy"]
        click.echo(
            f"{result['file']}: {_called(architecture, parsed)}, test accuracy float {accuracy['float']:.4f}, as the chip runs it "
            f"{accuracy['exact_test']:.4f}"
        )


def _called(text: str, parsed: Architecture) -> str:
    """What was asked for, with its macro-architecture, and with its blocks where the text is a name."""
    blocks = "" if text.strip() == str(parsed) else f" = {parsed}"
    return f"{text.strip()}{blocks} in {parsed.space}"
