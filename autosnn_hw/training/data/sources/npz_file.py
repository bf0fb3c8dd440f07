"""npz files as data sets: which files a name means, and their arrays checked against one another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources import npz, sample_axes
from autosnn_hw.training.data.sources.label_arrays import checked_labels
from autosnn_hw.training.data.sources.parts import Parts
from autosnn_hw.training.data.sources.sample_arrays import INPUTS, as_spikes, checked_inputs
from autosnn_hw.training.data.splits import ordered_by_class, stratified

PREFIX = "npz:"
MOST_NAMES = 12  # of arrays that a refusal lists


def load(name: str, labelled: bool) -> Parts:
    """The arrays of `npz:PATH`, or of `npz:TRAIN,TEST`, one JPEG split a file.

    Args:
        labelled: require labels and a training part, and put images in order, as `datasets.load` says it.

    Raises:
        InputError: a missing or damaged file, a missing array, or arrays that do not belong together.
    """
    paths = paths_of(name)
    arrays = [npz.read_arrays(path) for path in paths]
    if len(paths) > 2 or (len(paths) == 2 and not all(map(npz.is_jpeg, arrays))):
        raise InputError(
            f"{name!r}: two files are for the JPEG form, npz:TRAIN,TEST; arrays x_train .. go in one file."
        )
    if npz.is_jpeg(arrays[0]):
        return _mixed(_from_jpeg(name, paths, arrays, labelled))
    return from_arrays(arrays[0], paths[0], labelled)


def from_arrays(found: dict[str, np.ndarray], path: Path, labelled: bool) -> Parts:
    """The arrays of a file, checked against one another.

    Args:
        path: for errors alone.
        labelled: as in `load`.

    Raises:
        InputError: a missing array, or arrays that do not belong together.
    """
    return _mixed(_from_arrays(found, path, labelled))


def lacking(name: str) -> tuple[str, ...]:
    """Names of the arrays that training needs and a file of samples has not; none where it cannot be read, which reading it says."""
    paths = paths_of(name)
    names = npz.names_of(paths[0]) if len(paths) == 1 else ()
    if "jpeg" in names:
        return ("x_train", "y_train")
    return tuple(array for array in npz.NEEDED if array not in names) if "x_test" in names else ()


def timesteps_of(name: str) -> int | None:
    """T of event frames (N, T, C, H, W), or in another order, read off the file's headers; None for all else."""
    paths = paths_of(name)
    if len(paths) != 1 or not paths[0].is_file():
        return None
    return sample_axes.steps_of({array: npz.shape_of(paths[0], array) for array in npz.ARRAY_NAMES})


def paths_of(name: str) -> list[Path]:
    """The file that is named, or the two on both sides of a comma; a name may hold commas itself."""
    text = name.removeprefix(PREFIX)
    whole = Path(text).expanduser()
    if whole.exists() or "," not in text:
        return [whole]
    parts = text.split(",")
    for cut in range(1, len(parts)):
        pair = [Path(",".join(part)).expanduser() for part in (parts[:cut], parts[cut:])]
        if all(path.exists() for path in pair):
            return pair
    return [Path(part).expanduser() for part in parts]


def _from_arrays(found: dict[str, np.ndarray], path: Path, labelled: bool) -> Parts:
    needed = npz.NEEDED if labelled else ("x_test",)
    missing = [array for array in needed if array not in found]
    if missing:
        raise InputError(f"{path} has no array {', '.join(missing)}; it needs {', '.join(needed)}{_held(path)}.")
    x, notes = checked_inputs(found, path, labelled)
    if labelled:
        notes += [note for name, samples in x.items() if (note := as_spikes(samples, name)) is not None]
    x_test = x["x_test"]
    if labelled and ("x_val" in found) != ("y_val" in found):
        there, lacks = ("x_val", "y_val") if "x_val" in found else ("y_val", "x_val")
        raise InputError(
            f"{path} has {there} and no {lacks}; validation needs x_val and y_val of one length, or leave both out: some of the training "
            "samples are then held out."
        )
    x = {array: x.get(array, x_test[:0]) for array in INPUTS}
    counts = {f"y{array[1:]}": len(samples) for array, samples in x.items()}
    y, names, made = checked_labels(found, counts, path, labelled)
    validation = (x["x_val"], y["y_val"]) if len(x["x_val"]) else None
    said = (*notes, *made)
    return Parts(x["x_train"], y["y_train"], x_test, y["y_test"], names, validation=validation, notes=said)


def _held(path: Path) -> str:
    """The names of the arrays that a file holds, for a refusal."""
    names = npz.names_of(path)
    more = ", .." if len(names) > MOST_NAMES else ""
    return f", and it holds {', '.join(names[:MOST_NAMES]) or 'none'}{more}"


def _from_jpeg(name: str, paths: list[Path], arrays: list[dict[str, np.ndarray]], labelled: bool) -> Parts:
    if len(paths) == 1 and labelled:
        raise InputError(f"{name!r} is one split in the JPEG form; give both as npz:TRAIN,TEST.")
    parts = [npz.decode_jpeg(found, path) for found, path in zip(arrays, paths)]
    (x_test, y_test, names), path = parts[-1], paths[-1]
    x_train, y_train, train_names = parts[0] if len(parts) == 2 else (x_test[:0], y_test[:0], names)
    if names != train_names or x_train.shape[1:] != x_test.shape[1:]:
        raise InputError(f"{name!r}: the two files differ in class names or image size.")
    for labels in (y_train, y_test):
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(names):
            raise InputError(f"{path}: labels must lie in 0..{len(names) - 1}.")
    return Parts(x_train, y_train, x_test, y_test, names)


def _mixed(parts: Parts) -> Parts:
    """The training samples in an order whose last fifth has every class, where theirs is by class."""
    kept = len(parts.x_train) - len(parts.x_train) // 5
    if parts.validation is not None or len(parts.x_train) < 5 or not ordered_by_class(parts.y_train, kept):
        return parts
    order = stratified(parts.y_train)
    note = "training labels are in order: validation samples are drawn from every class, not from the end."
    return replace(parts, x_train=parts.x_train[order], y_train=parts.y_train[order], notes=(*parts.notes, note))
