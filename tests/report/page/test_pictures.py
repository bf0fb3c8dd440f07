"""Samples as PNG: what is bright is bright, each polarity has its colour, and nothing is transparent."""

import base64
import io

import numpy as np
from PIL import Image

from autosnn_hw.documents.behaviour import picture_of
from autosnn_hw.report.page.pictures import GAP, picture_uri


def pixels(sample):
    uri = picture_uri(picture_of(sample))
    assert uri.startswith("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_images_keep_their_places_and_colours():
    grey = np.zeros((1, 4, 5), np.uint8)
    grey[0, 1, 3] = 16
    assert pixels(grey).shape == (4, 5) and pixels(grey)[1, 3] == 255 and pixels(grey).sum() == 255
    coloured = np.random.default_rng(0).integers(0, 256, (3, 6, 6)).astype(np.uint8)
    assert (pixels(coloured) == coloured.transpose(1, 2, 0)).all()


def test_frames_stand_side_by_side_with_a_colour_for_each_polarity():
    frames = np.zeros((3, 2, 4, 4), np.uint8)
    frames[0, 0, 0, 0] = frames[2, 1, 3, 3] = 1
    found = pixels(frames)
    assert found.shape == (4, 3 * 4 + 2 * GAP, 4)
    off, on = found[0, 0], found[3, -1]
    assert off[3] == on[3] == 255 and off[0] > off[2] and on[2] > on[0]
    assert found[1, 1, 3] == 0
    assert picture_uri(None) is None
