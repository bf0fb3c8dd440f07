"""Every network of every seed is a point, the delivered one a star, the mean with its interval; nothing with one seed."""

import pytest
from matplotlib.collections import PathCollection

from autosnn_hw.report.figures.several_seeds import seeds
from autosnn_hw.report.paper.drawing import draw


def test_points_star_and_mean():
    networks = [
        {"seed": s, "accuracy": a, "energy": e, "delivered": not s} for s, a, e in ((0, 0.9, 2e-6), (1, 0.94, None))
    ]
    own = {"accuracies": [0.9, 0.94], "mean": 0.92, "low": 0.8, "high": 1.0, "networks": networks}
    other = {"accuracies": [0.7, 0.8], "mean": 0.75, "low": 0.5, "high": 0.9}
    figure = seeds({"winner": {"seeds": own}, "baselines": [{"name": "b", "seeds": other}]})
    points, star, mean = figure.data
    assert list(zip(points.y, points.x)) == [("winner", 94.0), ("b", 70.0), ("b", 80.0)]
    assert (list(star.y), list(star.x)) == (["winner"], [90.0]) and "2.00 µJ" in star.text[0]
    assert list(mean.x) == [92.0, 75.0]
    assert list(mean.error_x.arrayminus) == pytest.approx([12, 25]) and list(mean.error_x.array) == pytest.approx(
        [8, 15]
    )
    on_paper = [c for c in draw(figure).axes[0].collections if isinstance(c, PathCollection)]
    assert [len(drawn.get_offsets()) for drawn in on_paper] == [3, 1, 2]
    assert seeds({"winner": {"seeds": None}}) is None
