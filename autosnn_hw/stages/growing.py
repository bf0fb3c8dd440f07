"""What a run that is gone on with may have more of: what follows from it for its other choices, and what changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.search.walking.walk import WALK
from autosnn_hw.stages.searching import settings


def grown(kept: SearchConfig, more: Mapping[str, Any], run: str) -> tuple[dict[str, Any], list[str]]:
    """(changes of the run's choices, notes on what was asked for and changes nothing).

    A budget counts the random architectures of the mean cost, at most a third of it. They stay those that the run began with, or
    every fitness of it would be another.

    Args:
        kept: of the run, its strategy resolved.
        more: larger values by choice.
        run: its folder, for messages.

    Raises:
        InputError: a value that is smaller than the run's own.
    """
    for name, value in more.items():
        present = getattr(kept, name)
        if present is not None and value < present:
            raise InputError(f"--{name} {value}: {run} has {present} already; {present} or more is needed.")
    changes, notes = dict(more), []
    for name in ("budget", "generations"):
        if name not in more or more[name] == getattr(kept, name):
            continue
        if kept.strategy == WALK:
            notes.append(f"--{name} {changes.pop(name)} changes nothing: {run} walks its whole space.")
        elif name == "generations" and (budget := changes.get("budget", kept.budget)) is not None:
            notes.append(
                f"--generations {changes.pop(name)} changes nothing: its budget, {budget}, says how many are judged."
            )
    budget, asked = changes.get("budget"), settings(kept)
    if budget is None or budget == kept.budget:
        return changes, notes
    least = max(asked.total, 3 * asked.references)
    if budget < least:
        raise InputError(
            f"--budget {budget}: {run} judges {asked.total} already, {asked.references} of them random ones for the mean cost, "
            f"which are at most a third; {least} or more is needed."
        )
    return changes | {"mean_cost_samples": asked.references}, notes
