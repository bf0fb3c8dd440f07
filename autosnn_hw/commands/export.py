"""`autosnn-hw export RUN|FILE`: write a network as NetX, ONNX or TrueNorth cores."""

from __future__ import annotations

from pathlib import Path

import click

from autosnn_hw.commands import network_file, options
from autosnn_hw.errors import DoesNotFitError, InputError

FORMATS = ("netx", "onnx", "onnx-step", "cores")
SUFFIX = {"netx": ".net", "onnx": ".onnx", "onnx-step": ".step.onnx", "cores": ".cores.json"}


@click.command("export")
@click.argument("source", metavar="RUN|FILE", type=click.Path())
@click.option("--format", "form", type=click.Choice(FORMATS), default="netx", show_default=True)
@click.option("--target", default=None, metavar="NAME|FILE.toml", help="Refuse what this chip cannot hold.")
@click.option(
    "--out",
    type=click.Path(),
    default=None,
    help="File to write [default: beside the source, with the format's ending].",
)
@network_file.options
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@options.as_json
def command(source, form, target, out, input_shape, layers, force, as_json):
    """Write the winner of RUN, or the network in FILE (.net), in another format."""
    from autosnn_hw.run_and_price import sha256
    from exporters import netx

    file = Path(source)
    file = file / "winner.net" if file.is_dir() else file
    network = netx.read(file, input_shape=input_shape, num_layers=layers)
    written = Path(out) if out else file.with_name(file.stem + SUFFIX[form])
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    if target is not None:
        from autosnn_hw.cost import check
        from hw_profiles import load

        report = check(network, load(target))
        if not report.fits:
            first = report.violations[0]
            raise DoesNotFitError(
                f"{file} does not fit {report.target}: layer {first.layer!r} needs {first.needed:g} of {first.resource}, the limit is {first.limit:g}; nothing was written."
            )
    if form == "netx":
        netx.write(network, written)
    elif form == "cores":
        _write_cores(network, target, written)
    else:
        from exporters import onnx

        onnx.write(network, written, form="scan" if form == "onnx" else "step")
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


def _write_cores(network, target, written):
    from autosnn_hw.cost.cores import core_network
    from exporters import cores
    from hw_profiles import load

    cores.write(core_network(network, load(target or "truenorth")), written)
