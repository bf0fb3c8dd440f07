"""What an import makes of the samples of a file: frames or images."""

import numpy as np
import pytest
from support.files import npz_files

from autosnn_hw.errors import InputError
from autosnn_hw.importing.import_data import given_data, load_data

GREY = np.random.default_rng(0).random((6, 8, 9)).astype(np.float32)


def test_grey_images_of_floats_are_images_with_one_channel(tmp_path):
    found = load_data(npz_files.write(tmp_path / "a.npz", x_test=GREY), samples=4)
    assert found.samples.shape == (4, 1, 8, 9) and found.pixel_max == 1
    np.testing.assert_array_equal(found.samples[:, 0], GREY[:4])


def test_spike_trains_are_frames_and_samples_that_are_given_are_what_they_were(tmp_path):
    name = npz_files.write(tmp_path / "a.npz", x_test=(GREY > 0.5).astype(np.float32))
    found = load_data(name)
    assert found.samples.shape == GREY.shape and found.pixel_max is None
    with pytest.raises(InputError, match="holds spike frames; --pixel-max is for images"):
        load_data(name, pixel_max=255)
    assert given_data(GREY).pixel_max is None and given_data(GREY).samples.shape == GREY.shape
