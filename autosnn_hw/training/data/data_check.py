"""What a data set holds, and what of it is likely to spoil a search: read before anything is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.data.graded_frames import cut_notes, graded_payload
from autosnn_hw.training.data.sources.sample_arrays import LOST

AXES = {2: "F", 3: "TF", 4: "CHW", 5: "TCHW"}  # of a sample, by the number of axes of all of them
GREY = "HW"  # of one with fractions, by three axes
RARE = 0.5  # a class with less than this part of the mean number of training samples is called rare
PARTS = ("train", "val", "test")
SHOWN = 5  # classes that a finding names
SINGLE = {
    "train": ("training", "a network tells at least two classes apart, so nothing can be trained on them"),
    "val": (
        "validation",
        "networks are chosen by their accuracy, and one that always says it is right there; hold out samples of every class",
    ),
}  # by part: what a part of one class is called, and why it will not do


def examine(data: Dataset, lacking: Sequence[str] = (), payload: float | None = None) -> dict[str, Any]:
    """A JSON-able dict: shapes, range, classes, and `findings`, sentences about what should be looked at.

    Args:
        lacking: arrays that training needs and the data set has not; it was loaded with `labelled=False` then.
        payload: largest value of a graded spike that the target takes; None where it takes none.

    Keys: name, sha256, kind ("images", "event frames" or "flat inputs"), sample (shape of one), axes, dtype, range [low, high], timesteps,
    payload (largest value of a frame that is sent: 1 for spikes; None of images), classes, class_names, split (which samples are for
    testing, in words), preprocessing (in words), samples {train, val, test}, per_class {train, val, test: one number a class}, duplicates (as `_duplicates` says), notes (what the loader made of the arrays), findings.
    """
    parts = {part: (getattr(data, f"x_{part}"), getattr(data, f"y_{part}")) for part in PARTS}
    per_class = _per_class(data)
    everything = [x for x, _ in parts.values() if len(x)]
    duplicates = _duplicates(data)
    return {
        "name": data.name,
        "sha256": data.sha256,
        "kind": _kind(data),
        "sample": list(data.x_test.shape[1:]),
        "axes": list(GREY if data.x_test.ndim == 3 and not data.is_frames else AXES[data.x_test.ndim]),
        "dtype": str(data.x_test.dtype),
        "range": [float(min(x.min() for x in everything)), float(max(x.max() for x in everything))],
        "timesteps": data.timesteps,
        "payload": data.payload if data.is_frames else None,
        "classes": data.classes,
        "class_names": list(data.class_names),
        "split": data.split,
        "preprocessing": data.preprocessing,
        "samples": {part: len(x) for part, (x, _) in parts.items()},
        "per_class": per_class,
        "duplicates": duplicates,
        "notes": [*advised_notes(data, payload), *_graded_cuts(data, payload)],
        "findings": _without_training(data, lacking) if lacking else _findings(data, per_class, duplicates),
    }


def sentences(data: Dataset, payload: float | None) -> list[str]:
    """What was made of the data, and what of it may spoil what follows.

    Args:
        payload: largest value of a graded spike that may be sent; None for spikes alone.
    """
    return [*advised_notes(data, payload), *_findings(data, _per_class(data), _duplicates(data))]


def require_classes(data: Dataset, chosen_by_validation: bool = False) -> None:
    """Refuse training data of a single class before anything is trained.

    Args:
        chosen_by_validation: networks are told apart by their validation accuracy: of one class that says nothing either.

    Raises:
        InputError: in the words in which it is a finding.
    """
    for part in SINGLE:
        if (part == "train" or chosen_by_validation) and (said := _single(data, part)) is not None:
            raise InputError(f"{data.name}: {said}")


def _single(data: Dataset, part: str) -> str | None:
    """What is wrong with a part of one class; None where it has several, or no labels."""
    present = np.unique(getattr(data, f"y_{part}"))
    if len(present) != 1:
        return None
    what, why = SINGLE[part]
    return f"all {what} samples are of one class ({_name(data, present[0])}): {why}."


def _per_class(data: Dataset) -> dict[str, list[int]]:
    return {part: np.bincount(getattr(data, f"y_{part}"), minlength=data.classes).tolist() for part in PARTS}


def _kind(data: Dataset) -> str:
    if data.is_frames:
        return "event frames"
    return "flat inputs" if data.x_test.ndim == 2 else "images"


def _without_training(data: Dataset, lacking: Sequence[str]) -> list[str]:
    found = [f"{data.name} has no {', '.join(lacking)}: it can be simulated, but nothing can be trained on it."]
    if data.x_test.ndim == 3 and data.is_frames:
        found.append(
            "three axes are read as spike trains (N, T, F); if they are grey images (N, H, W), x_test[:, None] makes (N, 1, H, W) of them."
        )
    return found


def advised_notes(data: Dataset, payload: float | None) -> list[str]:
    """The notes of a data set, with --graded as a way to lose fewer events where the target takes their counts.

    Args:
        payload: largest value of a graded spike that the target takes; None where it takes none.
    """
    if _advised_payload(data, payload) is None:
        return list(data.notes)
    return [f"{note}, and so would --graded" if LOST in note else note for note in data.notes]


def _advised_payload(data: Dataset, payload: float | None) -> int | None:
    """Largest value that --graded would send, where it is a way to lose fewer events; None where it is none."""
    if payload is None or data.payload > 1 or not any(LOST in note for note in data.notes):
        return None
    most = graded_payload(data.x_train)
    return most if 1 < most <= payload else None


def _graded_cuts(data: Dataset, payload: float | None) -> list[str]:
    """What --graded would still cut, where it is advised."""
    most = _advised_payload(data, payload)
    return [] if most is None else [f"with --graded, {cut}" for cut in cut_notes(data.samples(), most)]


def _duplicates(data: Dataset) -> dict[str, int]:
    """Samples that are equal to the last bit.

    Returns:
        {"train and validation": validation samples that are training samples; "train and test", "validation and test": test samples that
        are such ones; "test and others": test samples that are either; "within train": copies beyond the first}.
    """
    train, val, test = (
        [hashlib.sha256(np.ascontiguousarray(sample).data).digest() for sample in x]
        for x in (data.x_train, data.x_val, data.x_test)
    )
    trained, held_out = set(train), set(val)
    return {
        "train and validation": sum(one in trained for one in val),
        "train and test": sum(one in trained for one in test),
        "validation and test": sum(one in held_out for one in test),
        "test and others": sum(one in trained or one in held_out for one in test),
        "within train": len(train) - len(trained),
    }


def _leaks(data: Dataset, duplicates: dict[str, int]) -> list[str]:
    """Samples that stand in two parts, and copies of training samples."""
    found = []
    trained, held_out = duplicates["train and test"], duplicates["validation and test"]
    if count := duplicates["test and others"]:
        kinds = " or ".join(
            f"{kind} samples{f' ({number})' if trained and held_out else ''}"
            for kind, number in (("training", trained), ("validation", held_out))
            if number
        )
        found.append(
            f"{count} of {len(data.x_test)} test samples are {kinds}, too: test accuracy is too high by what they add."
        )
    if count := duplicates["train and validation"]:
        found.append(
            f"{count} of {len(data.x_val)} validation samples are training samples, too: validation accuracy, by which networks are chosen, "
            "is too high by what they add."
        )
    if count := duplicates["within train"]:
        found.append(f"{count} training samples are copies of other training samples.")
    return found


def _findings(data: Dataset, per_class: dict[str, list[int]], duplicates: dict[str, int]) -> list[str]:
    found = []
    train, val, test = (np.array(per_class[part]) for part in PARTS)
    if len(missing := np.flatnonzero(train + val + test == 0)):
        found.append(
            f"no sample has class {_listed(data, missing, 'or')}: a gap in the labels makes neurons that are never right; "
            f"number the classes 0 to {data.classes - 1 - len(missing)}."
        )
    if len(unseen := np.flatnonzero((train == 0) & (val + test > 0))):
        found.append(
            f"{_classes(data, unseen, 'is', 'are')} in validation or test and not in the training part: {_it(unseen, 'it', 'they')} cannot be learnt."
        )
    if len(untested := np.flatnonzero((train > 0) & (test == 0))):
        found.append(
            f"{_classes(data, untested, 'has', 'have')} no test samples: accuracy says nothing of {_it(untested, 'it', 'them')}."
        )
    if len(data.y_val) and len(unjudged := np.flatnonzero((train > 0) & (val == 0))):
        found.append(
            f"{_classes(data, unjudged, 'has', 'have')} no validation samples: the accuracy by which networks are chosen says nothing of "
            f"{_it(unjudged, 'it', 'them')}."
        )
    found += [said for part in SINGLE if (said := _single(data, part)) is not None][:1]
    present = train[train > 0]
    if len(present) and (rare := np.flatnonzero((train > 0) & (train < RARE * present.mean()))).size:
        least = int(train[rare].min())
        found.append(
            f"classes are unbalanced: {len(rare)} of {data.classes} have less than half the mean of {present.mean():.0f} training samples "
            f"(least {least}); accuracy then says little of them."
        )
    found += _leaks(data, duplicates)
    if not data.is_frames and len(data.x_train) and data.x_train.max() == data.x_train.min():
        found.append("every pixel of the training images has one value: there is nothing to learn.")
    if data.is_frames and len(data.x_train):
        share = np.mean([np.count_nonzero(sample) for sample in data.x_train]) / data.x_train[0].size
        if not 0.0005 < share < 0.5:
            found.append(f"{share:.2%} of all inputs of a step are spikes; event data have mostly .1 to 30 %.")
    return found


def _classes(data: Dataset, indices: np.ndarray, one: str, several: str) -> str:
    """The classes, and the verb of one or of several."""
    return f"{_it(indices, 'class', 'classes')} {_listed(data, indices, 'and')} {_it(indices, one, several)}"


def _it(indices: np.ndarray, one: str, several: str) -> str:
    return one if len(indices) == 1 else several


def _listed(data: Dataset, indices: np.ndarray, last: str) -> str:
    """Names of classes, the first of many and how many more there are, with `last` before the last."""
    names = [_name(data, index) for index in indices[: SHOWN if len(indices) > SHOWN + 1 else None]]
    if left := len(indices) - len(names):
        names.append(f"{left:,} others")
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _name(data: Dataset, index: int) -> str:
    return data.class_names[index] if data.class_names else str(int(index))
