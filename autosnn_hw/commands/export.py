"""`autosnn-hw export RUN|FILE`: write a network as NetX, ONNX, NIR or TrueNorth cores."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands.arguments import network_file, options
from autosnn_hw.errors import InputError
from autosnn_hw.verbs import FORMATS


@click.command("export")
@click.argument("source", metavar="RUN|FILE", type=click.Path())
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="netx", show_default=True)
@click.option("--target", default=None, metavar="NAME|FILE.toml", help="Refuse what this chip cannot hold.")
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    help="File to write [default: beside the source, with the format's ending].",
)
@network_file.options
@click.option(
    "--dt",
    type=options.FiniteRange(min=0, min_open=True),
    default=None,
    help="Of nir: what a step lasts, in seconds or steps. [default: 1e-4, as snnTorch and SpikingJelly have it]",
)
@click.option(
    "--fires-at-threshold", is_flag=True, help="Of nir: for readers that fire at v >= threshold (SpikingJelly, sinabs)."
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@options.as_json
def command(source, form, target, out, input_shape, layers, dt, fires_at_threshold, force, as_json):
    """Write the winner of RUN, or the network in FILE (.net), in another format.

    \b
    Example: autosnn-hw export runs/digits-loihi2-1 --format onnx
             autosnn-hw export net.net --format nir --out net.nir
    """
    from autosnn_hw.run_and_price import sha256
    from autosnn_hw.verbs import read, write

    file = Path(source)
    file = file / "winner.net" if file.is_dir() else file
    network = read(file, input_shape=input_shape, layers=layers)
    written = Path(out) if out else file.with_name(file.stem + FORMATS[form])
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    write(network, written, form=form, target=target, dt=dt, fires_at_threshold=fires_at_threshold)
    document = {
        "format": form,
        "source": str(file),
        "file": str(written),
        "sha256": sha256(written),
        "bytes": written.stat().st_size,
    }
    if as_json:
        options.print_json(document)
    else:
        click.echo(f"{written}: {document['bytes']} bytes, sha256 {document['sha256']}")
