"""The target of a network file: the one that is asked for, else the one that the file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autosnn_hw.errors import InputError

if TYPE_CHECKING:
    from autosnn_hw.network import ChipNetwork
    from hw_profiles import Profile

DEFAULT = "loihi2"
option = click.option(
    "--target",
    default=None,
    metavar="NAME|FILE.toml",
    help=f"Profile of the chip. [default: the one that the file names, else {DEFAULT}]",
)


def profile_of(asked: str | None, network: ChipNetwork, file: str) -> Profile:
    """The profile of the target asked for, of the one that `network` was made for, or of Loihi 2 where it names none.

    Raises:
        InputError: no such target. What a file names is taken as a name alone: a path in it is not read.
    """
    from hw_profiles import load, names

    if asked is not None:
        return load(asked)
    named = network.target or DEFAULT
    if named not in names():
        raise InputError(
            f"{file} was made for the target {named!r}, which is not among {', '.join(names())}; give --target NAME, or the path of its profile."
        )
    return load(named)
