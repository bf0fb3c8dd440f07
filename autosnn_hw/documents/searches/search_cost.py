"""What the search itself cost, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.words.quantities import digits, duration, number


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


def _millions(count: float) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count:,.0f}"
