"""Pages from templates: what every page of this package has inlined, and how its values are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autosnn_hw.report.figures.of_run import Figure
from autosnn_hw.words import quantities as units

HERE = Path(__file__).parent
# The basic bundle of plotly.js (bars, lines, points; MIT), of the version that the Python package writes figures for: the
# whole one that comes with the package is four times its size.
PLOTLY = "plotly-basic.min.js"
FILTERS = ("quantity", "with_bounds", "bounds", "count", "percent", "percent_bounds", "number")


def rendered(template: str, **values: Any) -> str:
    """The text of a page; `values` are those of its template."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters.update({name: getattr(units, name) for name in FILTERS})
    return environment.get_template(template).render(
        plotly_js=(HERE / PLOTLY).read_text(),
        style=(HERE / "page.css").read_text(),
        script=(HERE / "page.js").read_text(),
        **values,
    )


def division(figure: Figure) -> str:
    """The HTML of a plot, without the library."""
    import plotly.io

    return plotly.io.to_html(
        figure.plot,
        full_html=False,
        include_plotlyjs=False,
        include_mathjax=False,
        div_id=f"plot-{figure.id}",
        # No mode bar: it covers the legends of small figures; dragging zooms, a double click goes back. The page
        # itself draws anew where its width changes.
        config={"displaylogo": False, "displayModeBar": False},
    )
