"""A run for a paper: every figure of the page as vector and bitmap, and a table whose numbers are the summary's."""

import re
from copy import deepcopy
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from click.testing import CliRunner
from matplotlib.collections import PathCollection

from autosnn_hw import run_folder
from autosnn_hw.commands.report import command
from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.report.figures.of_run import figures
from autosnn_hw.report.paper.drawing import draw, save
from autosnn_hw.report.paper.figure_files import formats_of
from autosnn_hw.report.paper.latex import escaped, metrics_table, table
from autosnn_hw.report.run_documents import RunDocuments
from autosnn_hw.search.candidate import COLUMNS


@pytest.fixture(scope="module")
def run(summary, candidates, winner, manifest, tmp_path_factory):
    folder = run_folder.RunFolder.create(tmp_path_factory.mktemp("paper") / "run")
    run_folder.write_text(folder / run_folder.CONFIG, "")
    run_folder.write_json(folder / run_folder.SUMMARY, summary)
    run_folder.write_table(folder / run_folder.CANDIDATES, COLUMNS, candidates)
    return RunDocuments(folder, summary, candidates, winner, manifest)


def plots(run):
    return {f.id: f.plot for f in figures(run.summary, run.candidates, run.winner, judged=len(run.candidates))}


def test_one_command_writes_figures_and_table(run, tmp_path):
    wanted = ["--figures", str(tmp_path / "figs"), "--latex", str(tmp_path / "table.tex")]
    done = CliRunner().invoke(command, [str(run.folder.path), *wanted], catch_exceptions=False)
    names = {figure.id for figure in figures(run.summary, run.candidates, None, judged=len(run.candidates))}
    assert {path.name for path in (tmp_path / "figs").iterdir()} == {f"{n}.{f}" for n in names for f in ("svg", "pdf")}
    assert (
        len(done.output.splitlines()) == 1 + 2 * len(names) + 2
    )  # the report, the figures, the table and what it cites
    assert "\\toprule" in (tmp_path / "table.tex").read_text()
    assert set(re.findall(r"\\cite\{(\w+)\}", (tmp_path / "table.tex").read_text())) == set(
        re.findall(r"^@\w+\{(\w+),", (tmp_path / "table.bib").read_text(), re.M)
    )


@pytest.mark.parametrize(
    "option, place, error, said",
    [
        ("--latex", "/nowhere/t.tex", RunError, "Another --latex, or the right to write there"),
        ("--figures", "/dev/null", InputError, "a file lies where a folder is needed; choose another --figures"),
    ],
)
def test_what_cannot_be_written_names_its_option(run, option, place, error, said):
    refusal = CliRunner().invoke(command, [str(run.folder.path), option, place]).exception
    assert isinstance(refusal, error) and said in str(refusal)


def test_a_figure_file_says_what_the_page_says_and_is_the_same_each_time(run, tmp_path):
    plot = plots(run)["layer-energy"]
    for name in ("a.svg", "b.svg"):
        save(draw(plot), tmp_path / name, "svg")
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    words = " ".join(ElementTree.fromstring(first).itertext())
    for layer in run.winner["layers"]:
        assert layer["name"] in words
    assert "synaptic operations" in words


def test_every_point_of_the_search_is_drawn(run):
    plot = plots(run)["search"]
    collections = draw(plot).axes[0].collections
    drawn = [len(points.get_offsets()) for points in collections if isinstance(points, PathCollection)]  # no whiskers
    assert drawn == [len(trace.x) for trace in plot.data if trace.mode == "markers"]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(NotImplementedError, match="pie"):
        draw(go.Figure(go.Pie(values=[1]), layout={"height": 400}))
    with pytest.raises(NotImplementedError, match="hexagram"):
        draw(
            go.Figure(
                go.Scatter(x=[1], y=[1], mode="markers", marker={"symbol": "hexagram-open", "size": 9}),
                layout={"height": 400},
            )
        )
    with pytest.raises(InputError, match="svg, pdf, png"):
        formats_of("svg,gif")
    assert formats_of("PNG, svg,png") == ("png", "svg")


def test_the_table_holds_the_figures_of_winner_and_baselines_with_the_boundary(run):
    text = table(run.summary | {"test_samples": 360}, run.winner)
    interval = wilson(350, 360)
    assert f"winner & 97.2 & {100 * interval['low']:.1f} to {100 * interval['high']:.1f} &" in text
    rows = [line for line in text.splitlines() if line.endswith("\\\\") and "&" in line]
    assert len(rows) == 2 + len(run.summary["baselines"])
    assert len({row.count(" & ") for row in rows}) == 1
    assert all(escaped(said.removeprefix("Boundary: ").rstrip(".")) in text for said in run.winner["not_counted"])


def test_several_seeds_are_a_column_with_their_interval(run):
    spread = {"accuracies": [0.97, 0.95, 0.96], "mean": 0.96, "low": 0.935, "high": 0.985}
    winner = {**run.summary["winner"], "seeds": spread}
    text = table(run.summary | {"test_samples": 360, "winner": winner}, run.winner)
    rows = [line for line in text.splitlines() if line.endswith("\\\\") and "&" in line]
    assert len({row.count(" & ") for row in rows}) == 1 and rows[0].count(" & ") == 7 and r"{lrllrrlr}" in text
    assert " & 96.0 (93.5 to 98.5) & " in rows[1] and " & -- & " in rows[2]
    assert "mean over 3 seeds" in text and "Mean over seeds" not in table(run.summary, run.winner)


def test_the_metrics_have_a_table_of_their_own_with_what_they_are_of(run):
    text = metrics_table(run.winner)
    assert r"\caption{Metrics of the winner under the names of NeuroBench~\cite{yik2025neurobench}" in text
    assert r"Synaptic Operations, Effective\_ACs &" in text and "8-bit ANN" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    assert metrics_table({}) == ""


def test_names_cannot_break_the_table(run):
    strange = deepcopy(run.summary)
    strange["baselines"][0]["name"] = r"50 % & \input{x}_$"
    assert r"50 \% \& \textbackslash{}input\{x\}\_\$ &" in table(strange, run.winner)


def test_several_runs_are_compared_and_paper_files_are_of_one(run):
    run_folder.write_json(run.folder / run_folder.WINNER_SIMULATION, run.winner)
    path = str(run.folder.path)
    done = CliRunner().invoke(command, [path, path], catch_exceptions=False)
    assert "the same accuracy" in done.output and "report.html" in done.output
    assert (run.folder.path / "comparison.html").is_file()
    with pytest.raises(InputError, match="2 were given"):
        CliRunner().invoke(command, [path, path, "--latex", "x.tex"], catch_exceptions=False)
