"""The target of a network file: the one that is asked for, else the one that the file names (`verbs.profile_for`)."""

from __future__ import annotations

import click

from autosnn_hw.default_target import DEFAULT_TARGET

option = click.option(
    "--target",
    default=None,
    metavar="NAME|FILE.toml",
    help=f"Profile of the chip. [default: the one that the file names, else {DEFAULT_TARGET}]",
)
