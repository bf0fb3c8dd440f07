"""A data set looked at before anything is trained, and what a search of it would take here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hw_profiles
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages.manifest import Prepared, largest_payload, prepare
from autosnn_hw.stages.time_and_cost.search_estimate import network_sizes, search_time
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import examine


def examined(
    config: SearchConfig, estimate: bool, described: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """The document of `autosnn-hw data`. Why a search would refuse the data is one of its findings.

    Args:
        config: the search that would be made.
        estimate: batches are timed for the time of a search.
        described: is given the document before that, which may take minutes: with what will be on the chip, without times.

    Raises:
        InputError: unknown name or target, missing or damaged data.
    """
    document, prepared = _described(config)
    sizes = None if prepared is None else {"target": config.target, "graded": config.graded, **network_sizes(prepared)}
    if described is not None:
        described(document | {"search": sizes})
    if prepared is None or sizes is None or not estimate:
        return document | {"search": None}
    return document | {"search": sizes | search_time(config, prepared)}


def _described(config: SearchConfig) -> tuple[dict[str, Any], Prepared | None]:
    """What the data hold, and what a search would begin with; None where it would refuse them."""
    if lacking := datasets.lacking(config.dataset):  # they can be simulated, and described
        return examine(datasets.load(config.dataset, labelled=False), lacking), None
    payload = largest_payload(hw_profiles.load(config.target))
    try:
        prepared = prepare(config)
    except InputError as refusal:
        # Refuses in its turn what cannot be loaded.
        data = datasets.load(config.dataset, data_dir=config.data_dir, download=config.download)
        found = examine(data, payload=payload)
        others = [finding for finding in found["findings"] if finding not in str(refusal)]
        return found | {"findings": [f"a search would refuse them: {refusal}", *others]}, None
    return examine(prepared.data, payload=payload), prepared
