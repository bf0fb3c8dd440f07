"""Options and printing that several verbs share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

target = click.option(
    "--target", default="loihi2", show_default=True, metavar="NAME|FILE.toml", help="Profile of the chip."
)
dataset = click.option(
    "--dataset",
    default="digits",
    show_default=True,
    metavar="NAME|npz:PATH",
    help="digits, cifar10, or npz:PATH (npz:TRAIN,TEST).",
)
data_dir = click.option("--data-dir", type=click.Path(), default=None, help="Folder of the dataset's files.")
download = click.option("--download", is_flag=True, help="Download the dataset where it is missing.")
seed = click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
precision = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default=None,
    help="Of the convolutions in training; bfloat16 needs a processor that has it, and pays on large images only. [default: float32]",
)
quiet = click.option("--quiet", is_flag=True, help="Print results only, no progress.")


def combine(*decorators: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """One decorator out of several options, shown in the order given."""

    def apply(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


data = combine(dataset, data_dir, download)


def print_json(document: Any) -> None:
    """Write one JSON document to stdout; numbers stay numbers, unknown is null, NaN is refused."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))
