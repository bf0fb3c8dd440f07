"""`autosnn-hw import FILE -o NET`: a network of another framework as a NetX file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from autosnn_hw.commands import options
from autosnn_hw.errors import InputError


@click.command("import")
@click.argument("source", metavar="FILE.nir", type=click.Path())
@click.option("-o", "--out", type=click.Path(), required=True, metavar="NET", help="The .net file to write.")
@click.option(
    "--dt",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Time step in the file's unit, which NIR does not say. [default: where the constants give it away, as snnTorch's and SpikingJelly's]",
)
@click.option(
    "--reset",
    type=click.Choice(["hard", "subtract"]),
    default=None,
    help="How neurons reset, which NIR does not say; a chip's are set to 0 (hard).",
)
@click.option(
    "--fires-at-threshold",
    is_flag=True,
    help="The framework fires at v >= threshold (sinabs, SpikingJelly), not above it (norse, snnTorch).",
)
@click.option("--explain", is_flag=True, help="Show layer by layer what was read, assumed and rounded.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@options.as_json
def command(source, out, dt, reset, fires_at_threshold, explain, force, as_json):
    """Turn a network in the Neuromorphic Intermediate Representation into a NetX file that every other verb reads.

    \b
    norse       autosnn-hw import net.nir -o net.net --dt 1e-3 --reset hard
    snnTorch    autosnn-hw import net.nir -o net.net --reset hard
    sinabs      autosnn-hw import net.nir -o net.net --dt 1 --reset hard --fires-at-threshold
    """
    from autosnn_hw.deploy.from_nir import from_nir, read_back
    from autosnn_hw.run_and_price import sha256
    from exporters import netx

    written = Path(out)
    if written.exists() and not force:
        raise InputError(f"{written} is there already; give another --out or --force.")
    own = read_back(source, dt, reset, fires_at_threshold)
    network = own or from_nir(source, dt=dt, reset=reset, fires_at_threshold=fires_at_threshold)
    netx.write(network, written)
    about: dict[str, Any] = {"format": "nir", "read_back": True, "layers": []} if own else network.provenance["import"]
    notes = list(network.provenance.get("notes", []))
    document = {
        "source": str(source),
        "file": str(written),
        "sha256": sha256(written),
        "bytes": written.stat().st_size,
        **about,
        "notes": notes,
    }
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
        return
    if own:
        click.echo(f"{written}: {len(network.layers) - 1} layers, the network that {source} was written from")
        return
    if explain:
        for layer in about["layers"]:
            click.echo("\n".join(_explained(layer)))
    click.echo(
        f"{written}: {len(about['layers'])} layers, dt {about['dt']:g} ({about['dt_is']}), reset {about['reset']}, fires {about['fires']}"
    )


def _explained(layer: Mapping[str, Any]) -> Iterator[str]:
    through = f" through {', '.join(layer['through'])}" if layer["through"] else ""
    yield f"{layer['layer']} ({layer['kind']}) {'x'.join(map(str, layer['shape']))}, from {', '.join(layer['from'])}{through}"
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
