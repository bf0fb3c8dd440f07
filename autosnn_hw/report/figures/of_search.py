"""Figures of a search, as plotly figures from plain data. SVG traces only; None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.config.objectives import unit_of, words_of
from autosnn_hw.documents.accuracy import best_known
from autosnn_hw.documents.searches.trade_off import priced_once_trained
from autosnn_hw.documents.searches.verdict import accuracy_of, alike, total_energy
from autosnn_hw.pareto import pareto_front
from autosnn_hw.report.figures.canvas import (
    BLUE,
    GENERATIONS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    axis_title,
    empty_figure,
    whisker,
)
from autosnn_hw.words.quantities import quantity

MANY = 100  # candidates of which the poorest fiftieth may lie below the axis
LABEL = 0.055  # height of a label, as a share of the axis


def search_scatter(
    candidates: Sequence[Mapping[str, Any]],
    winner: str | None,
    objective: str,
    finalists: Sequence[Mapping[str, Any]] = (),
    baselines: Sequence[Mapping[str, Any]] = (),
) -> go.Figure | None:
    """Accuracy against cost, each candidate twice where its final accuracy is known or expected: with inherited weights, and
    corrected by what others measured or measured itself; the front by the best known accuracy; those run in Lava or on the board
    ringed; the winner with its intervals. At a final accuracy a candidate stands at its final cost, as far as that is known."""
    known = [c for c in candidates if c.get("accuracy") is not None and c.get("cost") is not None]
    if not known:
        return None
    title, factor = axis_title(words_of(objective), [c["cost"] for c in known], unit_of(objective))
    figure = empty_figure(title, "accuracy on validation samples (%)")
    made = {one["architecture"]: one.get("accuracy") for one in finalists}
    final = [one for c in known if (one := _final(c, made)) is not None]
    fit = [c for c in known if c.get("feasible")]
    searched = [c for c in fit if c["generation"] >= 0]
    evolved = len({c["generation"] for c in searched}) > 1  # a walk has no generations to tell apart
    pale = 0.4 if final else 0.55
    groups: list[tuple[str, list[Mapping[str, Any]], dict[str, Any]]] = [
        ("infeasible", [c for c in known if not c.get("feasible")], {"color": GREY, "symbol": "x", "size": 7, "opacity": 0.6}),
        ("mean-cost sample", [c for c in fit if c["generation"] < 0], {"color": GREY, "size": 7, "opacity": 0.75}),
        ("inherited weights", searched, {"size": 7, "color": [c["generation"] for c in searched] if evolved else BLUE, "opacity": 1.0 if evolved else pale}),
    ]  # fmt: skip
    for name, group, marker in groups:
        if not group:
            continue
        if name == "inherited weights" and evolved:
            marker |= {"colorscale": GENERATIONS, "colorbar": {"title": {"text": "generation"}, "thickness": 10, "outlinewidth": 0, "dtick": max(1, len(set(marker["color"])) // 6)}}  # fmt: skip
        figure.add_scatter(**_points(group, factor), name=name, mode="markers", marker=marker)
    ringed = [c for c in fit if c.get("measured_energy") is not None]
    if ringed:
        ring = {"symbol": "circle-open", "size": 15, "color": RED, "line": {"width": 1.6}}
        figure.add_scatter(**_points(ringed, factor), name="run in Lava or board", mode="markers", marker=ring)
    best = {c["genotype"]: c for c in final}
    ranked = [best.get(c["genotype"], c) for c in fit]
    front = [ranked[i] for i in pareto_front([(c["accuracy"], c["cost"]) for c in ranked])]
    _final_points(figure, final, factor)
    if front:
        line = {"color": ORANGE, "shape": "hv", "width": 1.6}
        figure.add_scatter(**_points(front, factor), name="front", mode="lines", line=line)
    named = [
        {**c, "genotype": f"{one['name']}: {c['genotype']}"}
        for one in baselines
        for c in [*final, *known]
        if c["genotype"] == one.get("architecture")
    ]
    named = list({c["genotype"]: c for c in reversed(named)}.values())  # at its best known accuracy
    if named:
        diamond = {"symbol": "diamond", "size": 11, "color": PURPLE, "line": {"width": 1, "color": "#ffffff"}}
        figure.add_scatter(**_points(named, factor), name="baselines", mode="markers", marker=diamond)
    if final and len(known) >= MANY:  # a few poor ones would press all others together; zooming out shows them
        accuracies = sorted(100 * c["accuracy"] for c in [*known, *final])
        least = accuracies[len(accuracies) // 50]
        figure.update_yaxes(
            range=[least - 0.06 * (accuracies[-1] - least), accuracies[-1] + 0.06 * (accuracies[-1] - least)]
        )
    chosen = [c for c in [*final, *known] if c["genotype"] == winner][:1]
    if chosen:
        star = {"symbol": "star", "size": 19, "color": ORANGE, "line": {"width": 1, "color": "#7a4b00"}}
        ends = _ends(chosen[0], objective, factor)
        figure.add_scatter(**_points(chosen, factor), **ends, name="winner", mode="markers", marker=star)
    return figure


def _final(candidate: Mapping[str, Any], made: Mapping[str, float | None]) -> dict[str, Any] | None:
    """The candidate at its accuracy with final weights, with "low", "high" and "known" (measured or corrected); None where
    nothing is known of it."""
    said = best_known(candidate, made)
    if said["source"] == "inherited":
        return None
    known = {"accuracy": said["value"], "known": said["source"], "low": said["low"], "high": said["high"]}
    return {**priced_once_trained(candidate), **known}


def _final_points(figure: go.Figure, final: Sequence[Mapping[str, Any]], factor: float) -> None:
    corrected = [c for c in final if c["known"] != "measured" and c.get("feasible")]
    if corrected:
        open_circle = {"symbol": "circle-open", "size": 6, "color": GREEN, "line": {"width": 1}}
        figure.add_scatter(
            **_points(corrected, factor), name="corrected (expected)", mode="markers", marker=open_circle
        )
    measured = [c for c in final if c["known"] == "measured"]
    if measured:
        square = {"symbol": "square", "size": 9, "color": GREEN, "line": {"width": 1, "color": "#ffffff"}}
        figure.add_scatter(
            **_points(measured, factor),
            error_y=_accuracy_whisker(measured),
            name="measured (finalists)",
            mode="markers",
            marker=square,
        )


def _accuracy_whisker(group: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if any(c.get("low") is None or c.get("high") is None for c in group):
        return None
    return whisker(
        [100 * (c["accuracy"] - c["low"]) for c in group], [100 * (c["high"] - c["accuracy"]) for c in group]
    )


def _ends(candidate: Mapping[str, Any], objective: str, factor: float) -> dict[str, Any]:
    """Intervals of one point on both axes, as far as they are known: of the samples, and of the target's constants."""
    low, high, cost = candidate.get("energy_low"), candidate.get("energy_high"), candidate["cost"]
    across = None
    if objective == "energy" and low is not None and high is not None and low <= cost <= high:
        across = whisker([(cost - low) / factor], [(high - cost) / factor])
    return {"error_x": across, "error_y": _accuracy_whisker([candidate])}


