"""What a data set holds, and what of it is likely to spoil a search: read before anything is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from autosnn_hw.training.data.datasets import Dataset

AXES = {2: "F", 3: "TF", 4: "CHW", 5: "TCHW"}  # of a sample, by the number of axes of all of them
KINDS = {2: "flat inputs", 3: "event frames", 4: "images", 5: "event frames"}
RARE = 0.5  # a class with less than this part of the mean number of training samples is called rare
PARTS = ("train", "val", "test")


def examine(data: Dataset, lacking: Sequence[str] = ()) -> dict[str, Any]:
    """A JSON-able dict: shapes, range, classes, and `findings`, sentences about what should be looked at.

    Args:
        lacking: arrays that training needs and the data set has not; it was loaded with `labelled=False` then.

    Keys: name, sha256, kind ("images", "event frames" or "flat inputs"), sample (shape of one), axes, dtype, range [low, high], timesteps,
    classes, class_names, split (which samples are for testing, in words), preprocessing (in words), samples {train, val, test}, per_class
    {train, val, test: one number a class}, duplicates {"train and test", "within train"}, notes (what the loader made of the arrays),
    findings.
    """
    parts = {part: (getattr(data, f"x_{part}"), getattr(data, f"y_{part}")) for part in PARTS}
    per_class = {part: np.bincount(y, minlength=data.classes).tolist() for part, (_, y) in parts.items()}
    everything = [x for x, _ in parts.values() if len(x)]
    duplicates = _duplicates(data)
    return {
        "name": data.name,
        "sha256": data.sha256,
        "kind": KINDS[data.x_test.ndim],
        "sample": list(data.x_test.shape[1:]),
        "axes": list(AXES[data.x_test.ndim]),
        "dtype": str(data.x_test.dtype),
        "range": [float(min(x.min() for x in everything)), float(max(x.max() for x in everything))],
        "timesteps": data.timesteps,
        "classes": data.classes,
        "class_names": list(data.class_names),
        "split": data.split,
        "preprocessing": data.preprocessing,
        "samples": {part: len(x) for part, (x, _) in parts.items()},
        "per_class": per_class,
        "duplicates": duplicates,
        "notes": list(data.notes),
        "findings": _without_training(data, lacking) if lacking else _findings(data, per_class, duplicates),
    }


def _without_training(data: Dataset, lacking: Sequence[str]) -> list[str]:
    found = [f"{data.name} has no {', '.join(lacking)}: it can be simulated, but nothing can be trained on it."]
    if data.x_test.ndim == 3:
        found.append(
            "three axes are read as spike trains (N, T, F); if they are grey images (N, H, W), x_test[:, None] makes (N, 1, H, W) of them."
        )
    return found


def _duplicates(data: Dataset) -> dict[str, int]:
    """Samples that are equal to the last bit."""
    train, test = (
        [hashlib.sha256(np.ascontiguousarray(sample).data).digest() for x in parts for sample in x]
        for parts in ((data.x_train, data.x_val), (data.x_test,))
    )
    known = set(train)
    return {"train and test": sum(one in known for one in test), "within train": len(train) - len(known)}


def _findings(data: Dataset, per_class: dict[str, list[int]], duplicates: dict[str, int]) -> list[str]:
    found = []
    train, val, test = (np.array(per_class[part]) for part in PARTS)
    missing = [_name(data, c) for c in np.flatnonzero(train + val + test == 0)]
    if missing:
        found.append(
            f"no sample has class {', '.join(missing)}: a gap in the labels makes neurons that are never right; "
            f"number the classes 0 to {data.classes - 1 - len(missing)}."
        )
    if len(unseen := np.flatnonzero((train == 0) & (val + test > 0))):
        found.append(
            f"class {', '.join(_name(data, c) for c in unseen)} is in validation or test and not in the training part: it cannot be learnt."
        )
    present = train[train > 0]
    if len(present) == 1:
        found.append(
            "all training samples are of one class: a network that always says it is right, and nothing is learnt."
        )
    if len(present) and (rare := np.flatnonzero((train > 0) & (train < RARE * present.mean()))).size:
        least = int(train[rare].min())
        found.append(
            f"classes are unbalanced: {len(rare)} of {data.classes} have less than half the mean of {present.mean():.0f} training samples "
            f"(least {least}); accuracy then says little of them."
        )
    if count := duplicates["train and test"]:
        found.append(
            f"{count} of {len(data.x_test)} test samples are training samples, too: test accuracy is too high by what they add."
        )
    if count := duplicates["within train"]:
        found.append(f"{count} training samples stand there twice or more.")
    if not data.is_frames and len(data.x_train) and data.x_train.max() == data.x_train.min():
        found.append("every pixel of the training images has one value: there is nothing to learn.")
    if data.is_frames and len(data.x_train):
        share = np.mean([np.count_nonzero(sample) for sample in data.x_train]) / data.x_train[0].size
        if not 0.0005 < share < 0.5:
            found.append(f"{share:.2%} of all inputs of a step are spikes; event data have mostly .1 to 30 %.")
    return found


def _name(data: Dataset, index: int) -> str:
    return data.class_names[index] if data.class_names else str(int(index))
