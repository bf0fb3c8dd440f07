"""The numbers of a profile: constants with unit, interval and source, and limits."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from autosnn_hw.cost_report import Interval

WIDEST = 3.0  # high / low that needs no explanation (definitions of the cost model)

Kind = Literal["measured", "published", "estimated"]
Text = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A TOML table: unknown keys are refused, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Constant(Table):
    """A number of the chip with its interval. `value`, `low` and `high` are in `unit`; `interval` is in SI units."""

    units: ClassVar[dict[str, float]] = {}
    largest: ClassVar[float] = 0.0
    si: ClassVar[str] = ""

    value: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    unit: Text
    source: Text
    kind: Kind
    note: str = Field("", description="why the interval is wider than a factor 3, where it is; any other remark")

    @model_validator(mode="after")
    def _plausible(self) -> Constant:
        if self.unit not in self.units:
            raise ValueError(f"unit is {self.unit!r}; allowed: {', '.join(self.units)}")
        largest = self.largest / self.units[self.unit]
        if self.high > largest:
            raise ValueError(f"high is {self.high:g} {self.unit}; allowed: 0 to {largest:g} {self.unit}")
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"value {self.value:g} is outside its interval; low {self.low:g} <= value <= high {self.high:g} is needed"
            )
        if self.high > WIDEST * self.low * (1 + 1e-9) and not self.note:
            raise ValueError(
                f"high {self.high:g} is more than {WIDEST:g} times low {self.low:g}; say why in `note`, or narrow it"
            )
        return self

    @cached_property
    def interval(self) -> Interval:
        """The constant in SI units."""
        factor = self.units[self.unit]
        return Interval(self.value * factor, self.low * factor, self.high * factor)


class EnergyConstant(Constant):
    """Energy of one event, at most 1 uJ."""

    units: ClassVar[dict[str, float]] = {"fJ": 1e-15, "pJ": 1e-12, "nJ": 1e-9, "uJ": 1e-6, "J": 1.0}
    largest: ClassVar[float] = 1e-6
    si: ClassVar[str] = "J"


class TimeConstant(Constant):
    """Time of one event, at most 1 s."""

    units: ClassVar[dict[str, float]] = {"ps": 1e-12, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    largest: ClassVar[float] = 1.0
    si: ClassVar[str] = "s"


class PowerConstant(Constant):
    """Power, at most 1 kW."""

    units: ClassVar[dict[str, float]] = {"nW": 1e-9, "uW": 1e-6, "mW": 1e-3, "W": 1.0}
    largest: ClassVar[float] = 1e3
    si: ClassVar[str] = "W"


class BarrierPoint(TimeConstant):
    """Time to synchronise `cores` cores (whole chips where more than one is used); between points the time is linear in
    log(cores), outside it is that of the nearest point."""

    cores: int = Field(ge=1)


class Limit(Table):
    """The largest value that the chip holds. `verified`: seen on silicon or in a vendor's compiler, not only read."""

    value: int = Field(ge=1, le=10**12)
    unit: Text
    source: Text
    verified: bool
