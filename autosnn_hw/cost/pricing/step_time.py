"""Time of one step: the barrier and the busiest core."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosnn_hw.cost.events import CoreEvents
from autosnn_hw.cost_report import ZERO, Interval
from hw_profiles.constants import BarrierPoint, TimeConstant
from hw_profiles.schema import Profile

BOUNDS = ("value", "low", "high")


@dataclass(frozen=True, eq=False)
class StepTime:
    """Time of a step in s.

    Args:
        cores: float64 (3, cores): busy time of each core at value, low and high.
        busiest: index of the busiest core at value; None without cores.
        assumed_share: part of the step that comes from constants of kind estimated, 0..1.
    """

    step: Interval
    barrier: Interval
    cores: np.ndarray
    busiest: int | None
    assumed_share: float


def step_time(events: CoreEvents, cores_used: int, chips: int, profile: Profile) -> StepTime:
    """time per step = barrier + busiest core; never less than the profile's tick."""
    synapses = _synaptic(events, profile)
    neurons = _neuronal(events, profile)
    sides = np.stack([_sum(side, len(events.neurons)) for side in (synapses, neurons)])
    busy = sides.sum(axis=0) if profile.time.combine == "sum" else sides.max(axis=0)
    span = cores_used if chips <= 1 else chips * profile.limits.cores_per_chip.value
    barrier = barrier_time(max(1, span), profile.time.barrier)
    worst = busy.max(axis=1, initial=0.0)
    tick = profile.time.tick.interval if profile.time.tick else ZERO
    low_to_high = [max(getattr(tick, b), getattr(barrier, b) + float(worst[i])) for i, b in enumerate(BOUNDS)]
    step = Interval(*low_to_high)
    busiest = int(busy[0].argmax()) if busy.shape[1] else None
    return StepTime(step, barrier, busy, busiest, _assumed(step, barrier, span, synapses, neurons, busiest, profile))


def barrier_time(cores: int, points: tuple[BarrierPoint, ...]) -> Interval:
    """Linear in log(cores) between the profile's points, that of the nearest point outside them; 0 without points."""
    if not points:
        return ZERO
    if cores <= points[0].cores:
        return points[0].interval
    for lower, upper in zip(points, points[1:]):
        if cores <= upper.cores:
            part = math.log(cores / lower.cores) / math.log(upper.cores / lower.cores)
            return lower.interval * (1.0 - part) + upper.interval * part
    return points[-1].interval


Part = tuple[TimeConstant, np.ndarray]


def _synaptic(events: CoreEvents, profile: Profile) -> list[Part]:
    time = profile.time
    dense = time.synop_dense or time.synop
    parts = [
        (time.synop, np.where(events.dense, 0.0, events.synops)),
        (dense, np.where(events.dense, events.synops, 0.0)),
        (time.message_in, events.messages_in),
    ]
    return [(constant, count) for constant, count in parts if constant is not None]


def _neuronal(events: CoreEvents, profile: Profile) -> list[Part]:
    time = profile.time
    parts = [
        (time.neuron_update, events.neurons if events.passes is None else events.passes),
        (time.neuron_active, events.neuron_active),
        (time.spike, events.spikes_out),
        (time.message_out, events.messages_out),
    ]
    return [(constant, count) for constant, count in parts if constant is not None]


def _sum(parts: list[Part], cores: int) -> np.ndarray:
    total = np.zeros((3, cores))
    for constant, count in parts:
        total += np.array([getattr(constant.interval, bound) for bound in BOUNDS])[:, None] * count
    return total


def _assumed(
    step: Interval,
    barrier: Interval,
    span: int,
    synapses: list[Part],
    neurons: list[Part],
    busiest: int | None,
    profile: Profile,
) -> float:
    if step.value <= 0.0:
        return 0.0
    tick = profile.time.tick
    if tick is not None and step.value <= tick.interval.value:
        return 1.0 if tick.kind == "estimated" else 0.0
    points = [p for p in profile.time.barrier if p.kind == "estimated"]
    share = barrier.value if points and span >= points[0].cores else 0.0
    if busiest is not None:
        sides = [[(c.kind, c.interval.value * float(n[busiest])) for c, n in side] for side in (synapses, neurons)]
        if profile.time.combine == "max":
            sides = [max(sides, key=lambda side: sum(t for _, t in side))]
        share += sum(t for side in sides for kind, t in side if kind == "estimated")
    return min(1.0, share / step.value)
