"""Sizes and schedule that a search takes where none are asked for, by dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Digits on two cores in minutes: many small updates, which a small budget needs (docs/lab/training.md).
EMBEDDED: Mapping[str, Any] = {
    "width": 8,
    "timesteps": 4,
    "epochs": 15,
    "retrain_epochs": 20,
    "finetune_epochs": 5,
    "finalists": 8,
    "measure": 2,
    "learning_rate": 1e-2,
    "batch": 32,
}
# The events of the simulated camera within five minutes on two cores; their frames are T = 5 (docs/lab/search.md).
EVENTS: Mapping[str, Any] = {
    **EMBEDDED,
    "timesteps": 5,
    "epochs": 12,
    "retrain_epochs": 16,
    "finetune_epochs": 2,
    "measure": 1,
}
# AutoSNN's search on CIFAR-10, with a tenth of its 600 epochs (strict fairness trains each block five times as often).
PAPER: Mapping[str, Any] = {
    "width": 16,
    "timesteps": 8,
    "epochs": 60,
    "retrain_epochs": 60,
    "finetune_epochs": 8,
    "finalists": 4,
    "measure": 2,
    "learning_rate": 1e-3,
    "batch": 96,
}

SIZES: Mapping[str, Mapping[str, Any]] = {"digits": EMBEDDED, "events": EVENTS}


def sizes_of(dataset: str) -> Mapping[str, Any]:
    """Sizes and schedule of a dataset where none are asked for."""
    return SIZES.get(dataset, PAPER)
