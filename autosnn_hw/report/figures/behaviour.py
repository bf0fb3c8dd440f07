"""Figures of how a network behaves: how often its neurons fire, and one sample spike by spike. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.report.figures.canvas import BLUE, GREEN, GREY, ORANGE, ROW, empty_figure
from autosnn_hw.words.quantities import numbered

RATE_COLOURS = (
    GREY,
    "#cfe3f3",
    "#8fc1e3",
    "#4a97cc",
    "#1d6aa5",
    "#0b3c66",
)  # dark is often: read without colour vision, too
ROLE_COLOURS = {"block": BLUE, "pool": GREEN, "readout": ORANGE}
GAP = 1.5  # steps between two layers of a raster


def firing_rates(behaviour: Mapping[str, Any]) -> go.Figure | None:
    """Of each layer, the share of its neurons by how often they fire."""
    layers = [layer for layer in behaviour.get("layers") or () if layer.get("rates") and layer["neurons"]]
    if not layers:
        return None
    figure = empty_figure("neurons of the layer (%)", "", height=max(240, 140 + ROW * len(layers)), barmode="stack", bargap=0.3)  # fmt: skip
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    figure.update_xaxes(range=[0, 100])
    for index, (name, colour) in enumerate(zip(rate_names(behaviour["rate_edges"]), RATE_COLOURS)):
        figure.add_bar(
            y=[layer["name"] for layer in layers],
            x=[100 * layer["rates"][index] / sum(layer["rates"]) for layer in layers],
            orientation="h",
            name=name,
            marker={"color": colour},
            text=[f"{layer['rates'][index]:,} of {layer['neurons']:,} neurons" for layer in layers],
            textposition="none",
            hovertemplate="%{y}, " + name + "<br>%{text}, %{x:.1f} %<extra></extra>",
        )
    return figure


def rate_names(edges: list[float]) -> list[str]:
    """Names of the classes of `rates`: never, and up to each edge."""
    return ["never", *(f"up to {100 * edge:g} %" for edge in edges)]


def raster(behaviour: Mapping[str, Any]) -> go.Figure | None:
    """One sample: a panel of T steps a layer, a mark a spike, the layers' neurons over the whole height."""
    found = behaviour.get("raster") or {}
    layers = found.get("layers") or []
    if not layers:
        return None
    steps = found["steps"]
    figure = empty_figure(f"{numbered(steps, 'step')} of each layer, left to right", "neurons", height=420)
    width = steps + GAP
    for role, colour in ROLE_COLOURS.items():
        marks = [
            (index * width + step, row / max(1, layer["shown"] - 1), layer["name"], step + 1)
            for index, layer in enumerate(layers)
            if layer["role"] == role
            for step, row in layer["spikes"]
        ]
        if marks:
            figure.add_scatter(
                x=[x for x, _, _, _ in marks],
                y=[round(y, 3) for _, y, _, _ in marks],
                mode="markers",
                name=role,
                marker={"color": colour, "symbol": "square", "size": 4},
                hoverinfo="skip",
            )
    middles = [index * width + (steps - 1) / 2 for index in range(len(layers))]
    ends = [-0.8, len(layers) * width - GAP - 0.2]
    figure.update_xaxes(
        tickvals=middles, ticktext=[layer["name"] for layer in layers], tickangle=-45, range=ends, showgrid=False, automargin=True
    )  # fmt: skip
    figure.update_yaxes(showticklabels=False, showgrid=False, range=[-0.03, 1.03])
    return figure
