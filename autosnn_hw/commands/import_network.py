"""`autosnn-hw import FILE|MODULE:NAME -o NET`: a network of another framework as a NetX file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autosnn_hw.commands.arguments import options, own_target
from autosnn_hw.commands.arguments.network_file import Shape
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.importing.imported import SAMPLES, Finetune, ImportChoices

if TYPE_CHECKING:
    from autosnn_hw.importing.import_data import ImportData
    from autosnn_hw.network import ChipNetwork
    from hw_profiles import Profile


@click.command("import")
@click.argument("source", metavar="FILE.nir|MODULE:NAME")
@click.option("-o", "--out", type=click.Path(), required=True, metavar="NET", help="The .net file to write.")
@click.option(
    "--dt",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Of NIR: time step in the file's unit, which NIR does not say. [default: where the constants give it away, as snnTorch's and SpikingJelly's]",
)
@click.option(
    "--reset",
    type=options.Word(["hard", "subtract"]),
    default=None,
    help="How neurons reset, which NIR does not say and a module does; a chip's are set to 0 (hard).",
)
@click.option(
    "--fires-at-threshold",
    is_flag=True,
    help="Of NIR: the framework fires at v >= threshold (sinabs, SpikingJelly), not above it (norse, snnTorch).",
)
@click.option(
    "--decay",
    type=options.Word(["euler", "exponential"]),
    default="euler",
    show_default=True,
    help="Of NIR: what neurons keep in a step, 1 - dt / tau, or exp(-dt / tau) as sinabs does.",
)
@click.option(
    "--input-shape",
    type=Shape(),
    default=None,
    metavar="C,H,W",
    help="Of a module: shape of one frame, or number of inputs. [default: that of the dataset's frames]",
)
@click.option("--timesteps", type=click.IntRange(min=1), default=None, help="Steps a sample, written into the file.")
@click.option(
    "--dataset",
    default=None,
    metavar="npz:PATH",
    help="Spike frames (N, T, ..) with labels or without: choose scales on them, run them in floats, as integers and in Lava, and say where they differ.",
)
@own_target.option
@options.data_dir
@click.option(
    "--pixel-max",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Of images: what the network was trained on is a pixel over this. [default: 255 for bytes (16 for digits), 1 for floats]",
)
@click.option(
    "--finetune-epochs",
    type=click.IntRange(min=0),
    default=Finetune.epochs,
    show_default=True,
    help="Train on for so many epochs with the integers in the loop, on the dataset's training samples.",
)
@options.seed
@click.option(
    "--samples", type=click.IntRange(min=1), default=SAMPLES, show_default=True, help="Of the dataset's test split."
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show layer by layer what was read, assumed and rounded; of a NIR file that is refused, its nodes.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@options.quiet
@options.as_json
def command(
    source,
    out,
    dt,
    reset,
    fires_at_threshold,
    decay,
    input_shape,
    timesteps,
    dataset,
    target,
    data_dir,
    pixel_max,
    finetune_epochs,
    seed,
    samples,
    explain,
    force,
    quiet,
    as_json,
):
    """Turn a network of another framework into a NetX file that every other verb reads.

    A NIR file, or a torch module with neurons of snnTorch, norse or SpikingJelly, or of lava-dl's slayer blocks. MODULE:NAME is
    imported, which runs its code; NAME is the trained module, or a function that gives it. Whether the network fits the target is said
    at once, and with --dataset what an inference costs there.

    \b
    norse         autosnn-hw import my_net.py:net -o net.net --input-shape 2,34,34 --explain
    snnTorch      autosnn-hw import package.nets:trained -o net.net --dataset npz:frames.npz
    SpikingJelly  autosnn-hw import my_net.py:net -o net.net --input-shape 784
    lava-dl       autosnn-hw import my_slayer.py:net -o net.net --input-shape 2,34,34
    \b
    images held as a current, and training on with the chip's integers
    snnTorch      autosnn-hw import nets.py:net -o net.net --dataset mnist --input-shape 784 --timesteps 25
    norse         autosnn-hw import my_net.py:net -o net.net --dataset npz:frames.npz --finetune-epochs 5
    \b
    NIR from
    norse         autosnn-hw import net.nir -o net.net --dt 1e-3 --reset hard
    snnTorch      autosnn-hw import net.nir -o net.net --reset hard
    SpikingJelly  autosnn-hw import net.nir -o net.net --reset hard --fires-at-threshold
    sinabs        autosnn-hw import net.nir -o net.net --dt 1 --reset hard --fires-at-threshold --decay exponential
    autosnn-hw    autosnn-hw import net.nir -o net.net
    """
    from autosnn_hw.importing import import_network
    from autosnn_hw.importing.import_data import load_data
    from autosnn_hw.importing.refused import nodes_of_refused
    from autosnn_hw.report.import_text import import_lines, node_lines
    from autosnn_hw.run_and_price import sha256
    from autosnn_hw.verbs import load_profile
    from autosnn_hw.words.progress import progress
    from exporters import netx

    written = Path(out)
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    profile = None if target is None else load_profile(target)
    data = None if dataset is None else load_data(dataset, samples, data_dir, pixel_max)
    try:
        with progress(quiet or as_json) as reporter:
            found = import_network(
                source,
                data,
                ImportChoices(timesteps, Finetune(finetune_epochs, seed, reporter)),
                dt=dt,
                reset=reset,
                fires_at_threshold=fires_at_threshold,
                exponential=decay == "exponential",
                input_shape=input_shape,
            )
    except InputError:
        if explain and not as_json:
            for line in node_lines(nodes_of_refused(source)):
                click.echo(line)
        raise
    there = _on_target(found.network, profile, data, source)
    netx.write(found.network, written)
    notes = [*found.network.provenance.get("notes", []), *found.notes]
    document = {
        "source": str(source),
        "file": str(written),
        "sha256": sha256(written),
        "bytes": written.stat().st_size,
        **found.about,
        "calibration": found.calibration,
        "finetuning": found.finetuning,
        "comparison": found.comparison,
        **there,
        "notes": notes,
    }
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
        return
    for line in import_lines(document, len(found.network.layers) - 1, explain=explain):
        click.echo(line)


def _on_target(
    network: ChipNetwork, profile: Profile | None, data: ImportData | None, source: str
) -> dict[str, Mapping[str, Any] | None]:
    """What `check` says of the network on the target, and `simulate` of its energy and latency, both None without samples.

    All are None where the network names a target that is not known here: a note says so, and the network is written all the same.
    """
    from autosnn_hw.documents.fit import fit_document
    from autosnn_hw.verbs import check, profile_for, simulate

    try:
        profile = profile_for(network, profile, source)
    except InputError as unknown:
        click.echo(f"note: {unknown}", err=True)
        return dict.fromkeys(("fit", "energy", "latency"))
    document: Mapping[str, Any] = {}
    if data is not None:
        with suppress(DoesNotFitError):  # a layer has no place, so that there is nothing to price: the fit says which
            document = simulate(network, data.samples, data.labels, target=profile).document
    return {
        "fit": fit_document(check(network, profile, remedies=False)),
        "energy": document.get("energy"),
        "latency": document.get("latency"),
    }
