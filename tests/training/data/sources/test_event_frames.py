"""Frames count every event once, in as many events or as much time a frame, as SpikingJelly's do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import event_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.event_frames import EventStream, Framing


def events_of(count, seed=0, side=16):
    x, y, polarity, time = event_files.random_events(count, side, seed=seed).T
    return EventStream(x, y, polarity, time)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(1, 12), st.sampled_from(["events", "time"]), st.integers(0, 9))
def test_every_event_is_counted_once(count, steps, by, seed):
    events = events_of(count, seed)
    frames = Framing(steps, by).frames(events, 16)
    assert frames.shape == (steps, 2, 16, 16) and frames.sum() == count
    assert frames[:, 0].sum() == events.polarity.sum(), "channel 0 is ON"
    together = Framing(1).frames(events, 16)[0]
    np.testing.assert_array_equal(frames.sum(axis=0), together)
    expected = np.zeros((2, 16, 16), int)
    for x, y, polarity in zip(events.x, events.y, events.polarity):
        expected[1 - polarity, y, x] += 1
    np.testing.assert_array_equal(together, expected)
    sizes = frames.sum(axis=(1, 2, 3))
    if by == "events":
        assert sizes.max() - sizes.min() <= 1
    else:
        edges = events.time[0] + np.arange(steps + 1) * (events.time[-1] - events.time[0] + 1) / steps
        assert sizes.tolist() == np.histogram(events.time, edges)[0].tolist()


@pytest.mark.parametrize(("by", "theirs"), [("events", "number"), ("time", "time")])
def test_spikingjelly_makes_the_same_frames(by, theirs):
    from spikingjelly.datasets import integrate_events_by_fixed_frames_number

    x, y, polarity, time = event_files.random_events(120, 16).T
    if by == "time":  # its frames are whole microseconds long, the last a little longer
        time[0], time[-1] = 1000, 1000 + 60_000 - 1
        time = np.minimum(time, time[-1])
    ours = Framing(6, by).frames(EventStream(x, y, polarity, time), 16)
    found = integrate_events_by_fixed_frames_number({"t": time, "x": x, "y": y, "p": polarity}, theirs, 6, 16, 16)
    different = np.abs(ours[:, ::-1].astype(int) - found).sum()
    assert different <= (0 if by == "events" else 2)


def test_more_events_than_a_byte_holds_are_cut():
    many = EventStream(*(np.zeros(300, int) for _ in range(3)), np.arange(300))
    assert Framing(1).frames(many, 4)[0, 1, 0, 0] == 255


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
