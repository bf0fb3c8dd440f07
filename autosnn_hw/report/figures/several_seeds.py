"""Figure of several seeds: every network by its accuracy, and the mean of each architecture. None with one seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.documents.searches.several_seeds import by_seed
from autosnn_hw.report.figures.canvas import BLUE, GREY, ORANGE, empty_figure, whisker
from autosnn_hw.words.quantities import percent, quantity

ROW = 44  # pixels of one architecture


def seeds(summary: Mapping[str, Any]) -> go.Figure | None:
    """Test accuracy of winner and baselines by seed; the delivered network is a star, the mean a bar with its 95 % interval."""
    entries = by_seed(summary)
    if not entries:
        return None
    figure = empty_figure("right of the test samples (%)", "", height=130 + ROW * len(entries))
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    for name, delivered, colour, symbol, size in (
        ("a seed", False, BLUE, "circle", 9),
        ("delivered", True, ORANGE, "star", 16),
    ):
        shown = [(e["name"], one) for e in entries for one in e["networks"] if one["delivered"] == delivered]
        if shown:
            figure.add_scatter(
                x=[100 * one["accuracy"] for _, one in shown],
                y=[entry for entry, _ in shown],
                text=[_said(entry, one) for entry, one in shown],
                hovertemplate="%{text}<extra></extra>",
                mode="markers",
                name=name,
                marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.85},
            )
    means = [entry["accuracy"] for entry in entries]
    figure.add_scatter(
        x=[100 * mean["mean"] for mean in means],
        y=[entry["name"] for entry in entries],
        error_x=whisker(
            [100 * (mean["mean"] - mean["low"]) for mean in means],
            [100 * (mean["high"] - mean["mean"]) for mean in means],
        ),
        mode="markers",
        name="mean, 95 % of it",
        marker={"color": GREY, "symbol": "line-ns", "size": 16, "line": {"width": 2.4, "color": GREY}},
        hovertemplate="%{y}: mean %{x:.2f} %<extra></extra>",
    )
    return figure


def _said(name: str, one: Mapping[str, Any]) -> str:
    energy = "" if one["energy"] is None else f", {quantity(one['energy'], 'J')}"
    return f"{name}, seed {one['seed']}: {percent(one['accuracy'])}{energy}"
