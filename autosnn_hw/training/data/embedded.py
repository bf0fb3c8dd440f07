"""The data sets that come with the package: scikit-learn's digits, and events of our own camera."""

from __future__ import annotations

import numpy as np

from autosnn_hw.training.data.sources import event_camera
from autosnn_hw.training.data.sources.parts import Parts

EVENTS_TRAIN, EVENTS_TEST = 1440, 360


def digits() -> Parts:
    """1,437 and 360 grey images of 8 x 8 pixels."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    x, y = bunch.images.astype(np.uint8)[:, None], bunch.target.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=360, stratify=y, random_state=0)
    split = "scikit-learn's train_test_split(test_size=360, stratify=y, random_state=0)"
    return Parts(x_train, y_train, x_test, y_test, pixel_max=16.0, split=split)


def events() -> Parts:
    """Moving shapes as `event_camera` sees them."""
    train, test = (event_camera.samples(*part) for part in ((EVENTS_TRAIN, "train"), (EVENTS_TEST, "test")))
    return Parts(*train, *test, tuple(event_camera.SHAPES))
