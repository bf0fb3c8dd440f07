"""Event frames that are learnt in a second: the class is where most events are."""

import numpy as np


def easy_events(count, *, timesteps=3, channels=2, side=8, classes=3, seed=0, most=1):
    """(frames (count, T, C, H, W) of counts up to `most`, labels (count,))."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    x = rng.poisson(0.05, (count, timesteps, channels, side, side))
    for i, label in enumerate(y):
        x[i, :, :, :, label * 2 : label * 2 + 3] += rng.poisson(1.5, (timesteps, channels, side, 3))
    return np.minimum(x, most), y


def easy_arrays(train=160, test=30, *, dtype=np.uint8, **more):
    """The arrays of an npz dataset."""
    parts = {"train": easy_events(train, seed=1, **more), "test": easy_events(test, seed=2, **more)}
    return {
        f"{axis}_{part}": values
        for part, (x, y) in parts.items()
        for axis, values in (("x", x.astype(dtype)), ("y", y))
    }
