"""The report: one offline file, drawn by a real browser without a word on the console but its own."""

import json
import re
import shlex
from copy import deepcopy
from dataclasses import replace
from html import unescape

import pytest
from support.processes.browser import POLICY, browse, layout_faults, needs_chromium, text_of

from autosnn_hw import run_folder
from autosnn_hw.errors import InputError
from autosnn_hw.report.page.html import render, write_report
from autosnn_hw.report.run_documents import read_candidates
from autosnn_hw.search.candidate import COLUMNS


@needs_chromium
def test_a_browser_draws_it_and_says_nothing_but_ready(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page)
    console, picture = browse(path, tmp_path)
    assert len(console) == 1, console
    drawn = int(re.search(r'"report ready (\d+)"', console[0]).group(1))
    assert drawn == page.count("Plotly.newPlot(") - page.count("Plotly.newPlot=") == 9
    assert picture.stat().st_size > 50_000


@pytest.mark.slow
@needs_chromium
def test_the_check_would_notice_a_page_that_needs_the_network_or_breaks(page, tmp_path):
    planted = (
        '<script src="https://example.com/x.js"></script>',
        "<script>fetch('https://example.com/y')</script>",
        "<script>nothingThere()</script>",
    )
    path = tmp_path / "report.html"
    path.write_text(page.replace("</main>", "".join(planted) + "</main>"))
    console, _ = browse(path, tmp_path)
    for said in ("x.js", "example.com/y", "nothingThere is not defined"):
        assert any(said in line for line in console), said


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_overlaps_and_no_label_is_cut_off(page, tmp_path, width):
    assert layout_faults(page, tmp_path, width=width) == []


@needs_chromium
@pytest.mark.slow
def test_the_check_of_layout_would_notice(page, tmp_path):
    wide = '<div style="width:3000px">x</div>'
    narrow = "<style>.js-plotly-plot .xtick text { font-size: 60px !important; }</style>"
    faults = layout_faults(page.replace("</main>", wide + narrow + "</main>"), tmp_path, width=390)
    assert any(fault.startswith("page is") for fault in faults) and any("overlap" in fault for fault in faults)


@needs_chromium
@pytest.mark.slow
def test_the_sliders_change_network_and_command(page, tmp_path):
    """Dragging lambda to its ends gives the ends of what it may choose; the budget gives the place it points at."""
    offered = json.loads(re.search(r'id="choices">(.*?)</script>', page, re.S).group(1))
    script = """addEventListener("load", () => setTimeout(() => {
      const say = () => console.log("PICKED " + document.getElementById("picked-command").textContent);
      for (const [id, value] of [["lambda", "0"], ["lambda", "-9"], ["budget", "1"]]) {
        const slider = document.getElementById(id);
        slider.value = value;
        slider.dispatchEvent(new Event("input"));
        say();
      }
    }, 500));"""
    path = tmp_path / "page.html"
    path.write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    console, _ = browse(path, tmp_path)
    picked = [found.group(1) for line in console if (found := re.search(r'"PICKED (.*?)", source', line))]
    chosen = [choice for choice in offered if choice["range"]]
    assert picked == [chosen[-1]["command"], chosen[0]["command"], offered[1]["command"]]


@needs_chromium
@pytest.mark.slow
def test_the_filter_shows_rows_that_hold_all_its_words(page, candidates, tmp_path):
    script = """addEventListener("load", () => setTimeout(() => {
      const filter = document.getElementById("filter");
      filter.value = "srb_k5 Skip";
      filter.dispatchEvent(new Event("input"));
      const shown = [...document.querySelectorAll("table.sortable tbody tr")].filter((row) => !row.hidden);
      console.log("SHOWN " + shown.map((row) => row.cells[0].dataset.key).join(" "));
    }, 500));"""
    path = tmp_path / "page.html"
    path.write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    console, _ = browse(path, tmp_path)
    names = next(found.group(1) for line in console if (found := re.search(r'"SHOWN (.*?)"', line))).split()
    wanted = {c["genotype"] for c in candidates if "SRB_k5" in c["genotype"] and "skip" in c["genotype"]}
    assert names and set(names) <= wanted and len(names) == min(25, len(wanted))


def test_it_keeps_itself_offline_and_inlines_plotly_once(page):
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in page
    assert not re.search(r'<(script|img|iframe)[^>]+src="http|<link[^>]+href="http|@import', page)
    assert page.count("* plotly.js (basic - minified) v") == 1
    assert "scattergl" not in "".join(re.findall(r"Plotly\.newPlot\(.*?</script>", page, re.S))
    assert len(page.encode()) < 2e6


