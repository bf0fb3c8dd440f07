"""What search_quality.py compares: fronts and shrunken images."""

import numpy as np
import pytest
import search_quality


def of(accuracy, energy):
    return {"accuracy": accuracy, "energy": energy}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (of(0.97, 2.0), (True, True, True)),  # as accurate, dearer
        (of(0.97, 1.0), (True, True, True)),  # the same point
        (of(0.975, 0.9), (False, True, True)),  # better in both, in accuracy by less than noise
        (of(1.0, 0.9), (False, False, False)),
        (of(1.0, 1.1), (True, True, False)),  # another point of the front
        (of(0.5, 0.1), (True, True, True)),
    ],
)
def test_where_a_winner_stands_to_the_front_of_others(other, said):
    assert tuple(search_quality.against_front(of(0.97, 1.0), [other], 360).values()) == said


def test_images_are_halved_by_means():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 6), dtype=np.uint8)
    small = search_quality.halved(images)
    assert small.shape == (2, 3, 2, 3) and small.dtype == np.uint8
    assert small[1, 2, 1, 0] == np.round(images[1, 2, 2:4, 0:2].mean())
