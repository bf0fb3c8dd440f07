"""What augmentation shows is the sample, shifted, mirrored, or with a square hidden."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.training.augmentation import augmentation, crop_and_flip


def test_crop_and_flip_shows_shifted_and_mirrored_images():
    x = torch.arange(1, 2 * 3 * 32 * 32 + 1, dtype=torch.int32).view(2, 3, 32, 32)
    y = crop_and_flip(x.repeat(40, 1, 1, 1), np.random.default_rng(0))
    assert y.shape == (80, 3, 32, 32)
    padded = torch.nn.functional.pad(x, (4,) * 4)
    windows = {
        window.numpy().tobytes()
        for image in padded
        for top in range(9)
        for left in range(9)
        for window in (image[:, top : top + 32, left : left + 32], image[:, top : top + 32, left : left + 32].flip(2))
    }
    assert all(image.numpy().tobytes() in windows for image in y)
    assert len({image.numpy().tobytes() for image in y}) > 50


@pytest.mark.parametrize(
    ("name", "image", "frames", "changes"),
    [("auto", (3, 32, 32), False, True), ("auto", (3, 16, 16), False, False), ("auto", (3, 32, 32), True, False),
     ("none", (3, 32, 32), False, False), ("crop", (1, 8, 8), True, True)],
)  # fmt: skip
def test_images_like_cifars_are_cropped_and_flipped_where_nothing_else_is_said(name, image, frames, changes):
    change = augmentation(name, image, frames)
    assert (change is not None) == changes
    if changes and name == "auto":
        x = torch.randint(0, 256, (6, *image), dtype=torch.uint8)
        ours, theirs = (f(x, np.random.default_rng(3)) for f in (change, crop_and_flip))
        assert torch.equal(ours, theirs)


NAMES = st.sampled_from(["crop", "crop-flip", "crop-cutout", "crop-flip-cutout", "cutout", "flip"])


@settings(max_examples=30, deadline=None)
@given(NAMES, st.integers(0, 99))
def test_frames_of_a_sample_are_treated_alike_and_nothing_is_invented(name, seed):
    x = torch.from_numpy(np.random.default_rng(seed).integers(1, 9, (3, 1, 2, 12, 9)).astype(np.uint8)).repeat(
        1, 4, 1, 1, 1
    )
    y = augmentation(name, (2, 12, 9), True)(x, np.random.default_rng(seed))
    assert y.shape == x.shape and y.dtype == x.dtype
    assert all(torch.equal(y[:, 0], y[:, step]) for step in range(4)), "every step as the first"
    flat = augmentation(name, (2, 12, 9), False)(x[:, 0], np.random.default_rng(seed))
    assert torch.equal(flat, y[:, 0])
    if name == "flip":
        assert all(torch.equal(b, a) or torch.equal(b, a.flip(-1)) for a, b in zip(x, y))


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 20), st.integers(4, 20), st.integers(0, 99))
def test_a_square_of_half_the_side_is_hidden_or_what_of_it_lies_in_the_image(height, width, seed):
    x = torch.ones(5, 2, height, width)
    y = augmentation("cutout", (2, height, width), False)(x, np.random.default_rng(seed))
    side = min(height, width) // 2
    for image in y:
        assert torch.equal(image[0], image[1])
        rows, columns = (image[0] == 0).any(1).sum(), (image[0] == 0).any(0).sum()
        assert (image[0] == 0).sum() == rows * columns and 1 <= rows <= side and 1 <= columns <= side
