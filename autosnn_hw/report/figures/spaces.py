"""The quality of search spaces: of random architectures of each, the share that is at most so accurate or fires at most so much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.report.figures.canvas import BLUE, GREEN, ORANGE, RED, empty_figure

LINES = ((BLUE, "solid"), (ORANGE, "dash"), (GREEN, "dashdot"), (RED, "dot"))  # with gaps, where one lies on another


def distribution(rows: Sequence[Mapping[str, Any]], name: str, title: str, factor: float = 1.0) -> go.Figure | None:
    """Cumulative distribution of one value over the networks of each macro-architecture.

    Args:
        rows: of the document of `tables spaces`.
        name: of a seed's value; title: of the axis; factor: of the value on it.
    """
    figure = empty_figure(title, "share of networks with at most this")
    drawn = False
    for space, (colour, dash) in zip(dict.fromkeys(row["space"] for row in rows), LINES):
        values = sorted(factor * seed[name] for row in rows if row["space"] == space for seed in row["seeds"])
        if not values:
            continue
        drawn = True
        shares = [(i + 1) / len(values) for i in range(len(values))]
        line = {"color": colour, "shape": "hv", "width": 1.6, "dash": dash}
        figure.add_scatter(
            x=[values[0], *values], y=[0.0, *shares], mode="lines", line=line, name=f"{space} ({len(values)})"
        )
    return figure if drawn else None


def space_figures(document: Mapping[str, Any]) -> dict[str, go.Figure]:
    """The two figures of the table of spaces by name, as far as there is something to show."""
    rows = document["rows"]
    found = {
        "spaces-accuracy": distribution(rows, "accuracy_float", "accuracy on test samples (%)", 100),
        "spaces-spikes": distribution(rows, "spikes_float", "spikes a sample, all steps"),
    }
    return {name: figure for name, figure in found.items() if figure is not None}
