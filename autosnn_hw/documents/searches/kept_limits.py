"""Limits of a search that its winner keeps on the samples it was chosen by and passes on the test samples, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.words.quantities import at, count, number, quantity

# By limit: its value in the summary's winner, and its unit.
LIMITED = {
    "max_energy": (("energy", "total", "value"), "J"),
    "max_latency": (("latency", "value"), "s"),
    "max_cores": (("cores",), ""),
}


def passed_limits_sentence(summary: Mapping[str, Any]) -> str | None:
    """What the winner takes on the test samples where that passes a limit of the search; None where all are kept, or none is known."""
    passed = []
    for name, (place, unit) in LIMITED.items():
        limit, taken = number(at(summary, "limits", name)), number(at(summary, "winner", *place))
        if limit is not None and taken is not None and taken > limit:
            said = [quantity(value, unit) if unit else count(value) for value in (taken, limit)]
            passed.append(f"{said[0]} where --{name.replace('_', '-')} is {said[1]}")
    if not passed:
        return None
    return (
        f"On the test samples the winner takes {' and '.join(passed)}: it was chosen by the validation samples, on which it keeps the "
        "limit; a limit that has to hold for others needs room."
    )
