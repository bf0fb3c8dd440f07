"""How training samples are split, measured and told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

AT_ONCE = 1024  # samples that are counted together


def ordered_by_class(labels: np.ndarray, kept: int) -> bool:
    """Whether the samples from `kept` on are no sample of all: labels are sorted, or these have classes that the others have not."""
    ascending = len(labels) > 0 and labels[0] != labels[-1] and bool((np.diff(labels) >= 0).all())
    return ascending or not set(labels[kept:].tolist()) <= set(labels[:kept].tolist())


def stratified(labels: np.ndarray) -> np.ndarray:
    """The samples in another order: a last fifth that has every class in its share; alike for the same labels."""
    ranks = np.random.default_rng(0).permutation(len(labels))
    order = ranks[np.argsort(labels[ranks], kind="stable")]  # by class, shuffled within
    last = np.arange(len(labels)) % 5 == 4
    return np.concatenate([np.sort(order[~last]), np.sort(order[last])])


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Both, one after the other: what they are parts of where they lie so in memory, or in a mapped file, else a copy."""
    whole = first.base
    if not isinstance(whole, np.ndarray) or whole is not second.base or not len(whole):
        return np.concatenate([first, second])
    start, left = divmod(first.ctypes.data - whole.ctypes.data, whole.strides[0] or 1)
    span = whole[start : start + len(first) + len(second)]
    side_by_side = first.ctypes.data + len(first) * whole.strides[0] == second.ctypes.data
    alike = all(part.strides == whole.strides and part.dtype == whole.dtype for part in (first, second))
    if left or not side_by_side or not alike or span.shape != (len(first) + len(second), *first.shape[1:]):
        return np.concatenate([first, second])
    return span


def channel_statistics(x: np.ndarray, pixel_max: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of x / pixel_max per channel; a constant channel gets 1 so that nothing is divided by 0.

    Float images keep their zero: the chip's encoder only scales them, and pads with zeros. Their deviation is that from 0. Bytes are
    counted, so that no copy of them is made: they may lie in a mapped file.
    """
    moments = []
    for channel in range(x.shape[1]):
        if x.dtype == np.uint8:
            counts = sum(
                np.bincount(x[low : low + AT_ONCE, channel].ravel(), minlength=256) for low in range(0, len(x), AT_ONCE)
            )
            values = np.arange(256) / pixel_max
            mean = np.average(values, weights=counts)
            moments.append((mean, np.sqrt(np.average(np.square(values - mean), weights=counts))))
        else:
            moments.append((0.0, np.sqrt(np.square(x[:, channel].astype(np.float64) / pixel_max).mean())))
    mean, std = (np.array(column) for column in zip(*moments))
    return mean, np.where(std > 1e-12, std, 1.0)


def float_range(*parts: np.ndarray) -> tuple[float, float] | None:
    """Lowest and highest pixel of float images; None of other samples and where there are none."""
    known = [x for x in parts if x.ndim == 4 and x.dtype.kind == "f" and len(x)]
    return (min(float(x.min()) for x in known), max(float(x.max()) for x in known)) if known else None


def sha256(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
