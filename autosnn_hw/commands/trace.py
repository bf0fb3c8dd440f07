"""`autosnn-hw trace FILE`: golden vectors for hardware or RTL of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands.arguments import network_file, options
from autosnn_hw.errors import InputError
from autosnn_hw.words.quantities import numbered


def _print_schema(context, parameter, asked):
    if asked:
        from autosnn_hw.verbs import trace_schema

        options.print_json(trace_schema())
        context.exit()


@click.command("trace")
@click.argument("file", type=click.Path())
@network_file.options
@options.data
@options.split
@click.option("--samples", type=click.IntRange(min=1), default=4, show_default=True, help="Only the first so many.")
@click.option("--backend", type=options.Word(["exact", "lava"]), default="exact", show_default=True)
@options.timesteps
@options.graded
@click.option(
    "--out", type=click.Path(), default=None, metavar="FILE.npz", help="[default: beside FILE, with .trace.npz]"
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON schema of the document beside the file, and leave.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@options.as_json
def command(
    file,
    input_shape,
    layers,
    dataset,
    data_dir,
    download,
    split,
    samples,
    backend,
    timesteps,
    graded,
    out,
    force,
    as_json,
):
    """Write what FILE (.net) does on a few samples: inputs, and spikes, u and v of every neuron in every step, as npz.

    The JSON document beside it says what each array is. `compare A.npz B.npz` finds the first value in which two such files differ,
    and exits with code 4 where they do.

    \b
    Example: autosnn-hw trace net.net --dataset npz:frames.npz --samples 2
    """
    from autosnn_hw.verbs import trace

    written = Path(out) if out else Path(file).parent / f"{Path(file).stem}.trace.npz"
    if written.suffix != ".npz":
        raise InputError(f"{written} does not end in .npz; a trace is an npz file.")
    for path in (written, written.with_suffix(".json")):
        if path.exists() and not force:
            raise InputError(f"{path} is there already; give another --out or --force.")
    document = trace(
        file,
        dataset,
        out=written,
        split=split,
        samples=samples,
        backend=backend,
        timesteps=timesteps,
        graded=graded,
        data_dir=data_dir,
        download=download,
        input_shape=input_shape,
        layers=layers,
    )
    for note in document["notes"]:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
    else:
        neurons = sum(_neurons(layer["shape"]) for layer in document["layers"])
        click.echo(
            f"{written}: {len(document['layers'])} layers, {neurons} neurons, {numbered(document['samples'], 'sample')} of {numbered(document['timesteps'], 'step')}; "
            f"what the arrays are: {written.with_suffix('.json')}"
        )


def _neurons(shape):
    count = 1
    for side in shape:
        count *= side
    return count
