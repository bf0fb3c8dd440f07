"""Figures of one network's report: energy, spikes and cores by layer, energy by part. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.documents.workload import part_energy
from autosnn_hw.report.figures.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    ROW,
    axis_title,
    empty_figure,
    whisker,
)
from autosnn_hw.words.quantities import number

ROLE_COLOURS = {"own": BLUE, "relay": ORANGE, "pool": GREEN}
PART_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, "#56b4e9", "#a6a137")
PART_NAMES = {
    "synops": "synaptic operations",
    "neuron_updates": "neuron updates",
    "spikes": "spikes out",
    "messages": "messages",
    "hops": "mesh hops",
}


def layer_spikes(layers: Sequence[Mapping[str, Any]], floats: Mapping[str, float] | None = None) -> go.Figure | None:
    """Spikes of each layer an inference: own, relay and pool apart, and those of the same weights as floats (`floats`, by layer)."""
    shown = [layer for layer in layers if layer.get("spikes") is not None and layer.get("neurons")]
    if not shown:
        return None
    figure = _bars(len(shown), "spikes an inference")
    for role, colour in ROLE_COLOURS.items():
        values = [_role_spikes(layer, role) for layer in shown]
        if any(values):
            _bar(
                figure,
                [layer["name"] for layer in shown],
                values,
                role,
                colour,
                "%{y}<br>" + role + " %{x:,.1f}<extra></extra>",
            )
    known = [layer["name"] for layer in shown if layer["name"] in (floats or {})]
    if floats and known:
        figure.add_scatter(
            y=known,
            x=[floats[name] for name in known],
            mode="markers",
            name="as floats",
            marker={"color": RED, "symbol": "diamond-open", "size": 9, "line": {"width": 2}},
            hovertemplate="%{y}<br>as floats %{x:,.1f}<extra></extra>",
        )
    return figure


def _role_spikes(layer: Mapping[str, Any], role: str) -> float:
    relay = layer.get("relay_spikes") or 0.0
    if role == "relay":
        return relay
    return layer["spikes"] - relay if (layer["role"] == "pool") == (role == "pool") else 0.0


def layer_energy(layers: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Dynamic energy of each layer an inference by part, with the interval of the whole."""
    shown = [layer for layer in layers if number(layer.get("energy")) is not None]
    if not shown:
        return None
    title, factor = axis_title("dynamic energy an inference", [layer["energy"]["high"] for layer in shown], "J")
    figure = _bars(len(shown), title)
    names = [layer["name"] for layer in shown]
    parts = list(dict.fromkeys(part for layer in shown for part in layer.get("energy_parts") or {}))
    for part, colour in zip(parts, PART_COLOURS * (1 + len(parts) // len(PART_COLOURS))):
        values = [(number((layer.get("energy_parts") or {}).get(part)) or 0.0) / factor for layer in shown]
        if any(values):
            name = PART_NAMES.get(part, part.replace("_", " "))
            _bar(figure, names, values, name, colour, "%{y}<br>" + name + " %{x:.4g}<extra></extra>")
    if not parts:
        _bar(
            figure,
            names,
            [layer["energy"]["value"] / factor for layer in shown],
            "energy",
            BLUE,
            "%{y} %{x:.4g}<extra></extra>",
        )
    _whiskers(figure, names, [layer["energy"] for layer in shown], factor)
    return figure


def sums_of_parts(winner: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Interval of the energy of an inference by part over all layers in J, static beside it; what is 0 is left out."""
    parts = dict.fromkeys(part for layer in winner.get("layers") or () for part in layer.get("energy_parts") or ())
    sums: dict[str, Any] = {PART_NAMES.get(part, part.replace("_", " ")): part_energy(winner, part) for part in parts}
    static = (winner.get("energy") or {}).get("static")
    if static:
        sums["static"] = static
    return {name: interval for name, interval in sums.items() if interval["high"] > 0}


def energy_parts(winner: Mapping[str, Any]) -> go.Figure | None:
    """Energy of an inference by part over all layers, static beside it, each with its interval."""
    sums = sums_of_parts(winner)
    if not sums:
        return None
    title, factor = axis_title("energy an inference", [interval["high"] for interval in sums.values()], "J")
    figure = _bars(len(sums), title, showlegend=False)
    values = [interval["value"] / factor for interval in sums.values()]
    colours = [GREY if name == "static" else colour for name, colour in zip(sums, PART_COLOURS * 3)]
    figure.add_bar(
        y=list(sums), x=values, orientation="h", marker={"color": colours}, hovertemplate="%{y} %{x:.4g}<extra></extra>"
    )
    _whiskers(figure, list(sums), list(sums.values()), factor)
    return figure


def _bars(rows: int, x: str, **layout: Any) -> go.Figure:
    figure = empty_figure(x, "", height=max(220, 120 + ROW * rows), barmode="stack", bargap=0.3, **layout)
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    figure.update_xaxes(rangemode="tozero")
    return figure


def _bar(figure: go.Figure, names: list[str], values: list[float], name: str, colour: str, hover: str) -> None:
    figure.add_bar(y=names, x=values, orientation="h", name=name, marker={"color": colour}, hovertemplate=hover)


def _whiskers(figure: go.Figure, names: list[str], intervals: Sequence[Mapping[str, float]], factor: float) -> None:
    """Low to high of each bar's whole, as a whisker around its end."""
    ends = [interval["value"] / factor for interval in intervals]
    figure.add_scatter(
        y=names,
        x=ends,
        mode="markers",
        marker={"size": 1, "color": GREY},
        error_x=whisker(
            [(i["value"] - i["low"]) / factor for i in intervals],
            [(i["high"] - i["value"]) / factor for i in intervals],
        ),
        showlegend=False,
        hoverinfo="skip",
    )


def core_use(layers: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Cores that each layer is split over."""
    shown = [layer for layer in layers if layer.get("cores")]
    if not shown:
        return None
    figure = _bars(len(shown), "cores", showlegend=False)
    _bar(
        figure,
        [layer["name"] for layer in shown],
        [layer["cores"] for layer in shown],
        "cores",
        PURPLE,
        "%{y}: %{x} cores<extra></extra>",
    )
    figure.update_xaxes(tickformat="d", dtick=max(1, max(layer["cores"] for layer in shown) // 8))
    return figure
