"""Data sets, looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autosnn_hw.default_target import DEFAULT_TARGET
from autosnn_hw.errors import InputError


def data(
    name: str,
    target: str = DEFAULT_TARGET,
    *,
    data_dir: str | Path | None = None,
    download: bool = False,
    graded: bool = False,
    estimate: bool = True,
    described: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """What a data set holds and what would spoil a search of it: `autosnn-hw data`.

    Args:
        name: as --dataset takes it.
        target: of the search that is estimated.
        graded: the search would take event frames as counts, as its --graded does.
        estimate: also train a few batches, and say under "search" what a search with the options as they are by default would take here.
        described: called once with the document before that, whose "search" has no times yet (no training, expected), whether there will
            be any or not.

    Returns:
        the keys of `autosnn_hw.training.data.data_check.examine`; "search": {target, graded, stages, networks, timesteps, training (of the
        super-network: seconds_per_batch, batches, seconds, peak_bytes), expected (seconds, and of them supernet, candidates, networks)} or
        None: without `estimate`, and of data that a search would refuse.

    Raises:
        InputError: unknown name, missing or damaged file, arrays of the wrong shape or type.

    Examples:
        >>> from autosnn_hw.verbs import data
        >>> found = data("digits", estimate=False)
        >>> found["sample"], found["classes"], found["samples"]["test"]
        ([1, 8, 8], 10, 360)
    """
    from autosnn_hw import pipeline

    if not isinstance(name, str):
        raise InputError(f"a data set has a name, or npz:PATH; {type(name).__name__} was given.")
    return pipeline.examined(name, target, data_dir, download, graded, estimate, described)
