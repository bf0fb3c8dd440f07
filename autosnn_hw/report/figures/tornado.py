"""What each constant of the target contributes to the interval of the energy. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.report.figures.canvas import BLUE, ORANGE, ROW, axis_title, empty_figure

LARGEST = 8


def tornado(winner: Mapping[str, Any]) -> go.Figure | None:
    """How far the energy of an inference moves when one constant alone goes to its low and its high, the largest first."""
    shown = (winner.get("constants") or ())[:LARGEST]
    if not shown:
        return None
    energies = [one["energy"] for one in shown]
    lows, highs = ([energy[end] - energy["value"] for energy in energies] for end in ("low", "high"))
    title, factor = axis_title("change of the energy", [*lows, *highs], "J")
    figure = empty_figure(title, "", height=max(220, 120 + ROW * len(shown)), barmode="overlay", bargap=0.3)
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    names = [constant_name(one["name"]) for one in shown]
    for said, values, colour in (("constant at its low", lows, BLUE), ("constant at its high", highs, ORANGE)):
        figure.add_bar(
            y=names,
            x=[value / factor for value in values],
            orientation="h",
            name=said,
            marker={"color": colour},
            hovertemplate="%{y} %{x:+.4g}<extra></extra>",
        )
    return figure


def constant_name(name: str) -> str:
    """ "energy.synop_dense" as "synop dense (energy)"; the i-th point of the barrier as "barrier, point i (time)"."""
    section, key, *index = name.split(".")
    point = f", point {int(index[0]) + 1}" if index else ""
    return f"{key.replace('_', ' ')}{point} ({section})"
