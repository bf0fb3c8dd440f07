"""`autosnn-hw import FILE|MODULE:NAME -o NET`: a network of another framework as a NetX file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from autosnn_hw.commands.arguments import options
from autosnn_hw.commands.arguments.network_file import Shape
from autosnn_hw.errors import InputError


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
    default=0,
    show_default=True,
    help="Train on for so many epochs with the integers in the loop, on the dataset's training samples.",
)
@options.seed
@click.option(
    "--samples", type=click.IntRange(min=1), default=100, show_default=True, help="Of the dataset's test split."
)
@click.option("--explain", is_flag=True, help="Show layer by layer what was read, assumed and rounded.")
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
    imported, which runs its code; NAME is the trained module, or a function that gives it.

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
    from autosnn_hw.importing import Finetune, import_network
    from autosnn_hw.importing.import_data import load_data
    from autosnn_hw.run_and_price import sha256
    from autosnn_hw.words.progress import progress
    from exporters import netx

    written = Path(out)
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    with progress(quiet or as_json) as reporter:
        found = import_network(
            source,
            None if dataset is None else load_data(dataset, samples, data_dir, pixel_max),
            dt=dt,
            reset=reset,
            fires_at_threshold=fires_at_threshold,
            exponential=decay == "exponential",
            input_shape=input_shape,
            timesteps=timesteps,
            finetune=Finetune(finetune_epochs, seed, reporter),
        )
    netx.write(found.network, written)
    notes = list(found.network.provenance.get("notes", []))
    document = {
        "source": str(source),
        "file": str(written),
        "sha256": sha256(written),
        "bytes": written.stat().st_size,
        **found.about,
        "calibration": found.calibration,
        "finetuning": found.finetuning,
        "comparison": found.comparison,
        "notes": notes,
    }
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
        return
    if explain:
        for layer in found.about["layers"]:
            click.echo("\n".join(_explained(layer)))
    for line in (*_calibrated(found.calibration), *_tuned(found.finetuning), *_compared(found.comparison)):
        click.echo(line)
    click.echo(f"{written}: {_summary(found.about, len(found.network.layers) - 1, source)}")


def _summary(about: Mapping[str, Any], layers: int, source: str) -> str:
    if about.get("read_back"):
        return f"{layers} layers, the network that {source} was written from"
    return f"{layers} layers, dt {about['dt']:g} ({about['dt_is']}), reset {about['reset']}, fires {about['fires']}"


def _explained(layer: Mapping[str, Any]) -> Iterator[str]:
    through = f" through {', '.join(layer['through'])}" if layer["through"] else ""
    yield f"{layer['layer']} ({layer['kind']}) {'x'.join(map(str, layer['shape']))}, from {', '.join(layer['from'])}{through}"
    if layer["read"]:
        yield f"  read      {_values(layer['read'])}"
    yield f"  a step    {_values(layer['a_step'])}"
    yield f"  integers  {_values(layer['integers'])}, scale {layer['scale']:.6g}"
    changes = {name: change for name, change in layer["changed_by_rounding"].items() if change > 1e-6}
    exact = "weights are exact" if layer["weights_exact"] else "nearest even weights"
    yield f"  rounding  {exact}" + "".join(f"; {name} {change:.2g}" for name, change in changes.items())


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items() if value is not None)


def _value(value: float | list[float]) -> str:
    return f"{value[0]:.6g}..{value[1]:.6g}" if isinstance(value, list) else f"{value:.6g}"


def _calibrated(shares: Mapping[str, float] | None) -> Iterator[str]:
    cut = {name: share for name, share in (shares or {}).items() if share < 1}
    if cut:
        named = ", ".join(f"{name} {share:.0%}" for name, share in cut.items())
        yield f"scales chosen on data: the largest weight that is told apart, of the largest there is: {named}"


def _tuned(tuned: Mapping[str, Any] | None) -> Iterator[str]:
    if tuned is not None:
        accuracies = tuned["validation_accuracies"]
        yield (
            f"fine-tuned for {tuned['epochs']} epochs: {100 * accuracies[0]:.1f} % of the validation samples right as rounded, "
            f"{100 * accuracies[tuned['best_epoch']]:.1f} % after epoch {tuned['best_epoch']}, which is kept"
        )


def _compared(comparison: Mapping[str, Any] | None) -> Iterator[str]:
    """The framework beside the integers, in lines."""
    if comparison is None:
        return
    accuracy = {
        name: "unknown" if value is None else f"{100 * value:.1f} %" for name, value in comparison["accuracy"].items()
    }
    by = comparison["float_by"]
    floats = "" if by is None else f"{'in ' if by == 'its framework' else 'by '}{by} {accuracy['float']}, "
    rounded = f"rounded {accuracy['rounded']}, fine-tuned " if "rounded" in accuracy else ""
    yield f"accuracy on {comparison['samples']} samples: {floats}{rounded}as integers {accuracy['integer']}, in Lava {accuracy['lava']}"
    if comparison["lava_mismatches"] is not None:
        yield f"Lava differs from the integers in {comparison['lava_mismatches']} spikes"
    there = "in the framework" if by == "its framework" else "in floats"
    for layer in comparison["layers"]:
        yield (
            f"  {layer['layer']}: {layer['spikes_float']} spikes {there}, {layer['spikes_integer']} as integers; "
            f"{layer['differ']} of {layer['of']} neuron-steps differ"
        )
    first = comparison["first_difference"]
    if first is not None:
        yield (
            f"  first: layer {first['layer']!r}, sample {first['sample']}, step {first['step']}, neuron {tuple(first['neuron'])}: "
            f"{first['float']} {there}, {first['integer']} as integers"
        )
