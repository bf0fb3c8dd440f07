"""The winner's accuracy from the search to the chip, step by step, each of its images and with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.words.quantities import at, number

TUNED = "tuned"  # what `winner.kept` says where the integers were trained on behind the floats

# (step, key under winner.accuracy, images, key of their number in summary.json)
STEPS = (
    ("super-network's weights, as floats", "supernet_float", "validation", "validation_samples"),
    ("super-network's weights, as integers", "supernet", "validation", "validation_samples"),
    ("delivered weights, as floats", "delivered_float_validation", "held-out validation", "held_out_samples"),
    ("delivered weights, as integers", "validation", "held-out validation", "held_out_samples"),
    ("trained on as floats", "float", "test", "test_samples"),
    ("the same, plainly rounded", "quantised", "test", "test_samples"),
    ("delivered weights, as floats", "delivered_float", "test", "test_samples"),
    ("delivered weights, as integers", "exact_test", "test", "test_samples"),
    ("the same in Lava", "lava", "test", None),
)
BEFORE_TUNING = ("float", "quantised")  # of other weights than the delivered ones, where these were tuned


def accuracy_chain(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"step", "images", "samples", "value", "low", "high"}] of the steps that are known; low and high are None without samples.

    What the network was before its integers were tuned is a step only where they were, or where nothing is known of the delivered ones as floats.
    """
    accuracy = at(summary, "winner", "accuracy")
    delivered = number(at(accuracy, "delivered_float")) is not None and at(summary, "winner", "kept") not in (
        TUNED,
        None,
    )
    found = []
    for step, key, images, counted in STEPS:
        value = number(at(accuracy, key))
        samples = at(summary, "certificate", "samples") if counted is None else number(summary.get(counted))
        if value is None or (key in BEFORE_TUNING and delivered):
            continue
        interval = wilson(round(value * samples), int(samples)) if samples else {"low": None, "high": None}
        found.append({"step": step, "images": images, "samples": samples, **interval, "value": value})
    return found
