"""Figures of training: loss and accuracy by epoch, and the order of accuracies before and after. None where there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.report.figures.canvas import BLUE, GREEN, GREY, ORANGE, RED, empty_figure
from autosnn_hw.words.quantities import at


def losses(summary: Mapping[str, Any]) -> go.Figure | None:
    """Mean loss of each epoch: the super-network over the paths it drew, the winner as floats and then as integers."""
    curves = (
        ("super-network", at(summary, "supernet", "losses"), BLUE, "dot"),
        ("winner, floats", at(summary, "winner", "curves", "loss"), ORANGE, "solid"),
        ("winner, integers in the loop", at(summary, "winner", "curves", "integer_loss"), RED, "dash"),
    )
    known = [curve for curve in curves if curve[1]]
    if not known:
        return None
    figure = empty_figure("epoch", "loss: mean squared error of votes")
    _whole_epochs(figure, max(len(values) for _, values, _, _ in known))
    figure.update_yaxes(rangemode="tozero")
    for name, values, colour, dash in known:
        figure.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=list(values),
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=name + "<br>epoch %{x}, loss %{y:.4g}<extra></extra>",
        )
    return figure


def tuning(summary: Mapping[str, Any]) -> go.Figure | None:
    """Validation accuracy of the winner's integers by epoch of their tuning, that of inherited weights as a line beneath."""
    values = at(summary, "winner", "curves", "integer_accuracy")
    if not values or len(values) < 2:
        return None
    figure = empty_figure("epoch with the integers in the loop", "right of the validation samples (%)")
    _whole_epochs(figure, len(values))
    epochs = list(range(len(values)))
    before = at(summary, "winner", "steps", "inherited")
    if before is not None:
        figure.add_scatter(
            x=[0, epochs[-1]],
            y=[100 * before] * 2,
            mode="lines",
            name="weights of the super-network",
            line={"color": GREY, "dash": "dot", "width": 1.6},
            hovertemplate="weights of the super-network %{y:.1f} %<extra></extra>",
        )
    figure.add_scatter(
        x=epochs,
        y=[100 * value for value in values],
        mode="lines",
        name="trained on, as integers",
        line={"color": GREEN, "width": 2},
        hovertemplate="epoch %{x}: %{y:.1f} %<extra></extra>",
    )
    return figure


def _whole_epochs(figure: go.Figure, epochs: int) -> None:
    figure.update_xaxes(tickformat="d", dtick=max(1, epochs // 8))


def ranking(summary: Mapping[str, Any]) -> go.Figure | None:
    """Accuracy of each trained network against the one that the search ranked it by."""
    pairs = at(summary, "ranking", "pairs") or ()
    if len(pairs) < 3:
        return None
    winner = at(summary, "winner", "architecture")
    figure = empty_figure("searched, inherited weights (%)", "delivered, trained on (%)", showlegend=False)
    for chosen, colour, symbol, size in ((False, BLUE, "circle", 10), (True, ORANGE, "star", 19)):
        shown = [pair for pair in pairs if (pair["architecture"] == winner) == chosen]
        if shown:
            figure.add_scatter(
                x=[100 * pair["searched"] for pair in shown],
                y=[100 * pair["delivered"] for pair in shown],
                text=[pair["architecture"] for pair in shown],
                hovertemplate="%{text}<br>searched %{x:.1f} %, delivered %{y:.1f} %<extra></extra>",
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": size},
            )
    return figure
