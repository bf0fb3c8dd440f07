"""The winner's accuracy from the search to the chip, step by step, each of its images and with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.words.quantities import at, number

# (step, key under winner.accuracy, images, key of their number in summary.json)
STEPS = (
    ("integers, weights of the super-network", "supernet", "validation", "validation_samples"),
    ("integers, as delivered", "validation", "held-out validation", "held_out_samples"),
    ("float view of the delivered weights", "float", "test", "test_samples"),
    ("integers, as delivered", "exact_test", "test", "test_samples"),
    ("the same in Lava", "lava", "test", None),
)


def accuracy_chain(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"step", "images", "samples", "value", "low", "high"}] of the steps that are known; low and high are None without samples."""
    found = []
    for step, key, images, counted in STEPS:
        value = number(at(summary, "winner", "accuracy", key))
        samples = at(summary, "certificate", "samples") if counted is None else number(summary.get(counted))
        if value is None:
            continue
        interval = wilson(round(value * samples), int(samples)) if samples else {"low": None, "high": None}
        found.append({"step": step, "images": images, "samples": samples, **interval, "value": value})
    return found
