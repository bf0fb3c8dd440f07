"""Cores of columns (Loihi): a layer is cut into blocks of columns, one a core, on a mesh. A kind of `autosnn_hw.cost.mapping`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autosnn_hw.activity import Activity
from autosnn_hw.cost.columns.changes import SHAPED, shape_changes
from autosnn_hw.cost.columns.column_blocks import place_columns
from autosnn_hw.cost.columns.events import column_events
from autosnn_hw.cost.events import Events
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost_report import LimitUse, Violation
from autosnn_hw.network import ChipNetwork, DenseLayer
from autosnn_hw.network.connectivity import volume
from hw_profiles.schema import Profile

ALONE: tuple[str, ...] = ()  # limits for which nothing but `changes` would help


def place(network: ChipNetwork, profile: Profile) -> Placement:
    """See `columns.blocks`."""
    return place_columns(network, profile)


def uses(network: ChipNetwork, profile: Profile, placement: Placement) -> dict[str, list[LimitUse]]:
    """None: what a block takes of its core stands in the placement."""
    return {}


def events(
    network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile, *, per_core: bool = True
) -> Events:
    """See `columns.events`; the loads of cores cost nothing beside the rest, so they are always there."""
    return column_events(network, activity, placement, profile)


def bound(network: ChipNetwork, activity: Activity, profile: Profile) -> tuple[Placement, Events] | None:
    """The placement and its events themselves: here placing is cheap."""
    placement = place(network, profile)
    return None if placement.cores_used is None else (placement, events(network, activity, placement, profile))


def breakdown(network: ChipNetwork, activity: Activity, placement: Placement) -> dict[str, Any]:
    """Nothing is set apart."""
    return {}


def notes(network: ChipNetwork, placement: Placement, profile: Profile) -> list[str]:
    """Layers that had to be cut otherwise than by columns, and limits that are not known."""
    found = []
    cut = [
        layer.name
        for layer, place_ in zip(network.layers, placement.layers)
        if place_.edges is not None
        and not isinstance(layer, DenseLayer)
        and (place_.block[0], place_.block[1]) != volume(layer.shape)[:2]
    ]
    if cut:
        found.append(
            f"Layers {', '.join(cut)} are cut along channels or rows as well: that part of the rule is unverified."
        )
    unknown = [name for name in ("input_axons", "output_axons", "fan_in") if getattr(profile.limits, name) is None]
    if unknown:
        found.append(f"The profile states no limit for {', '.join(unknown)}; they are not checked.")
    return found


def changes(
    network: ChipNetwork,
    profile: Profile,
    violation: Violation,
    cores_used: Callable[[ChipNetwork], int | None],
    solved: Callable[[ChipNetwork | None], bool],
) -> Iterator[tuple[str, ChipNetwork]]:
    """Other sizes of the layer, where sizes can meet the limit."""
    if violation.resource in SHAPED:
        yield from shape_changes(network, [layer.name for layer in network.layers].index(violation.layer), solved)
