"""Frames count every event once and are SpikingJelly's, value by value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikingjelly.datasets import integrate_events_by_fixed_frames_number
from support.files import event_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.event_frames import EventStream, Framing


def events_of(count, seed=0, side=16):
    x, y, polarity, time = event_files.random_events(count, side, seed=seed).T
    return EventStream(x, y, polarity, time)


def theirs(events, split_by, steps):
    found = {"t": events.time, "x": events.x, "y": events.y, "p": events.polarity}
    return integrate_events_by_fixed_frames_number(found, split_by, steps, 16, 16)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 12), st.integers(0, 9))
def test_spikingjelly_makes_the_same_frames_of_numbers(count, steps, seed):
    events = events_of(count, seed)
    frames = Framing(steps).frames(events, 16)
    np.testing.assert_array_equal(frames, theirs(events, "number", steps))
    assert frames.sum(axis=(1, 2, 3))[:-1].tolist() == [count // steps] * (steps - 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 12), st.integers(0, 9))
def test_spikingjelly_makes_the_same_frames_of_times(count, steps, seed):
    events = events_of(count, seed)
    frames = Framing(steps, "time").frames(events, 16)
    assert frames.sum() == count, "every event is counted once"
    try:
        found = theirs(events, "time", steps)
    except IndexError:  # a frame that no event falls into, or all within T microseconds
        return
    np.testing.assert_array_equal(frames, found)


@given(st.sampled_from(["events", "time"]), st.integers(1, 9))
def test_a_channel_is_a_polarity(by, seed):
    events = events_of(50, seed)
    expected = np.zeros((2, 16, 16), int)
    for x, y, polarity in zip(events.x, events.y, events.polarity):
        expected[polarity, y, x] += 1
    np.testing.assert_array_equal(Framing(1, by).frames(events, 16)[0], expected)


def test_more_events_than_a_byte_holds_are_cut():
    many = EventStream(*(np.zeros(300, int) for _ in range(3)), np.arange(300))
    assert Framing(1).frames(many, 4)[0, 0, 0, 0] == 255


@pytest.mark.parametrize(
    ("name", "framing"),
    [("nmnist", Framing(10)), ("nmnist:4", Framing(4)), ("x:4:time", Framing(4, "time")), ("x:4:events", Framing(4))],
)
def test_names_say_how(name, framing):
    assert Framing.of(name, 10) == framing


@pytest.mark.parametrize("name", ["x:0", "x:-1", "x:", "x:²", "x:99999999", "x:4:place", "x:4:time:9", "x:time"])
def test_other_names_are_refused(name):
    with pytest.raises(
        InputError, match="unknown data set 'x:.*x:T takes a number of frames from 1 to .*, and x:T:time"
    ):
        Framing.of(name, 10)
