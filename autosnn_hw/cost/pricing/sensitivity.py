"""What each constant of a profile contributes to the interval of the energy: it alone at its low and at its high."""

from __future__ import annotations

from autosnn_hw.cost.events import CoreEvents
from autosnn_hw.cost.pricing.energy import DynamicEnergy
from autosnn_hw.cost.pricing.step_time import step_time
from autosnn_hw.cost_report import Influence, Interval
from hw_profiles.constants import Constant
from hw_profiles.schema import Profile, Times

STATIC, TIME, BARRIER = "power.static_chip", "time.", "time.barrier."


def influences(
    dynamic: DynamicEnergy,
    static: Interval,
    events: CoreEvents,
    cores: int,
    chips: int,
    timesteps: int,
    profile: Profile,
) -> tuple[Influence, ...]:
    """The constants that move the total energy, the widest first; all others of the profile leave it as it is.

    Energies and static power are factors of their counts; a time moves the step, and with it the static energy, only as far as
    the busiest core and the barrier let it (`step_time`).

    Args:
        dynamic, static: energies of one inference. cores, chips: in use. timesteps: of one inference.
    """
    whole, found = dynamic.total.value + static.value, []
    for name, constant in profile.constants.items():
        if name in dynamic.constants:
            moved = dynamic.constants[name]
        elif name == STATIC:
            moved = constant.interval * (static.value / constant.interval.value) if constant.interval.value else static
        elif name.startswith(TIME):
            alone = profile.model_copy(update={"time": _alone(profile.time, name)})
            step = step_time(events, cores, chips, alone).step
            moved = step * (profile.power.static_chip.interval.value * chips * timesteps)
        else:
            continue
        energy = Interval(whole, whole + moved.low - moved.value, whole + moved.high - moved.value)
        if energy.high > energy.low:
            found.append(Influence(name, constant, energy))
    return tuple(sorted(found, key=lambda one: (one.energy.low - one.energy.high, one.name)))


def _alone(times: Times, name: str) -> Times:
    """The times with every interval closed but that of one constant."""
    changed: dict[str, object] = {
        key: value if f"{TIME}{key}" == name else _closed(value) for key, value in times if isinstance(value, Constant)
    }
    changed["barrier"] = tuple(
        point if f"{BARRIER}{index}" == name else _closed(point) for index, point in enumerate(times.barrier)
    )
    return times.model_copy(update=changed)


def _closed(constant: Constant) -> Constant:
    known = {field: getattr(constant, field) for field in type(constant).model_fields}
    return type(constant).model_construct(**known | {"low": constant.value, "high": constant.value})
