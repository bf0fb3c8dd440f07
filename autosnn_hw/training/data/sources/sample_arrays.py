"""What the arrays of an npz file mean: images or frames, their types, and the order of their axes where people write another."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autosnn_hw.architecture import SMALLEST_SIDE
from autosnn_hw.errors import InputError

FORMS = "images (N, C, H, W), bytes or float32, event frames (N, T, C, H, W) or (N, T, F) of whole numbers, or flat inputs (N, F)"
LOST = "are taken as one spike each"
INT32_MAX = 2**31 - 1
AT_ONCE = 64  # samples that are counted together


def checked_inputs(x: np.ndarray, name: str, path: Path) -> np.ndarray:
    """Samples as they are stored, in one of the types that everything after this knows.

    Args:
        x: numbers of any dtype, (N, F), (N, T, F) or (N, H, W), (N, C, H, W), (N, T, C, H, W).

    Returns:
        uint8 where the values are whole and within 0..255 and the array is not a float image; else float32 images and flat
        inputs, and int32 frames.

    Raises:
        InputError: another number of axes, no samples, text or complex numbers, NaN, or frames with fractions.
    """
    if x.dtype.kind not in "buif" or not 2 <= x.ndim <= 5:
        raise InputError(f"{path}: {name} is {x.dtype} {x.shape}; allowed are {FORMS}.")
    if x.size == 0:
        raise InputError(f"{path}: {name} of shape {x.shape} is empty.")
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise InputError(f"{path}: {name} holds values that are not finite.")
    frames = x.ndim in (3, 5)
    if frames and x.dtype.kind == "f" and (x != np.trunc(x)).any():
        raise InputError(
            f"{path}: {name} is {x.dtype} {x.shape} with fractions; the values of frames are counts of spikes, whole numbers "
            "(a sigma-delta network takes np.rint(64 * x)). Images are (N, C, H, W)."
        )
    low, high = x.min(), x.max()
    if max(abs(float(low)), float(high)) > INT32_MAX:
        raise InputError(f"{path}: {name} holds values of {low}..{high}; at most 32 bits are taken.")
    if (frames or x.dtype.kind != "f") and low >= 0 and high <= 255:
        return np.ascontiguousarray(x, np.uint8)
    return np.ascontiguousarray(x, np.int32 if frames else np.float32)


def as_images(x: np.ndarray, name: str, path: Path) -> tuple[np.ndarray, str | None]:
    """Samples as something that a network is trained on: images (N, C, H, W) or event frames (N, T, C, H, W).

    Returns:
        The array, and what was made of it where its axes were in another order.

    Raises:
        InputError: flat inputs, or three axes that may as well be spike trains.
    """
    if x.ndim == 2:
        raise InputError(
            f"{path}: {name} is {x.shape}, flat inputs; a network is trained on images (N, C, H, W): "
            f"{name}.reshape(-1, C, H, W) makes them."
        )
    if x.ndim == 3:
        if x.max() <= 1:
            raise InputError(
                f"{path}: {name} is {x.shape} of zeros and ones. If they are black and white images, {name}[:, None] makes "
                "(N, 1, H, W) of them; spike trains (N, T, F) can be simulated, but no network is trained on them."
            )
        return x[:, None], f"{name} {x.shape} is taken as {len(x)} grey images of {x.shape[1]} x {x.shape[2]}"
    last, rest = x.shape[-1], x.shape[-3:-1]
    # (.., H, W, C) read as (.., C, H, W) would be images a few pixels wide, which no network is trained on.
    if last < SMALLEST_SIDE <= min(rest):
        side = f"{rest[0]} x {rest[1]} with {last} channel{'' if last == 1 else 's'}"
        return np.ascontiguousarray(np.moveaxis(x, -1, -3)), f"{name} {x.shape} has its channels last: {side}"
    return x, None


def as_spikes(x: np.ndarray, name: str, path: Path | str) -> str | None:
    """What training loses of event frames (N, T, C, H, W), which it takes as spikes where above 0; None where that is nothing.

    Raises:
        InputError: negative values, whose events would all be lost.
    """
    if x.ndim != 5:
        return None
    if x.dtype != np.uint8 and x.min() < 0:
        raise InputError(
            f"{path}: {name} holds frame values down to {x.min()}, and a value is a spike where it is above 0; give each polarity a "
            "channel of its own."
        )
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
