"""Figures of several searches beside each other. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.config.objectives import unit_of, words_of
from autosnn_hw.report.figures.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, axis_title, empty_figure, whisker
from autosnn_hw.words.quantities import quantity

SERIES = tuple(zip((BLUE, ORANGE, GREEN, RED, PURPLE, GREY), ("circle", "square", "star", "circle", "square", "star")))
DASHES = ("solid", "dash", "dot")


def winners(document: Mapping[str, Any]) -> go.Figure | None:
    """Test accuracy against energy of each run's winner, both with their intervals."""
    known = [run for run in document["runs"] if run["accuracy"]["value"] is not None and run["energy"]]
    if not known:
        return None
    title, factor = axis_title("energy an inference", [run["energy"]["value"] for run in known], "J")
    figure = empty_figure(title, "test accuracy (%)")
    for index, run in enumerate(known):
        accuracy, energy = run["accuracy"], run["energy"]
        colour, symbol = SERIES[index % len(SERIES)]
        low, high = energy.get("low", energy["value"]), energy.get("high", energy["value"])
        up_down = None
        if accuracy["low"] is not None:
            up_down = whisker(
                [100 * (accuracy["value"] - accuracy["low"])], [100 * (accuracy["high"] - accuracy["value"])]
            )
        figure.add_scatter(
            x=[energy["value"] / factor],
            y=[100 * accuracy["value"]],
            mode="markers",
            name=f"{run['label']}: {run['target']}",
            marker={"size": 13, "symbol": symbol, "color": colour},
            error_x=whisker([(energy["value"] - low) / factor], [(high - energy["value"]) / factor]),
            error_y=up_down,
            hovertemplate=f"{run['label']}: {run['architecture']}<br>accuracy %{{y:.2f}} %<br>{quantity(energy['value'], 'J')}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero")
    return figure


def fronts(document: Mapping[str, Any]) -> go.Figure | None:
    """The front of each run by the best accuracy known; None where the runs have not all one objective."""
    objectives = {run["objective"] for run in document["runs"]}
    costs = [point["cost"] for front in document["fronts"].values() for point in front]
    if len(objectives) != 1 or not costs:
        return None
    objective = str(next(iter(objectives)))
    title, factor = axis_title(words_of(objective), costs, unit_of(objective))
    figure = empty_figure(title, "accuracy on validation samples (%)")
    names = {run["label"]: f"{run['label']}: {run['target']}" for run in document["runs"]}
    for index, (label, front) in enumerate(document["fronts"].items()):
        if not front:
            continue
        colour, _ = SERIES[index % len(SERIES)]
        figure.add_scatter(
            x=[point["cost"] / factor for point in front],
            y=[100 * point["accuracy"] for point in front],
            text=[f"{point['architecture']}<br>{point['source']}" for point in front],
            hovertemplate=label + ": %{text}<br>accuracy %{y:.2f} %, cost %{x:.4g}<extra></extra>",
            mode="lines",
            name=names[label],
            line={"color": colour, "shape": "hv", "width": 2, "dash": DASHES[index % len(DASHES)]},
        )
    return figure
