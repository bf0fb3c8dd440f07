"""`autosnn-hw export RUN|FILE`: write a network as NetX, ONNX, NIR or TrueNorth cores."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands.arguments import network_file, options
from autosnn_hw.errors import InputError
from autosnn_hw.verbs import FORMATS


@click.command("export")
@click.argument("source", metavar="RUN|FILE", type=click.Path())
@click.option(
    "--format",
    "form",
    type=options.Word(list(FORMATS)),
    default=None,
    help="[default: by the ending of --out, netx without --out]",
)
@click.option("--target", default=None, metavar="NAME|FILE.toml", help="Refuse what this chip cannot hold.")
@click.option(
    "--architecture",
    default=None,
    metavar="ARCH",
    help="Of RUN: another point than its winner, delivered in the new folder --out as the winner was, as front --deploy does it: "
    "trained on, in every format, run in Lava; interrupted, the same command goes on.",
)
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    help=f"File to write, ending in {', '.join(FORMATS.values())}. [default: beside the source, with the format's ending]",
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
@options.quiet
def command(source, form, target, architecture, out, as_json, quiet, **of_a_file):
    """Write the winner of RUN, or the network in FILE (.net), in another format: that of --format, or of the ending of --out.

    \b
    Example: autosnn-hw export runs/digits-loihi2-1 --format onnx
             autosnn-hw export net.net --out net.nir
             autosnn-hw export runs/digits-loihi2-1 --architecture SRB_k3,skip,skip,skip,skip --out deployed
    """
    if architecture is None:
        document = _written(source, form, target, out, **of_a_file)
    else:
        _refuse_of_a_file(out, {"format": form, **of_a_file})
        document = _deployed(source, architecture, out, target, quiet or as_json)
    if as_json:
        options.print_json(document)
    elif architecture is None:
        click.echo(f"{document['file']}: {document['bytes']} bytes, sha256 {document['sha256']}")
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.search_tables import deployed_text

        show(deployed_text(document))


def _written(source, form, target, out, input_shape, layers, dt, fires_at_threshold, force):
    """One file of a network that is there, and what it is."""
    from autosnn_hw.run_and_price import sha256
    from autosnn_hw.verbs import read, write
    from autosnn_hw.verbs.files import form_for

    form = form_for(Path(out), form) if out else form or "netx"
    file = Path(source)
    file = file / "winner.net" if file.is_dir() else file
    network = read(file, input_shape=input_shape, layers=layers)
    written = Path(out) if out else file.with_name(file.stem + FORMATS[form])
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    write(network, written, form=form, target=target, dt=dt, fires_at_threshold=fires_at_threshold)
    return {
        "format": form,
        "source": str(file),
        "file": str(written),
        "sha256": sha256(written),
        "bytes": written.stat().st_size,
    }


def _refuse_of_a_file(out, given):
    """Refuse beside --architecture what is of one file.

    Raises:
        InputError: with the option.
    """
    names = [name.replace("_", "-") for name, value in given.items() if value not in (None, False)]
    if names:
        raise InputError(
            f"--{names[0]} is of one file; --architecture delivers a folder with every format: leave it out."
        )
    if out is None:
        raise InputError("--architecture ARCH needs --out DIR, the new folder that the point is delivered in.")


def _deployed(run, architecture, out, target, quiet):
    """deployed.json of one point, made now."""
    from autosnn_hw import pipeline
    from autosnn_hw.words.progress import progress

    with progress(quiet) as reporter:
        return pipeline.deploy(run, architecture, out, target, reporter)
