"""Colours, an empty figure, axes in readable units and whiskers, for every figure of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.words.quantities import scale_of

# Okabe and Ito's palette, which keeps its differences for colour-blind readers and on light and dark ground.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#3b8bc4", "#e69f00", "#2fa37c", "#d55e00", "#b07aa1", "#8b929c"
GENERATIONS = [[0.0, "#8f79c4"], [0.5, BLUE], [1.0, GREEN]]
HEIGHT, ROW = 400, 26  # pixels: of a figure, of one bar of a bar chart


def empty_figure(x: str, y: str, *, height: int = HEIGHT, **layout: Any) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 64, "r": 24, "t": 28, "b": 52},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": GREY},
        xaxis={"title": {"text": x}, "zeroline": False},
        yaxis={"title": {"text": y}, "zeroline": False, "automargin": True},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        hoverlabel={"align": "left"},
        **layout,
    )
    return figure


def axis_title(name: str, values: Sequence[float], unit: str) -> tuple[str, float]:
    """(title with unit, factor) of an axis of values in an SI unit."""
    factor, prefix = scale_of(max((abs(v) for v in values), default=0.0))
    label = f"{prefix}{unit}"
    return (f"{name} ({label})" if label else name), factor


def whisker(minus: list[float], plus: list[float]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": minus,
        "array": plus,
        "color": GREY,
        "thickness": 1.3,
        "width": 4,
    }
