"""What the arrays of an npz file mean: images or frames, and the one type that all parts get."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.sample_axes import as_images, by_polarity, samples_first
from autosnn_hw.training.data.sources.sample_values import AT_ONCE, ValueRange

FORMS = "images (N, C, H, W), bytes or float32, event frames (N, T, C, H, W) or (N, T, F) of whole numbers, or flat inputs (N, F)"
INPUTS = ("x_test", "x_train", "x_val")
LOST = "are taken as one spike each"
INT32_MAX = 2**31 - 1


def checked_inputs(
    found: Mapping[str, np.ndarray], path: Path, labelled: bool
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Samples of all parts in one of the types that everything after this knows, and what was made of them.

    Args:
        found: arrays of a file, `INPUTS` and labels y_test .. among them: numbers of any dtype, (N, F), (N, T, F) or (N, H, W),
            (N, C, H, W), (N, T, C, H, W).
        labelled: put axes in order, as a network is trained on them. Without, they are as they are, but that samples come first.

    Returns:
        uint8 where the values of all parts are whole and within 0..255 and the arrays are no float images; else float32 images and
        flat inputs, and int32 frames. Grey images (N, H, W) of floats from 0 to 1 are images.

    Raises:
        InputError: another number of axes, no samples, text or complex numbers, NaN, frames with fractions or, where `labelled`, with negative values, axes whose order is not
            known, or parts of several shapes or kinds.
    """
    stored = {name: found[name] for name in INPUTS if name in found}
    for name, x in stored.items():
        _require_numbers(x, name, path)
    labels = {name: y.shape for name, y in found.items() if name.startswith("y_")}
    arrays, notes = samples_first(stored, labels, path)
    values = ValueRange.of(arrays.values())
    for name, x in arrays.items():
        _require_counts(x, name, values, path, labelled)
        if labelled:
            arrays[name], note = as_images(x, name, values, path)
            _require_spikes(x, name, values, path)
            notes += [] if note is None else [note]
    _require_alike(stored, arrays, values, path)
    dtype = _type_of(stored["x_test"], arrays["x_test"], values)
    return {name: np.ascontiguousarray(x, dtype) for name, x in arrays.items()}, notes


def _require_numbers(x: np.ndarray, name: str, path: Path) -> None:
    if x.dtype.kind not in "buif" or not 2 <= x.ndim <= 5:
        raise InputError(f"{path}: {name} is {x.dtype} {x.shape}; allowed are {FORMS}.")
    if x.size == 0:
        raise InputError(f"{path}: {name} of shape {x.shape} is empty.")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise InputError(
            f"{path}: {name} holds values that are not finite; np.nan_to_num({name}, posinf=0, neginf=0) makes them 0, or leave their samples out."
        )
    if x.dtype.itemsize > 1:
        low, high = x.min(), x.max()
        if max(abs(float(low)), float(high)) > INT32_MAX:
            raise InputError(f"{path}: {name} holds values of {low!s} to {high!s}; {_within(x, name)}.")


def _within(x: np.ndarray, name: str) -> str:
    """The end of a refusal of values that 32 bits do not hold: the limit, and what brings pixels below it; counts stay whole."""
    taken = f"at most 32 bits are taken, -{INT32_MAX} to {INT32_MAX}"
    if x.ndim in (3, 5):
        return taken
    low, high = x.min(), x.max()
    largest = str(high if float(high) >= -float(low) else low).lstrip("-")
    return f"{taken}: {name} / {largest}, for every part, brings pixels to -1 to 1"


def _require_counts(x: np.ndarray, name: str, values: ValueRange, path: Path, labelled: bool) -> None:
    """Refuse frames with fractions; three axes with fractions from 0 to 1 are grey images, and of those for training `as_images` says more."""
    if values.whole or x.ndim not in (3, 5) or (x.ndim == 3 and (labelled or values.shares)):
        return
    grey = f": {name}[:, None] makes them of grey ones (N, H, W)" if x.ndim == 3 else ""
    raise InputError(
        f"{path}: {name} is {x.dtype} {x.shape} with fractions; the values of frames are counts of spikes, whole numbers: "
        f"{_whole_numbers(x, name, values, labelled)}. Images are (N, C, H, W){grey}."
    )


def _whole_numbers(x: np.ndarray, name: str, values: ValueRange, labelled: bool) -> str:
    """What makes spikes of frames with fractions; of those that are run alone, also what a sigma-delta network takes."""
    if labelled and values.low < 0 and x.ndim == 5:
        spikes = f"{by_polarity(x.shape, f'{name} > 0', f'{name} < 0')}.astype(np.uint8)"
    else:
        spikes = f"({name} > 0).astype(np.uint8)"
    other = (
        "or save the counts as they were before they were scaled"
        if labelled
        else f"a sigma-delta network takes np.rint(64 * {name})"
    )
    return f"{spikes}, for every part, makes spikes of them; {other}"


def _require_spikes(x: np.ndarray, name: str, values: ValueRange, path: Path) -> None:
    """Refuse frames with negative values, whose events would all be lost."""
    if x.ndim != 5 or values.low >= 0:
        return
    line = by_polarity(x.shape, f"np.maximum({name}, 0)", f"-np.minimum({name}, 0)")
    raise InputError(
        f"{path}: frames hold values down to {values.low:g}, and a value is a spike where it is above 0; {line}, for every part, gives each polarity "
        "a channel of its own."
    )


def _require_alike(
    stored: Mapping[str, np.ndarray], arrays: Mapping[str, np.ndarray], values: ValueRange, path: Path
) -> None:
    """Refuse parts of several shapes, and parts of floats beside parts of integers, which are on another scale more often than not."""
    first = stored["x_test"]
    for name, x in arrays.items():
        both = f"{path}: {name} is stored as {stored[name].dtype} {stored[name].shape} and x_test as {first.dtype} {first.shape}"
        if x.shape[1:] != arrays["x_test"].shape[1:]:
            raise InputError(f"{both}; samples must have one shape and type.")
        floats = [stored[part].dtype.kind == "f" for part in (name, "x_test")]
        if floats[0] != floats[1] and _stay_float(first, values):
            raise InputError(
                f"{both}; samples must have one shape and type: bytes / 255 are on the scale of floats from 0 to 1."
            )


def _stay_float(stored: np.ndarray, values: ValueRange) -> bool:
    """Whether floats are kept as they are written: those of images are, but of whole numbers (N, H, W) it may be bytes that are meant."""
    return stored.ndim in (2, 4) or not values.whole


def _type_of(stored: np.ndarray, x: np.ndarray, values: ValueRange) -> type[np.generic]:
    """Of samples that are all of one kind."""
    if stored.dtype.kind == "f" and _stay_float(stored, values):
        return np.float32
    if values.bytes:
        return np.uint8
    return np.int32 if x.ndim in (3, 5) else np.float32


def as_spikes(x: np.ndarray, name: str) -> str | None:
    """What training loses of event frames (N, T, C, H, W), which it takes as spikes where above 0; None where that is nothing."""
    if x.ndim != 5:
        return None
    events = spikes = above = 0
    for low in range(0, len(x), AT_ONCE):  # frames may be more than memory holds
        some = x[low : low + AT_ONCE]
        events += int(some.sum(dtype=np.int64))
        spikes += int(np.count_nonzero(some))
        above += int(np.count_nonzero(some > 1))
    if events == spikes:
        return None
    return (
        f"{above} of {spikes} values of {name} that are not 0 are above 1 and {LOST}: {(events - spikes) / events:.1%} "
        "of the events are lost; more and shorter frames would lose fewer"
    )
