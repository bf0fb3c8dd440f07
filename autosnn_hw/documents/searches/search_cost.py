"""What the search itself cost, and what other seeds of its networks say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.documents.accuracy import differ
from autosnn_hw.words.quantities import at, digits, duration, number, percent


def cost_sentence(summary: Mapping[str, Any]) -> str | None:
    """Time, images and energy of the search (`wall_time`, `cost_of_search`), or None where a summary does not say it."""
    cost, wall = summary.get("cost_of_search") or {}, number(summary.get("wall_time"))
    images, passes = number(cost, "images"), number(cost, "block_passes")
    if wall is None or images is None or passes is None:
        return None
    cpu, kwh, watts = number(cost, "cpu_seconds"), number(cost, "kwh"), number(cost, "core_watts")
    processor = "" if cpu is None else f" ({duration(cpu)} of processor time)"
    if kwh is None or watts is None:
        energy = f"; its energy is {cost.get('how') or 'unknown'}"
    else:
        low, high = (1e3 * (number(cost, name) or kwh) for name in ("kwh_low", "kwh_high"))
        within = "" if low == high else f", {digits(low)} to {digits(high)}"
        energy = f"; about {digits(1e3 * kwh)} Wh (estimate{within}: {cost.get('how')})"
    return (
        f"The search took {duration(wall)}{processor} and put {_millions(images)} images through networks, {_millions(passes)} through single "
        f"blocks{energy}."
    )


def seeds_sentence(summary: Mapping[str, Any]) -> str | None:
    """Mean accuracies over seeds of winner and baselines (`seeds` of each), or None where there was one seed."""
    own = at(summary, "winner", "seeds")
    if not isinstance(own, Mapping):
        return None
    others = []
    for baseline in summary.get("baselines") or ():
        spread = baseline.get("seeds")
        if isinstance(spread, Mapping):
            noise = "" if differ(own, spread) else ", no difference beyond that noise"
            others.append(f"{baseline['name']} {_spread(spread)}{noise}")
    beside = f"; {'; '.join(others)}" if others else ""
    return f"Over {len(own['accuracies'])} seeds of the final training, of one super-network (mean, 95 % of it): winner {_spread(own)}{beside}."


def _spread(spread: Mapping[str, Any]) -> str:
    return f"{percent(spread['mean'])} ({100 * spread['low']:.1f} to {100 * spread['high']:.1f})"


def _millions(count: float) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count:,.0f}"
