"""The target of a network file: the one that is asked for, else the one that the file names (`verbs.profile_for`)."""

from __future__ import annotations

import click

option = click.option(
    "--target",
    default=None,
    metavar="NAME|FILE.toml",
    help="Profile of the chip. [default: the one that the file names, else loihi2]",
)
