"""The page that compares runs: offline like a report, every pair judged, drawn by a browser without a word but its own."""

import pytest
from click.testing import CliRunner
from support.processes.browser import POLICY, browse, needs_chromium, text_of

from autosnn_hw.commands.report import command
from autosnn_hw.documents.searches.runs import compare_runs
from autosnn_hw.errors import InputError
from autosnn_hw.report.figures import runs as of_runs
from autosnn_hw.report.page.comparison import pair_sentence, render_comparison
from autosnn_hw.report.paper.drawing import draw


@pytest.fixture(scope="module")
def document(summary, candidates):
    second = {**summary, "lambda": -0.3, "winner": {**summary["winner"], "accuracy": {"exact_test": 0.8}}}
    known = [{**one, "test_samples": 360} for one in (summary, second)]
    return compare_runs(known, [candidates, candidates[:40]], ["runs/one", "<b>two"])


def test_it_says_what_differs_and_what_is_noise(document):
    page = render_comparison(document)
    text = text_of(page)
    assert f'content="{POLICY}"' in page and len(page.encode()) < 2e6 and "<b>two" not in page
    assert "lambda: a -0.16, b -0.3" in text and "17.2 points less accuracy (more than noise" in text
    assert 'id="plot-winners"' in page and 'id="plot-fronts"' in page


def test_means_over_seeds_stand_beside_the_delivered(document):
    spread = {"seeds": 3, "mean": 0.912, "low": 0.9, "high": 0.924}
    first, second = ({**one, "over_seeds": spread} for one in document["runs"])
    pair = {**document["pairs"][0], "over_seeds": {"difference": -0.034, "noise": True}}
    text = text_of(render_comparison({**document, "runs": [first, {**second, "over_seeds": None}], "pairs": [pair]}))
    assert "91.2 % of 3 90.0 to 92.4 %" in text and "one seed" in text
    assert "mean over seeds: 3.4 points less accuracy (noise" in text
    assert "one seed" not in text_of(render_comparison(document))


def test_figures_are_drawn_for_paper_too(document):
    winners = of_runs.winners(document)
    assert [trace.error_y.array is not None for trace in winners.data] == [True, True]
    assert len(draw(winners).axes) == len(draw(of_runs.fronts(document)).axes) == 1
    mixed = {
        **document,
        "runs": [{**run, "objective": name} for run, name in zip(document["runs"], ("energy", "spikes"))],
    }
    assert of_runs.fronts(mixed) is None


@pytest.mark.parametrize(
    ("difference", "noise", "said"),
    [(None, None, "accuracy unknown"), (0.0, True, "the same accuracy"), (0.01, True, "1.0 points more accuracy (noise"), (-0.2, None, "not judged")],
)  # fmt: skip
def test_a_pair_in_words(difference, noise, said):
    assert said in pair_sentence({"difference": difference, "noise": noise, "energy_ratio": 2.0})


def test_out_is_the_page_of_several(tmp_path):
    with pytest.raises(InputError, match="one run was given"):
        CliRunner().invoke(command, [str(tmp_path), "--out", "x.html"], catch_exceptions=False)


@needs_chromium
def test_a_browser_draws_it(document, tmp_path):
    path = tmp_path / "comparison.html"
    path.write_text(render_comparison(document))
    console, _ = browse(path, tmp_path, width=390)
    assert len(console) == 1 and '"report ready 2"' in console[0]