def _points(group: Sequence[Mapping[str, Any]], factor: float) -> dict[str, Any]:
    return {
        "x": [float(f"{c['cost'] / factor:.6g}") for c in group],
        "y": [float(f"{100 * c['accuracy']:.6g}") for c in group],
        "text": [f"{c['genotype']}<br>{_known_how(c)}, {c.get('cores') or '?'} cores" for c in group],
        "hovertemplate": "%{text}<br>accuracy %{y:.2f} %, cost %{x:.4g}<extra></extra>",
    }  # fmt: skip


def _known_how(candidate: Mapping[str, Any]) -> str:
    how = candidate.get("known") or "inherited weights"
    return f"generation {candidate['generation']}, {how}, energy {candidate.get('source') or 'modelled'}"


def fitness_by_generation(candidates: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Fitness of every feasible candidate, and the best so far. None for a walk: it has no generations."""
    known = [c for c in candidates if c.get("feasible") and c.get("fitness") is not None]
    if len({c["generation"] for c in known if c["generation"] >= 0}) < 2:
        return None
    generations = sorted({c["generation"] for c in known})
    best = [max(c["fitness"] for c in known if c["generation"] <= g) for g in generations]
    mean = [_mean([c["fitness"] for c in known if c["generation"] == g]) for g in generations]
    figure = empty_figure("generation (-1: the mean-cost sample)", "fitness")
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


def baselines(summary: Mapping[str, Any]) -> go.Figure | None:
    """Test accuracy against energy, with its interval: the winner and the baselines that were trained alike."""
    entries = [("winner", summary.get("winner") or {}), *((b["name"], b) for b in alike(summary))]
    points = [(name, accuracy_of(e.get("accuracy")), total_energy(e.get("energy"))) for name, e in entries]
    known = [(name, a, e) for name, a, e in points if a is not None and e and e.get("value") is not None]
    if len(known) < 2:
        return None
    title, factor = axis_title("energy an inference", [e["value"] for _, _, e in known], "J")
    figure = empty_figure(title, "test accuracy (%)", showlegend=False)
    for name, accuracy, energy in known:
        chosen, value = name == "winner", energy["value"]
        figure.add_scatter(
            x=[value / factor],
            y=[100 * accuracy],
            mode="markers",
            marker={"size": 17 if chosen else 11, "symbol": "star" if chosen else "circle", "color": ORANGE if chosen else BLUE},
            error_x=whisker([(value - _low(energy)) / factor], [(_high(energy) - value) / factor]),
            hovertemplate=f"{name}<br>accuracy %{{y:.2f}} %<br>{quantity(value, 'J')}<extra></extra>",
        )  # fmt: skip
    ends = [_high(energy) / factor for _, _, energy in known]
    names = [f"  {name}" for name, _, _ in known]
    low, high = _wide([100 * accuracy for _, accuracy, _ in known])
    heights = apart([100 * accuracy for _, accuracy, _ in known], LABEL * (high - low))
    figure.add_scatter(
        x=[max(ends)] * len(ends), y=heights, text=names, mode="text", textposition="middle right", hoverinfo="skip"
    )
    figure.update_xaxes(range=[0, 1.7 * max(ends)])
    figure.update_yaxes(
        range=[min(low, min(heights) - LABEL * (high - low)), max(high, max(heights) + LABEL * (high - low))]
    )
    return figure


def apart(heights: Sequence[float], least: float) -> list[float]:
    """Heights moved as little as it takes to stand at least `least` from each other, in their order; equal ones in that given."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    moved = list(heights)
    groups: list[list[int]] = []  # that stand at the least distance, around the mean of where they would be
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _bottom(groups[-1], heights, least) - _top(groups[-2], heights, least) < least:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        bottom = _bottom(group, heights, least)
        for place, index in enumerate(group):
            moved[index] = bottom + place * least
    return moved


def _bottom(group: Sequence[int], heights: Sequence[float], least: float) -> float:
    return _mean([heights[index] for index in group]) - least * (len(group) - 1) / 2


def _top(group: Sequence[int], heights: Sequence[float], least: float) -> float:
    return _bottom(group, heights, least) + least * (len(group) - 1)


def _low(interval: Mapping[str, float]) -> float:
    return interval.get("low", interval["value"])


def _high(interval: Mapping[str, float]) -> float:
    return interval.get("high", interval["value"])


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
    title, factor = axis_title("modelled energy an inference", values, "J")
    figure = empty_figure(title, title.replace("modelled", "measured"), showlegend=False)
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
