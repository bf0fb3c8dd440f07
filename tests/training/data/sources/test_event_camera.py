import numpy as np
import pytest

from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import event_camera


@pytest.fixture(scope="module")
def events():
    return datasets.load("events")


def test_the_dataset_is_frames_of_balanced_classes(events):
    assert events.is_frames and events.timesteps == datasets.timesteps_of("events") == event_camera.STEPS
    assert events.image == (2, 16, 16) and events.classes == len(event_camera.SHAPES) == len(events.class_names)
    assert [len(part) for part in (events.x_train, events.x_val, events.x_test)] == [1152, 288, 360]
    for x, y in (events.full_train(), (events.x_test, events.y_test)):
        assert x.dtype == np.uint8 and x.max() == 1 and np.ptp(np.bincount(y)) <= 1
    assert events.notes == ()


def test_it_is_drawn_from_its_seed_alone():
    one, other, two = (event_camera.samples(12, part) for part in ("train", "test", "train"))
    assert all(np.array_equal(a, b) for a, b in zip(one, two)) and not np.array_equal(one[0], other[0])


def test_a_still_scene_gives_noise_alone(monkeypatch):
    still = np.ones((event_camera.STEPS * event_camera.SUBSTEPS + 1, 4, 8, 8))
    noise = event_camera._events(still, np.random.default_rng(0))
    assert 0 < noise.mean() < 4 * event_camera.NOISE
    monkeypatch.setattr(event_camera, "NOISE", 0.0)
    assert not event_camera._events(still, np.random.default_rng(0)).any()


def test_what_grows_brighter_is_on_and_what_grows_darker_is_off(monkeypatch):
    monkeypatch.setattr(event_camera, "NOISE", 0.0)
    looks = event_camera.STEPS * event_camera.SUBSTEPS + 1
    scene = np.zeros((looks, 1, 8, 8))
    scene[:, :, 0, 0], scene[:, :, 7, 7] = np.linspace(0, 3, looks)[:, None], np.linspace(0, -3, looks)[:, None]
    frames = event_camera._events(scene, np.random.default_rng(0))
    on, off = frames[0].sum(axis=0)
    assert on[0, 0] > 2 and off[7, 7] > 2 and on.sum() == on[0, 0] and off.sum() == off[7, 7]


def test_the_two_polarities_lie_on_two_sides_of_a_moving_shape():
    frames, _ = event_camera.samples(60, "train")
    events = frames.sum(axis=1).astype(float)  # (N, 2, H, W)
    events /= events.sum(axis=(2, 3), keepdims=True)
    centres = np.stack([(events * grid).sum(axis=(2, 3)) for grid in np.mgrid[:16, :16]])
    assert np.median(np.hypot(*(centres[:, :, 0] - centres[:, :, 1]))) > 1.5
