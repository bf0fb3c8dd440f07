"""The report's figures drawn by matplotlib: the same plotly figure, as a vector or bitmap file.

Only what the figures of this package use is translated (points, lines, texts, horizontal bars, whiskers); anything else is an
error, never left out in silence.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OPEN = "-open"  # behind the name of a symbol: its outline alone
MARKERS = {None: "o", "circle": "o", "square": "s", "star": "*", "diamond": "D", "x": "x", "line-ns": "|"}
LINES = ("x", "line-ns")  # symbols without an inside
STYLES = {None: "-", "solid": "-", "dot": ":", "dash": "--", "dashdot": "-."}
INCH = 96  # CSS pixels
WIDTH = 5.2  # inches: a column and a half, which a paper scales to its own
POINTS_A_LETTER, HANDLE = 4.4, 34  # widths of a legend's letter at the font size below, and of its mark
DPI = 300
UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
INK, SOFT = "#1c2128", "#dfe3e8"
SETTINGS = {
    "font.size": 8, "axes.linewidth": 0.6, "axes.edgecolor": INK, "text.color": INK, "axes.labelcolor": INK,
    "svg.fonttype": "none", "svg.hashsalt": "autosnn-hw", "pdf.fonttype": 42,
}  # fmt: skip


def draw(plot: go.Figure) -> Figure:
    """A matplotlib figure of the same content; it belongs to no window and needs no display.

    Raises:
        NotImplementedError: a kind of trace, symbol or dash that no figure of this package used before.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(
            figsize=(
                WIDTH,
                WIDTH * 0.62 if plot.layout.barmode is None else max(1.6, plot.layout.height / INCH * 0.62),
            ),
            layout="constrained",
        )
        axes = figure.add_subplot()
        left: dict[str, float] = {}  # where the next bar of a stack begins
        for trace in plot.data:
            if trace.type == "bar" and trace.orientation == "h":
                _bar(axes, trace, left if plot.layout.barmode == "stack" else {})
            elif trace.type == "scatter":
                _scatter(figure, axes, trace)
            else:
                raise NotImplementedError(f"a trace of kind {trace.type} cannot be drawn for paper")
        _axes(axes, plot)
        shown = [trace for trace in plot.data if trace.name and trace.showlegend is not False]
        if plot.layout.showlegend is not False and len(shown) > 1:
            longest = POINTS_A_LETTER * max(len(trace.name) for trace in shown) + HANDLE
            columns = max(1, min(3, len(shown), int(72 * WIDTH / longest)))
            figure.legend(loc="outside upper center", ncols=columns, frameon=False)
    return figure


def save(figure: Figure, path: Path, form: str) -> None:
    """Write a figure as svg (its texts stay texts), pdf (fonts embedded as TrueType) or png; the same figure gives the same bytes."""
    from matplotlib import rc_context

    with rc_context(SETTINGS):
        figure.savefig(path, format=form, dpi=DPI, metadata=UNDATED[form])


def _bar(axes: Axes, trace: Any, left: dict[str, float]) -> None:
    names, values = list(trace.y), [float(v) for v in trace.x]
    colour = trace.marker.color
    axes.barh(
        names,
        values,
        left=[left.get(name, 0.0) for name in names],
        color=colour if isinstance(colour, str) else list(colour),
        height=0.7,
        label=trace.name,
    )
    left.update({name: left.get(name, 0.0) + value for name, value in zip(names, values)})


def _scatter(figure: Figure, axes: Axes, trace: Any) -> None:
    x, y = list(trace.x), list(trace.y)
    if trace.error_x.array is not None:
        whiskers = [trace.error_x.arrayminus, trace.error_x.array]
        axes.errorbar(x, y, xerr=whiskers, fmt="none", ecolor=trace.error_x.color, elinewidth=0.8, capsize=2)
    if trace.error_y.array is not None:
        whiskers = [trace.error_y.arrayminus, trace.error_y.array]
        axes.errorbar(x, y, yerr=whiskers, fmt="none", ecolor=trace.error_y.color, elinewidth=0.8, capsize=2)
    if trace.mode == "text":
        for at_x, at_y, text in zip(x, y, trace.text):
            axes.annotate(text.strip(), (at_x, at_y), xytext=(4, 0), textcoords="offset points", va="center")
    elif trace.mode == "lines":
        axes.plot(
            x,
            y,
            STYLES[trace.line.dash],
            color=trace.line.color,
            linewidth=1.2,
            drawstyle="steps-post" if trace.line.shape == "hv" else "default",
            label=trace.name,
        )
    elif trace.mode == "markers":
        _points(figure, axes, trace, x, y)
    else:
        raise NotImplementedError(f"a trace in mode {trace.mode} cannot be drawn for paper")


def _points(figure: Figure, axes: Axes, trace: Any, x: list[Any], y: list[Any]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    marker, colour = trace.marker, trace.marker.color
    if marker.size == 1:  # an anchor of whiskers, not a point
        return
    size, symbol = (marker.size * 0.62) ** 2, marker.symbol and marker.symbol.removesuffix(OPEN)
    if symbol not in MARKERS:
        raise NotImplementedError(f"a point drawn as {symbol} cannot be drawn for paper")
    how: dict[str, Any] = {"s": size, "marker": MARKERS[symbol], "label": trace.name, "linewidths": 0.8}
    if symbol != marker.symbol:
        axes.scatter(x, y, facecolors="none", edgecolors=colour, **how)
    elif isinstance(colour, str):
        filled: dict[str, Any] = {} if symbol in LINES else {"edgecolors": marker.line.color or "none"}
        axes.scatter(x, y, c=colour, alpha=marker.opacity, **how, **filled)
    else:
        scale = LinearSegmentedColormap.from_list("plotly", [(at, shade) for at, shade in marker.colorscale])
        drawn = axes.scatter(x, y, c=list(colour), cmap=scale, **{**how, "linewidths": 0})
        figure.colorbar(drawn, ax=axes, label=marker.colorbar.title.text, shrink=0.8)


def _axes(axes: Axes, plot: go.Figure) -> None:
    from matplotlib.ticker import MaxNLocator

    layout = plot.layout
    axes.set_xlabel(layout.xaxis.title.text or "")
    axes.set_ylabel(layout.yaxis.title.text or "")
    if layout.xaxis.range is not None:
        axes.set_xlim(*layout.xaxis.range)
    if layout.yaxis.range is not None:
        axes.set_ylim(*layout.yaxis.range)
    if layout.xaxis.rangemode == "tozero":
        axes.set_xlim(left=0)
    if layout.yaxis.autorange == "reversed":
        axes.invert_yaxis()
    if layout.xaxis.tickformat == "d":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if layout.xaxis.tickvals is not None:
        axes.set_xticks(list(layout.xaxis.tickvals), list(layout.xaxis.ticktext), rotation=45, ha="right")
    if layout.yaxis.showticklabels is False:
        axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(False)
    if layout.xaxis.showgrid is not False:
        axes.grid(color=SOFT, linewidth=0.5)
    axes.set_axisbelow(True)
