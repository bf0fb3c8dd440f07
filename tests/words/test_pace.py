"""What time is left, by a clock that the test turns, and which steps are worth a line."""

import pytest

from autosnn_hw.words.pace import MANY, Pace


def gone(pace, steps):
    """What is left after steps of (seconds, units done in all)."""
    for now, done in steps:
        pace.went(now, done)
    return pace.left()


def test_what_is_left_takes_as_long_as_what_was_done():
    assert gone(Pace(100.0, 24), [(112.0, 1), (124.0, 2)]) == pytest.approx(22 * 12)
    assert gone(Pace(0.0, 2), [(5.0, 1)]) == 5.0


@pytest.mark.parametrize(("total", "steps"), [(None, [(1.0, 1), (2.0, 2)]), (4, []), (4, [(1.0, 1), (2.0, 4)])])
def test_nothing_is_said_to_be_left_of_what_is_unknown_not_begun_or_over(total, steps):
    assert gone(Pace(0.0, total), steps) is None


def test_what_was_done_before_a_stage_was_gone_on_with_has_taken_no_time():
    pace = Pace(0.0, 24)
    assert gone(pace, [(10.0, 21)]) is None
    assert gone(pace, [(20.0, 22)]) == pytest.approx(2 * 10)
    kept = Pace(0.0, 8)
    at_once = [(0.001 * number, number) for number in range(1, 7)]
    assert gone(kept, [*at_once, (60.0, 7)]) == pytest.approx(60.0, rel=0.01)  # six came from the folder


def test_the_pace_is_that_of_late():
    fast = [(float(second), 10 * second) for second in range(1, 61)]
    slow = [(60.0 + second, 600 + second) for second in range(1, 301)]
    assert gone(Pace(0.0, 1000), [*fast, *slow]) == pytest.approx(100.0)


def test_the_way_that_is_remembered_stays_short():
    pace = Pace(0.0, 10**6)
    gone(pace, [(step / 1000, step) for step in range(1, 100_000)])
    assert len(pace._way) < 110 and pace.left() == pytest.approx(900, rel=0.01)


def lines(total, steps, seconds, *, step):
    """How many lines a stage has whose units come in so many even steps."""
    pace, count = Pace(0.0, total), 0
    for number in range(1, steps + 1):
        now, done = seconds * number / steps, total * number // steps
        if pace.due(now, done, step):
            pace.line(now, "stage", done, "")
            count += 1
    return count


@pytest.mark.parametrize(
    ("total", "steps", "seconds", "step", "expected"),
    [
        (300, 300, 3.0, True, 300),  # epochs
        (60, 60, 6.0, False, 1),  # a search that is soon over: its end
        (60, 60, 6000.0, False, 10),
        (3125, 25, 55.0, True, 5),  # a walk: subtrees of more than 10 s
        (MANY + 1, MANY + 1, 1e6, True, 91),  # hundredths, of whole units
        (10**6, 10**6, 1e5, False, 10),
    ],
)
def test_every_step_has_a_line_and_units_alone_few(total, steps, seconds, step, expected):
    assert lines(total, steps, seconds, step=step) == expected


def test_a_stage_of_unknown_length_has_ever_fewer_lines():
    pace, told = Pace(0.0), []
    for second in range(1, 10_001):
        if pace.due(second, second, True):
            pace.line(second, "placing", second, "")
            told.append(second)
    assert told[:3] == [10, 20, 30] and len(told) < 70


def test_a_line_says_stage_step_time_and_what_is_left():
    pace = Pace(0.0, 2400)
    pace.went(30.0, 600)
    pace.went(60.0, 1200)
    assert pace.line(60.0, "walk", 1200, "best a: 90.0 %") == (
        "walk: 1,200 of 2,400, best a: 90.0 %; 60 s, about 60 s left"
    )
    assert Pace(0.0).line(7.0, "placing", 3, "") == "placing: 3; 7 s"
