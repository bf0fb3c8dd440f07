"""The tornado: each constant alone, as the document has it, largest first."""

import pytest

from autosnn_hw.report.figures.tornado import LARGEST, constant_name, tornado


def test_its_ends_are_those_of_the_document_largest_first(winner):
    figure = tornado(winner)
    low, high = (list(trace.x) for trace in figure.data)
    shown = winner["constants"][:LARGEST]
    assert list(figure.data[0].y) == [constant_name(one["name"]) for one in shown]
    energy = shown[0]["energy"]
    assert high[0] / low[0] == pytest.approx((energy["high"] - energy["value"]) / (energy["low"] - energy["value"]))
    swings = [after - before for before, after in zip(low, high)]
    assert swings == sorted(swings, reverse=True) and swings[-1] > 0
    assert tornado({}) is None


def test_constants_have_names_that_can_be_read():
    assert constant_name("energy.synop_dense") == "synop dense (energy)"
    assert constant_name("time.barrier.0") == "barrier, point 1 (time)"