def test_a_walked_space_with_long_names_stays_under_two_megabytes(summary, candidates, winner, behaviour, manifest):
    """All candidates with grouped blocks and sizes in their names, each with an expected accuracy, and a core map that is too large."""
    known = [c for c in candidates if c["accuracy"] is not None]
    many = [
        {**known[i % len(known)], "genotype": f"SRB_k5/{i},SCB_k3/16,SRB_k5/16,SCB_k3/16,SRB_k5/16@C16T8", "generation": 0, "accuracy_source": "corrected", "final_accuracy": 0.9 + i / 1e5, "final_accuracy_deviation": 0.0123456789}
        for i in range(3125)
    ]  # fmt: skip
    page = render(summary, many, winner=winner, behaviour=behaviour, core_map="x" * 500_000, manifest=manifest)
    assert len(page.encode()) < 2e6 and "xxxxxxxx" not in page and "Cores by layer" in page


def test_the_verdict_stands_in_words(page, summary):
    text = text_of(page)
    assert f"{summary['winner']['architecture']} for loihi2: 97.2 % of the test samples of digits right" in text
    assert "Lava confirmed it: 360 samples, 12.3 M neuron-steps compared, 0 different; accuracy in both 97.2 %" in text
    assert (
        "Energy is the cost model's estimate" in text
        and "41 % of it comes from constants that are themselves estimates" in text
    )
    assert (
        "The super-network had learnt: random architectures with its weights reach 91.0 % on average (chance: 10.0 %)"
        in text
    )
    assert "Against AutoSNN: 0.6 points less accuracy, 57 % less energy" in text
    assert "12 candidates were measured in a simulator during the search: spikes confirmed." in text
    assert "3 of 16 channels never fire" in text
    assert "Not counted" in text and "autosnn-hw search --config runs/digits-loihi2-1/config.toml" in text
    assert "lava-nc" in text


def test_what_lava_did_not_confirm_and_what_has_not_learnt_is_said(summary, candidates):
    changed = deepcopy(summary)
    changed["winner"]["accuracy"]["lava"] = None
    changed["lava"] = {"reason": "Python 3.12 has no Lava"}
    changed["supernet"] |= {"accuracy": 0.12, "learnt": False}
    text = text_of(render(changed, candidates))
    assert "not confirmed by Lava" in text
    assert "Lava did not confirm this network" in text and "(Python 3.12 has no Lava)" in text
    assert "The super-network had NOT learnt" in text


def test_a_walk_has_no_generations_and_a_simulator_measures_nothing_new(summary, candidates, winner):
    walked = [{**c, "generation": min(c["generation"], 0)} for c in candidates]
    page = render(summary, walked, winner=winner)
    assert 'id="plot-search"' in page and 'id="plot-fitness"' not in page and 'id="plot-feedback"' not in page
    board = summary | {"feedback": summary["feedback"] | {"informative": True}}
    page = render(board, candidates, winner=winner)
    assert 'id="plot-fitness"' in page and 'id="plot-feedback"' in page


def test_every_command_can_be_pasted_whatever_run_data_and_target_are_called(summary, candidates):
    """Words of a shell come back as they are; the target is the file that the search was given, not the name in it."""
    names = {"run": "runs/a?b 'c' $HOME", "dataset": "npz:my data;x.npz", "target": "my chip.toml"}
    page = render(
        summary | {"dataset": names["dataset"], "target": "mychip"},
        candidates,
        manifest={"arguments": {"target": names["target"]}},
        run=names["run"],
    )
    shown = [shlex.split(unescape(text)) for text in re.findall(r"<h3>[^<]*</h3><pre>([^<]*)</pre>", page)]
    assert ["autosnn-hw", "search", "--config", f"{names['run']}/config.toml"] in shown
    assert ["autosnn-hw", "check", f"{names['run']}/winner.net", "--target", names["target"]] in shown
    (simulated,) = (words for words in shown if words[1] == "simulate")
    assert names["dataset"] in simulated and names["target"] in simulated


def test_errors_cores_constants_and_metrics_are_on_the_page(page, behaviour, winner, cores_drawn):
    text = text_of(page)
    assert page.count("data:image/png;base64,") == len(behaviour["errors"]) == 8
    assert "Of 10 wrong among 30 test samples" in text and "class 0" in text
    assert cores_drawn in page and "NeuroBench's metrics" in text and "Effective_ACs" in text
    first = winner["constants"][0]
    assert first["source"] in text and "8-bit ANN of the same architecture" in text


