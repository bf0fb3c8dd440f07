"""Labels as people write them: whole numbers of any type, a column, one-hot, names; always int64 from 0 afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError

LABELS = ("y_train", "y_val", "y_test")
TAKEN = "biufSU"  # kinds of numpy types
MOST_CLASSES = 1 << 20
SHOWN = 10  # names that a note lists


def checked_labels(
    found: Mapping[str, np.ndarray], counts: Mapping[str, int], path: Path, labelled: bool
) -> tuple[dict[str, np.ndarray], tuple[str, ...], list[str]]:
    """Labels of every part, the names of the classes where labels are names, and what was made of what was written otherwise.

    Args:
        found: arrays of the file; names are numbered in one order over all labels in it.
        counts: samples of each of `LABELS`.
        labelled: they are trained with. Without, they may be left out, and refusals say so.

    Returns:
        int64 (count,) a part, of length 0 where it has no labels or no samples; names; sentences.

    Raises:
        InputError: labels that are not one class a sample, or names whose numbers in training are not known.
    """
    names = _names({name: found[name] for name in LABELS if name in found}, counts, path)
    labels, notes = {}, [_order(names)] if names else []
    for name, count in counts.items():
        y = found.get(name)
        if y is None or count == 0:
            labels[name] = np.zeros(0, np.int64)
        else:
            labels[name], said = _numbers(y, name, count, names, path, labelled)
            notes += said
    return labels, names, notes


def _names(found: Mapping[str, np.ndarray], counts: Mapping[str, int], path: Path) -> tuple[str, ...]:
    """Names of the classes in the order of their numbers, those of whole numbers by value; () where labels are no names."""
    named = [name for name, y in found.items() if y.dtype.kind in "SU"]
    if not any(counts[name] for name in named):
        return ()
    if others := [name for name in found if name not in named]:
        raise InputError(
            f"{path}: {named[0]} holds names ({found[named[0]].dtype}) and {others[0]} is {found[others[0]].dtype}; save all labels as "
            "names (y.astype(str)), or all as whole numbers from 0."
        )
    if "y_train" not in named:
        raise InputError(
            f"{path}: {named[0]} holds names, and without y_train it is not known which number each had in training; save the whole numbers "
            f"that the network was trained with, or leave {named[0]} out: it is then run without an accuracy."
        )
    names = {name for part in named for name in np.unique(_text(found[part])).tolist()}
    if "" in names:
        raise InputError(
            f"{path}: some labels are empty names; every sample needs a class: leave those samples out, or name their class."
        )
    return tuple(_in_order(names))


def _in_order(names: Iterable[str]) -> list[str]:
    known = sorted(names)
    return sorted(known, key=int) if all(name.isdecimal() for name in known) else known


def _order(names: tuple[str, ...]) -> str:
    shown = [f"{name!r} is {index}" for index, name in enumerate(names)]
    if len(shown) > SHOWN:
        shown = [*shown[: SHOWN - 1], "..", shown[-1]]
    return f"labels are names, which are numbered in their order: {', '.join(shown)}"


def _text(y: np.ndarray) -> np.ndarray:
    return np.char.decode(y, "utf-8", "replace") if y.dtype.kind == "S" else y


def _numbers(
    y: np.ndarray, name: str, count: int, names: tuple[str, ...], path: Path, labelled: bool
) -> tuple[np.ndarray, list[str]]:
    """int64 (count,), and what was made of another form."""
    notes = []
    if y.shape == (count, 1):
        notes.append(f"{name} {y.shape} is taken as one column of labels")
        y = y[:, 0]
    elif y.ndim == 2 and len(y) == count and y.dtype.kind in "biuf" and _one_hot(y):
        return y.argmax(axis=1).astype(np.int64), [f"{name} {y.shape} is taken as one-hot labels"]
    must = f"it must be {count} integer labels from 0, one for each sample of x{name[1:]}"
    out = _way_out(name, labelled)
    if y.dtype.kind not in TAKEN:
        raise InputError(f"{path}: {name} is of type {y.dtype}; {must}{_of_type_taken(y, name, labelled)}{out}.")
    if y.shape != (count,):
        raise InputError(f"{path}: {name} is {y.dtype} {y.shape}; {must}{_one_each(y, name, count)}{out}.")
    if y.dtype.kind in "SU":
        unique, places = np.unique(_text(y), return_inverse=True)
        number = {known: index for index, known in enumerate(names)}
        return np.array([number[one] for one in unique.tolist()], np.int64)[places.reshape(-1)], notes
    if y.dtype.kind in "bf":
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise InputError(
                f"{path}: {name} holds values that are not finite; {must}; leave the samples without a class out{out}."
            )
        if (y != np.trunc(y)).any():
            raise InputError(f"{path}: {name} is {y.dtype} with fractions; {must}; {_otherwise(labelled)}{out}.")
        notes.append(f"{name} {y.dtype} is taken as whole numbers")
    low, high = float(y.min()), float(y.max())
    if low < 0 or high >= MOST_CLASSES:
        below = f", below {MOST_CLASSES}" if high >= MOST_CLASSES else ""
        raise InputError(f"{path}: {name} holds {low:.15g} to {high:.15g}; {must}{below}; {_otherwise(labelled)}{out}.")
    return y.astype(np.int64), notes


def _one_hot(y: np.ndarray) -> bool:
    return y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _one_each(y: np.ndarray, name: str, count: int) -> str:
    """The part of a refusal that says what makes one label a sample of labels of another shape; nothing where nothing can."""
    if y.ndim > 1 and y.size == count:
        return f"; {name}.reshape(-1) makes them"
    if y.dtype.kind in "biuf" and y.ndim == 2 and count in y.shape:
        axis = 1 if len(y) == count else 0
        if _class_numbers(y):  # the largest of several classes is none of one-hot, of shares, or of votes
            return (
                f"; a sample has {y.shape[axis]} numbers there: {name}[{':, 0' if axis else 0}] takes the first of them"
            )
        return f"; {name}.argmax(axis={axis}) makes them of the largest value of each {'row' if axis else 'column'}, the first of several"
    if y.ndim == 1 and y.size:
        shorter, x = min(len(y), count), f"x{name[1:]}"
        return (
            f"; save {x} and {name} of the same samples in one order, or, where it is the end of one of them alone that is too long, "
            f"{x}[:{shorter}] and {name}[:{shorter}]"
        )
    return ""


def _class_numbers(y: np.ndarray) -> bool:
    """Whether labels of two axes are numbers of classes, several a sample."""
    return bool((y == np.trunc(y)).all() and y.min(initial=0) >= 0 and y.max(initial=0) > 1)


def _of_type_taken(y: np.ndarray, name: str, labelled: bool) -> str:
    """The part of a refusal that says what makes labels of a type that is none of classes."""
    if y.dtype.kind == "c" and not y.imag.any():
        return f"; {name}.real makes them"
    if y.dtype.kind in "mM" and labelled:
        return "; labels of every part saved as y.astype(str) are taken as names"
    return ""


def _otherwise(labelled: bool) -> str:
    """What to do with classes of other numbers."""
    if labelled:
        return "classes of other numbers are taken as names where the labels of every part are saved as y.astype(str)"
    return "save the numbers that the network was trained with"


def _way_out(name: str, labelled: bool) -> str:
    """The end of a refusal: what may be left out instead."""
    if not labelled:
        return f"; or leave {name} out: samples are then run without an accuracy"
    return "; or leave x_val and y_val out" if name == "y_val" else ""
