"""The tornado: its ends add up to the interval of the whole energy, largest first."""

import pytest

from autosnn_hw.report.figures.tornado import tornado


def test_its_ends_add_up_to_the_interval(winner):
    figure = tornado(winner)
    low, high = (list(trace.x) for trace in figure.data)
    total = winner["energy"]["total"]
    assert sum(high) / -sum(low) == pytest.approx((total["high"] - total["value"]) / (total["value"] - total["low"]))
    swings = [after - before for before, after in zip(low, high)]
    assert swings == sorted(swings, reverse=True)
    assert tornado({}) is None