def test_every_seed_and_the_floats_by_layer_are_on_the_page(summary, candidates, winner, behaviour, page):
    names = [layer["name"] for layer in winner["layers"] if layer["neurons"]]
    floats = {"samples": 40, "spikes": {name: 1000.0 + index for index, name in enumerate(names)}}
    networks = [
        {"seed": s, "accuracy": 0.9722 - s / 50, "validation": 0.9, "energy": 2e-6, "spikes": 7.0, "cores": 3, "delivered": not s}
        for s in range(3)
    ]  # fmt: skip
    accuracies = [one["accuracy"] for one in networks]
    spread = {"accuracies": accuracies, "mean": 0.9522, "low": 0.93, "high": 0.97, "networks": networks}
    spread["energy"] = {"mean": 2e-6, "low": 1e-6, "high": 3e-6}
    changed = {**summary, "winner": {**summary["winner"], "seeds": spread}}
    drawn = render(changed, candidates, winner=winner, behaviour={**behaviour, "floats": floats})
    text = text_of(drawn)
    assert "plot-seeds" in drawn and "winner, delivered 0 97.2 % 7 2.00 µJ" in " ".join(text.split())
    assert "Delivered is the first, 97.2 %" in text and "1.00 to 3.00 µJ" in text
    assert "<th>as floats</th>" in drawn and all(f"<td>{1000 + index:,}" in drawn for index in range(len(names)))
    assert "plot-seeds" not in page and "<th>as floats</th>" not in page


def test_the_page_says_what_is_taken_for_what(page, winner):
    assert sum(map(sum, winner["confusion"])) == winner["dataset"]["samples"]
    right = re.findall(r'<td class="right" style="--share:[0-9.]+">(\d*)</td>', page)
    assert sum(int(n or 0) for n in right) == round(winner["accuracy"]["value"] * winner["dataset"]["samples"])


def test_a_page_without_what_new_runs_keep_is_whole_all_the_same(summary, candidates, winner):
    older = {key: value for key, value in winner.items() if key not in ("constants", "neurobench", "estimates")}
    text = text_of(render(summary, candidates, winner=older))
    assert "Its worst errors" not in text and "NeuroBench" not in text and "Cores by layer" in text


def test_every_candidate_has_its_row_best_first_with_infeasible_ones_named(page, candidates, result):
    body = page[page.index('<table class="sortable"') :]
    names = re.findall(r'<tr class="[a-z]*"><td data-key="([^"]+)"', body)
    assert sorted(names) == sorted(c["genotype"] for c in candidates)
    assert names[0] == result.winner.genotype
    assert result.infeasible > 0
    assert body.count('<tr class="infeasible">') == result.infeasible
    assert "TBD5.a: cores" in body


def test_strange_names_stay_text(summary, candidates):
    page = render(summary | {"dataset": "<script>alert(1)</script>"}, candidates)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_what_is_not_known_leaves_its_part_out(summary, candidates):
    least = {name: summary[name] for name in ("target", "dataset", "objective", "lambda", "evaluated", "measured", "infeasible", "feedback", "baselines")}  # fmt: skip
    least |= {"winner": {"architecture": candidates[0]["genotype"]}, "wall_time": None, "stages": []}
    page = render(least | {"baselines": []}, [dict.fromkeys(COLUMNS) | {"genotype": "x", "generation": 0}])
    assert "plot-search" not in page and "unknown" in page


def test_it_is_written_from_the_files_of_a_run(summary, candidates, winner, manifest, tmp_path):
    folder = run_folder.RunFolder.create(tmp_path / "run")
    with pytest.raises(InputError, match="holds no config.toml"):
        write_report(folder.path)
    run_folder.write_text(folder / run_folder.CONFIG, "")
    with pytest.raises(InputError, match=r"summary\.json was not found"):
        write_report(folder.path)
    run_folder.write_json(folder / run_folder.SUMMARY, summary)
    run_folder.write_json(folder / run_folder.WINNER_SIMULATION, winner)
    run_folder.write_json(folder / run_folder.MANIFEST, manifest)
    run_folder.write_table(folder / run_folder.CANDIDATES, COLUMNS, candidates)
    rows = read_candidates(folder / run_folder.CANDIDATES)
    assert [{name: row[name] for name in COLUMNS} for row in rows] == candidates
    path = write_report(folder.path)
    assert path.name == "report.html"
    assert text_of(path.read_text()) == text_of(render(summary, candidates, winner=winner, manifest=manifest, run=str(folder.path)))  # fmt: skip
    (folder / run_folder.CANDIDATES).write_text("genotype,cost\nx,notanumber\n")
    with pytest.raises(InputError, match=r"is not a candidates\.csv"):
        write_report(folder.path)


def test_a_json_document_with_the_records_gives_the_same_rows(result):
    assert json.loads(json.dumps([record.row() for record in result.records])) == [r.row() for r in result.records]
    assert replace(result.winner, accuracy=None).row()["accuracy"] is None
