"""Figures of the report, as plotly figures from plain data. SVG traces only; None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.pareto import pareto_front
from autosnn_hw.report.units import number, quantity, scale_of
from autosnn_hw.report.verdict import OBJECTIVE_NAMES, OBJECTIVE_UNITS, accuracy_of, total_energy

# Okabe and Ito's palette, which keeps its differences for colour-blind readers and on light and dark ground.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#3b8bc4", "#e69f00", "#2fa37c", "#d55e00", "#b07aa1", "#8b929c"
ROLE_COLOURS = {"own": BLUE, "relay": ORANGE, "pool": GREEN}
PART_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, "#56b4e9", "#a6a137")
PART_NAMES = {
    "synops": "synaptic operations",
    "neuron_updates": "neuron updates",
    "spikes": "spikes out",
    "messages": "messages",
    "hops": "mesh hops",
}
HEIGHT, ROW = 400, 26  # pixels: of a figure, of one bar of a bar chart


def _figure(x: str, y: str, *, height: int = HEIGHT, **layout: Any) -> go.Figure:
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
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"align": "left"},
        **layout,
    )
    return figure


def _axis(name: str, values: Sequence[float], unit: str) -> tuple[str, float]:
    """(title with unit, factor) of an axis of values in an SI unit."""
    factor, prefix = scale_of(max((abs(v) for v in values), default=0.0))
    label = f"{prefix}{unit}"
    return (f"{name} ({label})" if label else name), factor


def search_scatter(candidates: Sequence[Mapping[str, Any]], winner: str | None, objective: str) -> go.Figure | None:
    """Accuracy against cost: every candidate, the front of the feasible ones, the measured ones ringed, and the winner."""
    known = [c for c in candidates if c.get("accuracy") is not None and c.get("cost") is not None]
    if not known:
        return None
    title, factor = _axis(
        OBJECTIVE_NAMES.get(objective, objective), [c["cost"] for c in known], OBJECTIVE_UNITS.get(objective, "")
    )
    figure = _figure(title, "accuracy on validation samples (%)")
    fit = [c for c in known if c.get("feasible")]
    groups: list[tuple[str, list[Mapping[str, Any]], dict[str, Any]]] = [
        ("infeasible", [c for c in known if not c.get("feasible")], {"color": GREY, "symbol": "x", "size": 7, "opacity": 0.6}),
        ("mean-cost sample", [c for c in fit if c["generation"] < 0], {"color": GREY, "size": 7, "opacity": 0.75}),
        ("searched", [c for c in fit if c["generation"] >= 0], {"size": 8, "color": [c["generation"] for c in fit if c["generation"] >= 0]}),
    ]  # fmt: skip
    for name, group, marker in groups:
        if not group:
            continue
        if name == "searched":
            marker |= {"colorscale": "Viridis", "colorbar": {"title": {"text": "generation"}, "thickness": 10, "outlinewidth": 0, "dtick": max(1, len(set(marker["color"])) // 6)}}  # fmt: skip
        figure.add_scatter(**_points(group, factor), name=name, mode="markers", marker=marker)
    ringed = [c for c in fit if c.get("measured_energy") is not None]
    if ringed:
        ring = {"symbol": "circle-open", "size": 15, "color": RED, "line": {"width": 1.6}}
        figure.add_scatter(**_points(ringed, factor), name="measured", mode="markers", marker=ring)
    front = [fit[i] for i in pareto_front([(c["accuracy"], c["cost"]) for c in fit])]
    if front:
        line = {"color": ORANGE, "shape": "hv", "width": 1.6}
        figure.add_scatter(**_points(front, factor), name="front", mode="lines", line=line)
    chosen = [c for c in known if c["genotype"] == winner]
    if chosen:
        star = {"symbol": "star", "size": 19, "color": ORANGE, "line": {"width": 1, "color": "#7a4b00"}}
        figure.add_scatter(**_points(chosen, factor), name="winner", mode="markers", marker=star)
    return figure


def _points(group: Sequence[Mapping[str, Any]], factor: float) -> dict[str, Any]:
    return {
        "x": [c["cost"] / factor for c in group],
        "y": [100 * c["accuracy"] for c in group],
        "text": [f"{c['genotype']}<br>generation {c['generation']}, {c.get('source') or 'modelled'}, {c.get('cores') or '?'} cores" for c in group],
        "hovertemplate": "%{text}<br>accuracy %{y:.2f} %, cost %{x:.4g}<extra></extra>",
    }  # fmt: skip


def fitness_by_generation(candidates: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Fitness of every feasible candidate, and the best so far."""
    known = [c for c in candidates if c.get("feasible") and c.get("fitness") is not None]
    if not known:
        return None
    generations = sorted({c["generation"] for c in known})
    best = [max(c["fitness"] for c in known if c["generation"] <= g) for g in generations]
    mean = [_mean([c["fitness"] for c in known if c["generation"] == g]) for g in generations]
    figure = _figure("generation (-1: the mean-cost sample)", "fitness")
    figure.update_xaxes(dtick=max(1, len(generations) // 10))
    figure.add_scatter(
        x=[c["generation"] for c in known],
        y=[c["fitness"] for c in known],
        text=[c["genotype"] for c in known],
        hovertemplate="%{text}<br>fitness %{y:.4f}<extra></extra>",
        mode="markers",
        name="candidates",
        marker={"color": BLUE, "size": 7, "opacity": 0.55},
    )
    figure.add_scatter(
        x=generations, y=mean, mode="lines", name="mean of the generation", line={"color": GREY, "dash": "dot"}
    )
    figure.add_scatter(
        x=generations, y=best, mode="lines", name="best so far", line={"color": ORANGE, "shape": "hv", "width": 2.5}
    )
    return figure


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def layer_spikes(layers: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Spikes of each layer an inference: own, relay and pool apart."""
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
    title, factor = _axis("dynamic energy an inference", [layer["energy"]["high"] for layer in shown], "J")
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


def energy_parts(winner: Mapping[str, Any]) -> go.Figure | None:
    """Energy of an inference by part over all layers, static beside it, each with its interval."""
    sums: dict[str, dict[str, float]] = {}
    for layer in winner.get("layers") or ():
        for part, energy in (layer.get("energy_parts") or {}).items():
            into = sums.setdefault(
                PART_NAMES.get(part, part.replace("_", " ")), {"value": 0.0, "low": 0.0, "high": 0.0}
            )
            for bound in into:
                into[bound] += energy[bound]
    static = (winner.get("energy") or {}).get("static")
    if static:
        sums["static"] = static
    sums = {name: interval for name, interval in sums.items() if interval["high"] > 0}
    if not sums:
        return None
    title, factor = _axis("energy an inference", [interval["high"] for interval in sums.values()], "J")
    figure = _bars(len(sums), title, showlegend=False)
    values = [interval["value"] / factor for interval in sums.values()]
    colours = [GREY if name == "static" else colour for name, colour in zip(sums, PART_COLOURS * 3)]
    figure.add_bar(
        y=list(sums), x=values, orientation="h", marker={"color": colours}, hovertemplate="%{y} %{x:.4g}<extra></extra>"
    )
    _whiskers(figure, list(sums), list(sums.values()), factor)
    return figure


def _bars(rows: int, x: str, **layout: Any) -> go.Figure:
    figure = _figure(x, "", height=max(220, 120 + ROW * rows), barmode="stack", bargap=0.3, **layout)
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
        error_x=_error(
            [(i["value"] - i["low"]) / factor for i in intervals],
            [(i["high"] - i["value"]) / factor for i in intervals],
        ),
        showlegend=False,
        hoverinfo="skip",
    )


def _error(minus: list[float], plus: list[float]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": minus,
        "array": plus,
        "color": GREY,
        "thickness": 1.3,
        "width": 4,
    }


def baselines(summary: Mapping[str, Any]) -> go.Figure | None:
    """Test accuracy against energy, with its interval: the winner and the baselines that were trained alike."""
    entries = [("winner", summary.get("winner") or {}), *((b["name"], b) for b in summary.get("baselines") or ())]
    points = [(name, accuracy_of(e.get("accuracy")), total_energy(e.get("energy"))) for name, e in entries]
    known = [(name, a, e) for name, a, e in points if a is not None and e and e.get("value") is not None]
    if len(known) < 2:
        return None
    title, factor = _axis("energy an inference", [e["value"] for _, _, e in known], "J")
    figure = _figure(title, "test accuracy (%)", showlegend=False)
    for (name, accuracy, energy), colour in zip(known, (ORANGE, *(BLUE,) * (len(known) - 1))):
        figure.add_scatter(
            x=[energy["value"] / factor],
            y=[100 * accuracy],
            text=[name],
            textposition="top center",
            mode="markers+text",
            marker={"size": 17 if name == "winner" else 11, "symbol": "star" if name == "winner" else "circle", "color": colour},
            error_x=_error([(energy["value"] - energy.get("low", energy["value"])) / factor], [(energy.get("high", energy["value"]) - energy["value"]) / factor]),
            hovertemplate=f"{name}<br>accuracy %{{y:.2f}} %<br>{quantity(energy['value'], 'J')}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(range=_wide([100 * a for _, a, _ in known]))
    return figure


def _wide(values: Sequence[float]) -> list[float]:
    margin = max(0.5, 0.35 * (max(values) - min(values)))
    return [min(values) - margin, max(values) + margin]


def feedback(candidates: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Modelled against measured energy of the same samples, and the line where they are equal."""
    known = [
        c for c in candidates if c.get("measured_energy") is not None and c.get("measured_modelled_energy") is not None
    ]
    if not known:
        return None
    values = [c[name] for c in known for name in ("measured_energy", "measured_modelled_energy")]
    title, factor = _axis("modelled energy an inference", values, "J")
    figure = _figure(title, title.replace("modelled", "measured"), showlegend=False)
    low, high = min(values) / factor * 0.97, max(values) / factor * 1.03
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[c["measured_modelled_energy"] / factor for c in known],
        y=[c["measured_energy"] / factor for c in known],
        text=[c["genotype"] for c in known],
        hovertemplate="%{text}<br>modelled %{x:.4g}, measured %{y:.4g}<extra></extra>",
        mode="markers",
        marker={"size": 10, "color": RED},
    )
    return figure


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
    figure.update_xaxes(tickformat="d")
    return figure
