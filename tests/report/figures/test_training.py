"""Figures of training: every epoch of every curve that a summary holds, and nothing where it holds none."""

import pytest

from autosnn_hw.report.figures.training import losses, ranking, tuning
from autosnn_hw.report.paper.drawing import draw

CURVES = {"loss": [0.2, 0.1, 0.05], "integer_loss": [0.06, 0.04], "integer_accuracy": [0.5, 0.75, 0.7]}
PAIRS = [{"architecture": name, "searched": a, "delivered": b} for name, a, b in (("a", 0.7, 0.9), ("b", 0.8, 0.95), ("c", 0.6, 0.92))]  # fmt: skip
SUMMARY = {
    "supernet": {"losses": [0.4, 0.3, 0.2, 0.1]},
    "winner": {"architecture": "b", "curves": CURVES, "steps": {"inherited": 0.25}},
    "ranking": {"pairs": PAIRS},
}


def test_losses_of_super_network_and_winner_stand_by_epoch():
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in losses(SUMMARY).data}
    assert drawn["super-network"] == ([1, 2, 3, 4], SUMMARY["supernet"]["losses"])
    assert drawn["winner, integers in the loop"][1] == CURVES["integer_loss"] and len(drawn) == 3
    assert len(losses({"supernet": {"losses": [1.0]}, "winner": {"curves": {}}}).data) == 1


def test_the_tuning_begins_with_the_plainly_quantised_network():
    before, after = tuning(SUMMARY).data
    assert list(before.y) == [25.0, 25.0] and list(zip(after.x, after.y)) == [(0, 50.0), (1, 75.0), (2, 70.0)]


def test_the_winner_stands_out_among_the_ranked():
    others, winner = ranking(SUMMARY).data
    assert list(others.text) == ["a", "c"] and (list(winner.x), list(winner.y)) == ([80.0], [95.0])


@pytest.mark.parametrize("figure", [losses, tuning, ranking])
def test_paper_has_them_too_and_an_older_summary_none(figure):
    assert len(draw(figure(SUMMARY)).axes) == 1
    assert figure({"winner": {}, "ranking": {"tau": 0.5}}) is None
