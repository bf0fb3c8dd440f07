"""How a kind of chip maps a network onto its cores: the one door to the mappings, and the one place that reads which kind it is.

A mapping is a module with the functions of `Mapping`; docs/cost-model.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from autosnn_hw.activity import Activity
from autosnn_hw.cost.events import Events
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost_report import LimitUse, Violation
from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork
from hw_profiles.schema import Profile

KINDS = {"columns": "autosnn_hw.cost.columns", "crossbar": "autosnn_hw.cost.crossbar"}  # imported when asked for


class Mapping(Protocol):
    """What a mapping answers. Nothing here raises for a network that does not fit."""

    ALONE: tuple[str, ...]
    """Resources whose violation nothing but `changes` can remove."""

    def place(self, network: ChipNetwork, profile: Profile) -> Placement:
        """Cores of every layer; a layer that fits nowhere has `broken` set and cores None, and so have the sums."""

    def uses(self, network: ChipNetwork, profile: Profile, placement: Placement) -> dict[str, list[LimitUse]]:
        """Uses of the limits that only this mapping has, by layer; "network" for those of the whole."""

    def events(
        self, network: ChipNetwork, activity: Activity, placement: Placement, profile: Profile, *, per_core: bool = True
    ) -> Events:
        """Events of one inference; every layer must have a place. `per_core=False`: the loads of cores may be left out.

        Raises:
            InputError: the activity is not one of this network.
        """

    def bound(self, network: ChipNetwork, activity: Activity, profile: Profile) -> tuple[Placement, Events] | None:
        """Numbers of cores and events that no placement is below, without placing where that is dear; None where a layer fits on no core.

        Raises:
            InputError: the activity is not one of this network.
        """

    def breakdown(self, network: ChipNetwork, activity: Activity, placement: Placement) -> dict[str, Any]:
        """Estimates that only this mapping can give, JSON-able, for `CostReport.estimates`."""

    def notes(self, network: ChipNetwork, placement: Placement, profile: Profile) -> list[str]:
        """Sentences for a reader of `check`."""

    def changes(
        self,
        network: ChipNetwork,
        profile: Profile,
        violation: Violation,
        cores_used: Callable[[ChipNetwork], int | None],
        solved: Callable[[ChipNetwork | None], bool],
    ) -> Iterator[tuple[str, ChipNetwork]]:
        """Changed networks that may remove a violation, nearest first, each with its sentence.

        Args:
            cores_used: places a network. solved: whether one has the violation no more and none that is new.
        """


def mapping_of(profile: Profile) -> Mapping:
    """The mapping of a target's kind of cores."""
    return _imported(KINDS[profile.placement.kind])


@cache  # finding a module that is loaded takes a fifteenth of a price
def _imported(module: str) -> Mapping:
    return cast(Mapping, import_module(module))


@kept_with(key=lambda profile: profile.sha256)
def place(network: ChipNetwork, profile: Profile) -> Placement:
    """Place a network on a target; kept for as long as the network object lives. Never raises for a net that does not fit.

    Returns:
        the placement; a layer that fits nowhere has `broken` set and cores None, and so have the sums.
    """
    return mapping_of(profile).place(network, profile)
