"""Images of three classes that a small network learns in a few epochs."""

import numpy as np


def bars(train, test):
    """Images of 1 x 8 x 8 that are bright in one of three places."""
    random, arrays = np.random.default_rng(0), {}
    for part, count in (("train", train), ("test", test)):
        y = random.integers(0, 3, count)
        x = random.integers(0, 60, (count, 1, 8, 8))
        for image, label in zip(x, y):
            image[:, :, 2 * label : 2 * label + 3] += 150
        arrays |= {f"x_{part}": x.astype(np.uint8), f"y_{part}": y}
    return arrays
