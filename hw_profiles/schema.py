"""Schema of a chip profile: limits, energies, times and powers, each with unit, source and how well it is known.

A profile is data. What it means is written in docs/profiles.md; the equations that use it are in `autosnn_hw.cost`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from hw_profiles.constants import (
    BarrierPoint,
    Constant,
    EnergyConstant,
    PowerConstant,
    Table,
    Text,
    TimeConstant,
)
from hw_profiles.core_rules import Limits, Memory, Mesh, Neuron, PlacementRule, Weights


class Device(Table):
    """A board of the chip's family."""

    name: Text
    chips: int = Field(ge=1, le=10**6)
    source: Text


class Energies(Table):
    """Energy per event; an event without a constant is not charged."""

    synop: EnergyConstant
    synop_dense: EnergyConstant | None = Field(None, description="in dense layers, in place of synop")
    neuron_update: EnergyConstant | None = Field(None, description="every neuron, every step")
    neuron_active: EnergyConstant | None = Field(
        None, description="on top, for neurons with input, bias or v in the step"
    )
    spike: EnergyConstant | None = None
    message: EnergyConstant | None = Field(None, description="one spike to one core that must hear of it")
    hop_x: EnergyConstant | None = None
    hop_y: EnergyConstant | None = None
    chip_link: EnergyConstant | None = Field(None, description="one message over one border between chips")
    host_mac: EnergyConstant | None = Field(
        None, description="one multiply-accumulate of the host's stem; never in total"
    )


class Times(Table):
    """Busy time of a core per event. combine: sum of the parts, or the larger of synapses and neurons (pipelined)."""

    combine: Literal["sum", "max"] = "sum"
    synop: TimeConstant | None = None
    synop_dense: TimeConstant | None = None
    neuron_update: TimeConstant | None = None
    neuron_active: TimeConstant | None = None
    spike: TimeConstant | None = None
    message_in: TimeConstant | None = None
    message_out: TimeConstant | None = None
    barrier: tuple[BarrierPoint, ...] = ()
    tick: TimeConstant | None = Field(None, description="fixed length of a step; a step is never shorter")
    image_value: TimeConstant | None = Field(None, description="writing one input value of an image; never in latency")

    @field_validator("barrier")
    @classmethod
    def _ascending(cls, points: tuple[BarrierPoint, ...]) -> tuple[BarrierPoint, ...]:
        cores = [point.cores for point in points]
        if cores != sorted(set(cores)):
            raise ValueError(f"cores are {cores}; strictly ascending values are needed")
        return points

    @model_validator(mode="after")
    def _step(self) -> Times:
        if not self.barrier and self.tick is None:
            raise ValueError("a step has no length: barrier points or a tick are needed")
        return self


class Powers(Table):
    """Static power of a chip, and of a core in use as the tools attribute it. A search minimises the energy with static
    power charged as `fitness` says; energy.total always takes whole chips."""

    static_chip: PowerConstant
    static_core: PowerConstant | None = None
    fitness: Literal["chips", "used_cores"] = "chips"


class Profile(Table):
    """A target. `extends` of the TOML is resolved by the loader and does not stand here."""

    name: Text
    title: Text
    family: Text
    description: Text
    boundary: Text
    not_counted: tuple[Text, ...] = Field(min_length=1)
    device: Text = Field(description="the device of the family that this target is")
    devices: tuple[Device, ...] = Field(min_length=1)
    limits: Limits
    memory: Memory = Memory()
    weights: Weights
    neuron: Neuron
    placement: PlacementRule
    mesh: Mesh
    energy: Energies
    time: Times
    power: Powers
    provenance: dict[str, Any] = Field(
        default_factory=dict, description="of a calibrated profile: data, residuals, date"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Profile:
        if self.device not in [device.name for device in self.devices]:
            raise ValueError(f"device is {self.device!r}; allowed: {', '.join(d.name for d in self.devices)}")
        room = self.mesh.columns * self.mesh.rows * self.mesh.cores_per_tile
        if room < self.limits.cores_per_chip.value:
            raise ValueError(f"mesh has room for {room} cores; {self.limits.cores_per_chip.value} are needed")
        if self.power.fitness == "used_cores" and self.power.static_core is None:
            raise ValueError('power.fitness is "used_cores"; power.static_core is needed for that')
        return self

    @cached_property
    def sha256(self) -> str:
        """Hash of the resolved profile, overlays included."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def chips(self) -> int:
        """Chips of the device."""
        return next(device.chips for device in self.devices if device.name == self.device)

    @property
    def cores(self) -> int:
        """Cores of the device."""
        return self.chips * self.limits.cores_per_chip.value

    @property
    def searches_groups(self) -> bool:
        """Whether a search chooses the groups of each block, too: axons of a crossbar core are few."""
        return self.placement.kind == "crossbar"

    @property
    def writes_cores(self) -> bool:
        """Whether a network is also written out core by core (winner.cores.json)."""
        return self.placement.kind == "crossbar"

    @property
    def learns_slowly(self) -> bool:
        """Whether its networks (ternary weights, memoryless neurons) are trained longer and set against Loihi 2."""
        return self.weights.format == "crossbar"

    @property
    def measured_on_a_board(self) -> bool:
        """Whether the board backend can measure its networks."""
        return self.placement.kind == "columns"

    @property
    def smallest_first(self) -> tuple[Device, ...]:
        """Devices of the family by number of chips."""
        return tuple(sorted(self.devices, key=lambda device: (device.chips, device.name)))

    @cached_property
    def constants(self) -> dict[str, Constant]:
        """Every constant by its dotted name, barrier points as time.barrier.<i>."""
        found: dict[str, Constant] = {}
        for section in ("energy", "time", "power"):
            for key, value in getattr(self, section):
                if isinstance(value, Constant):
                    found[f"{section}.{key}"] = value
        found.update({f"time.barrier.{i}": point for i, point in enumerate(self.time.barrier)})
        return found

    def summary(self) -> dict[str, Any]:
        """One line of a list of targets, JSON-able."""
        kinds = [constant.kind for constant in self.constants.values()]
        counts = {kind: kinds.count(kind) for kind in ("measured", "published", "estimated")}
        size = {"chips": self.chips, "cores": self.cores}
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            "device": self.device,
            **size,
            "constants": counts,
        }

    def document(self) -> dict[str, Any]:
        """Everything that the profile says, JSON-able: constants in the units of its file, each with its source."""
        limits = {f"limits.{key}": limit for key, limit in self.limits if limit is not None}
        formats = {f"memory.{key}.words": form.words for key, form in self.memory if form is not None}
        rules = {key: getattr(self, key).model_dump(mode="json") for key in ("weights", "neuron", "placement", "mesh")}
        return {
            **self.summary(),
            "sha256": self.sha256,
            "description": self.description,
            "boundary": self.boundary,
            "not_counted": list(self.not_counted),
            "constants": [{"name": key, **c.model_dump(mode="json")} for key, c in self.constants.items()],
            "limits": [{"name": key, **limit.model_dump(mode="json")} for key, limit in {**limits, **formats}.items()],
            "rules": rules,
            "devices": [device.model_dump(mode="json") for device in self.smallest_first],
            "provenance": self.provenance,
        }
