"""What each part's constants contribute to the interval of the energy. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.report.figures.canvas import BLUE, ORANGE, ROW, axis_title, empty_figure
from autosnn_hw.report.figures.layers import sums_of_parts

LARGEST = 8


def tornado(winner: Mapping[str, Any]) -> go.Figure | None:
    """How far the energy of an inference moves when one part's constants alone go to their low and high, the largest first."""
    swings = [
        (name, part["low"] - part["value"], part["high"] - part["value"])
        for name, part in sums_of_parts(winner).items()
    ]
    swings = sorted((s for s in swings if s[2] > s[1]), key=lambda s: s[1] - s[2])[:LARGEST]
    if not swings:
        return None
    title, factor = axis_title("change of the energy", [end for s in swings for end in s[1:]], "J")
    figure = empty_figure(title, "", height=max(220, 120 + ROW * len(swings)), barmode="overlay", bargap=0.3)
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    names = [name for name, _, _ in swings]
    lows, highs = [low / factor for _, low, _ in swings], [high / factor for _, _, high in swings]
    for said, values, colour in (("constants at their low", lows, BLUE), ("constants at their high", highs, ORANGE)):
        figure.add_bar(
            y=names,
            x=values,
            orientation="h",
            name=said,
            marker={"color": colour},
            hovertemplate="%{y} %{x:+.4g}<extra></extra>",
        )
    return figure
