"""The reporter on a terminal and in a pipe, by a clock that the test turns."""

import io
import re

import pytest
from rich.console import Console

from autosnn_hw.words.progress import Bars, Lines, Silent, progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_in_a_pipe_every_epoch_is_a_line_with_its_loss_the_time_and_what_is_left(clock):
    said = []
    reporter = Lines(clock, said.append)
    reporter.advance(1, "before any stage")
    reporter.stage("super-network")
    clock.now = 5.0
    reporter.stage("super-network", 3)  # the same stage, now with what is expected
    for epoch, loss in enumerate((0.5, 0.25, 0.125), 1):
        clock.now += 50
        reporter.advance(epoch, f"loss {loss:.4f}")
    reporter.say("learnt [all of it]")
    assert said == [
        "super-network ..",
        "super-network: 1 of 3, loss 0.5000; 50 s, about 100 s left",
        "super-network: 2 of 3, loss 0.2500; 100 s, about 50 s left",
        "super-network: 3 of 3, loss 0.1250; 2 min",
        "learnt [all of it]",
    ]


def test_in_a_pipe_candidates_are_told_now_and_then_and_generations_each(clock):
    said = []
    reporter = Lines(clock, said.append)
    reporter.stage("search", 40)
    for candidate in range(1, 41):
        clock.now += 0.5
        reporter.advance(candidate)
        if candidate % 20 == 0:
            reporter.advance(candidate, f"generation {candidate // 20 - 1}, best a {candidate} %")
    assert said == [
        "search ..",
        "search: 20 of 40; 10 s, about 10 s left",
        "search: 20 of 40, generation 0, best a 20 %; 10 s, about 10 s left",
        "search: 40 of 40; 20 s",
        "search: 40 of 40, generation 1, best a 40 %; 20 s",
    ]


def test_lines_go_to_standard_error_each_in_one(capsys):
    with progress() as reporter:
        reporter.stage("finalists", 1)
        reporter.advance(1, "x" * 300)
        reporter.say("y " * 100)
    out, error = capsys.readouterr()
    assert out == "" and len(error.splitlines()) == 3 and "x" * 300 in error
    with progress(silent=True) as reporter:
        assert isinstance(reporter, Silent)
    assert capsys.readouterr() == ("", "")


def shown(bars):
    console = Console(file=io.StringIO(), width=160)
    console.print(bars.bars.get_renderable())
    return console.file.getvalue().splitlines()


def test_a_bar_says_the_time_and_what_is_left_of_slow_epochs_too(clock):
    bars = Bars(Console(file=io.StringIO(), force_terminal=True), clock)
    bars.stage("super-network", 4)
    for epoch in (1, 2):
        clock.now += 60
        bars.advance(epoch, f"loss {1 / epoch:.2f}")
    bars.advance(2)
    (line,) = shown(bars)
    assert re.search(r"super-network .* 50% 0:02:00 0:02:00 left loss 0\.50", line)
    bars.stage("search", 10)
    full, begun = shown(bars)
    assert "100%" in full and re.search(r"search .* 0% 0:00:00 -:--:-- left", begun)
