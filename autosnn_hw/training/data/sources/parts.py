"""`Parts`: what a reader of a dataset's files hands on, training and test samples with their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.seeds import generator


@dataclass(frozen=True, eq=False)
class Parts:
    """Samples as they are stored, in an order whose last fifth may be held out.

    Args:
        x_train, x_test: uint8 images (N, C, H, W), or event frames uint8 (N, T, C, H, W); of npz files also the other types and forms that
            `sample_arrays.checked_inputs` knows. x_train is empty where a file has none and none was asked for.
        y_train, y_test: int64 (N,), or of length 0 where there are no labels.
        class_names: one a class.
        validation: samples and labels that the source itself holds out.
        pixel_max: largest pixel where it is not what the type says.
        notes: what was made of the arrays, in sentences.
        split: which samples are for testing, in words.
        preprocessing: what was done with a sample, in words.
        sha256: of all arrays, where it is known already.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...] = ()
    validation: tuple[np.ndarray, np.ndarray] | None = None
    pixel_max: float | None = None
    notes: tuple[str, ...] = ()
    split: str = "the source's own"
    preprocessing: str = "none"
    sha256: str | None = None


def shuffled(count: int) -> np.ndarray:
    """int64 (count,): the order in which samples that lie class by class are taken, the same everywhere."""
    return generator(0, "order of files", count).permutation(count)
