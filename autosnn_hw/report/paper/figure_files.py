"""The figures of a run as files: one a figure and format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.report.figures.of_run import figures
from autosnn_hw.report.paper.drawing import draw, save
from autosnn_hw.report.run_documents import RunDocuments
from autosnn_hw.run_folder import writing

if TYPE_CHECKING:
    import plotly.graph_objects as go

FORMATS = ("svg", "pdf", "png")


def formats_of(text: str) -> tuple[str, ...]:
    """The formats of "svg,pdf".

    Raises:
        InputError: another format, or none.
    """
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [name for name in found if name not in FORMATS]
    if unknown or not found:
        raise InputError(f"--format takes {', '.join(FORMATS)}, joined by commas; {text!r} was given.")
    return found


def write_figures(run: RunDocuments, folder: str | Path, formats: Sequence[str]) -> Iterator[Path]:
    """Write FOLDER/<figure>.<format> for all figures that have something to show, every candidate drawn, and yield each path.

    Raises:
        RunError: a file could not be written.
    """
    plots = figures(run.summary, run.candidates, run.winner, judged=len(run.candidates), behaviour=run.behaviour)
    return write_drawn({figure.id: figure.plot for figure in plots}, folder, formats, option="--figures")


def write_drawn(
    plots: Mapping[str, go.Figure], folder: str | Path, formats: Sequence[str], option: str = "--out"
) -> Iterator[Path]:
    """Write FOLDER/<name>.<format> of each figure, and yield each path.

    Args:
        option: by which the folder was asked for.

    Raises:
        RunError: a file could not be written.
    """
    folder = Path(folder)
    with writing(folder, option):
        folder.mkdir(parents=True, exist_ok=True)
    for name, plot in plots.items():
        drawn = draw(plot)
        for form in formats:
            path = folder / f"{name}.{form}"
            with writing(path, option), whole_file.beside(path) as temporary:
                save(drawn, temporary, form)
            yield path
