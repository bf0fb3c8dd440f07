"""comparison.html: several finished searches on one offline page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autosnn_hw import run_folder
from autosnn_hw.documents.searches.runs import compare_runs
from autosnn_hw.report.figures import runs as of_runs
from autosnn_hw.report.figures.of_run import Figure
from autosnn_hw.report.page.page_template import division, rendered
from autosnn_hw.report.run_documents import read_run
from autosnn_hw.words import quantities as units


def write_comparison(runs: Sequence[str | Path], path: str | Path) -> Path:
    """Write the page that sets the runs beside each other.

    Raises:
        InputError: a folder is no finished run.
        RunError: it could not be written.
    """
    found = [read_run(run) for run in runs]
    document = compare_runs(
        [one.summary for one in found], [one.candidates for one in found], [str(run) for run in runs]
    )
    return run_folder.write_text(path, render_comparison(document))


def render_comparison(document: Mapping[str, Any]) -> str:
    """The page of a document of `documents.searches.runs.compare_runs`."""
    plots = figures(document)
    return rendered(
        "comparison.html.j2",
        document=document,
        figures=[(figure, division(figure)) for figure in plots],
        pairs=[(pair, pair_sentence(pair)) for pair in document["pairs"]],
    )


def figures(document: Mapping[str, Any]) -> list[Figure]:
    """Those that have something to show."""
    drawn = (
        Figure("winners", "The winners", "Up and to the left is better. Whiskers: Wilson 95 % of the test samples, and the interval of the target's constants, which moves all energies of one target together.", of_runs.winners(document)),
        Figure("fronts", "The fronts", "What nothing beats in each search, by the best accuracy known of each network: measured, else corrected, else inherited.", of_runs.fronts(document)),
    )  # fmt: skip
    return [figure for figure in drawn if figure.plot is not None]


def pair_sentence(pair: Mapping[str, Any]) -> str:
    """How the second of two winners differs from the first, and whether that is noise."""
    if pair["difference"] is None:
        accuracy = "accuracy unknown"
    elif pair["difference"] == 0 and pair["noise"]:
        accuracy = "the same accuracy"
    else:
        accuracy = _difference(pair)
    means = "" if pair.get("over_seeds") is None else f"; mean over seeds: {_difference(pair['over_seeds'])}"
    ratio = pair["energy_ratio"]
    energy = "energy of another target or unknown" if ratio is None else f"{units.digits(ratio)} times the energy"
    return f"{accuracy}{means}; {energy}."


def _difference(judged: Mapping[str, Any]) -> str:
    """A difference of accuracies, and what is said of its noise."""
    difference = judged["difference"]
    said = {
        True: "noise: the 95 % intervals overlap",
        False: "more than noise: the 95 % intervals do not overlap",
        None: "of other data or unknown samples, so not judged",
    }[judged["noise"]]
    return f"{abs(100 * difference):.1f} points {'more' if difference >= 0 else 'less'} accuracy ({said})"
