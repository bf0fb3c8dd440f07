"""`front` on the command line: what a study knows of accuracies is what is ranked by, with the word beside it."""

import json
import shutil

import pytest
from click.testing import CliRunner
from support.searches import synthetic_search

from autosnn_hw.commands.front import command
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import CONFIG, MANIFEST, write_json, write_text
from autosnn_hw.search.database.stored_accuracy import store_accuracies
from autosnn_hw.search.ranking.final_accuracy import estimates
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from hw_profiles import load
from hw_profiles.template import template


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with what `front` reads of it: config.toml and a study whose best five were measured."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    settings = SearchSettings(population=8, generations=2, reference=6, measure=0)
    study = synthetic_search.study_in(folder, settings)
    found = run_search(synthetic_search.SPACE, synthetic_search.evaluate, study, settings)
    write_text(folder / CONFIG, SearchConfig().to_toml())
    return folder, found


def asked(folder, *more):
    done = CliRunner().invoke(command, [str(folder), "--json", *more])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_front_ranks_by_what_is_known_best(run):
    folder, found = run
    before = asked(folder, "--lambda", "-0.08", "--top", "100")
    assert {row["accuracy_source"] for row in before["best"]} == {"inherited"}
    measured = {record.genotype: 0.99 - 0.01 * place for place, record in enumerate(reversed(found.ranking[:5]))}
    costs = {record.genotype: record.cost for record in found.records if record.cost is not None}
    known = estimates(found.records, measured, 100, costs)
    store_accuracies(known, folder / "study.db")
    after = asked(folder, "--lambda", "-0.08", "--top", "100")
    for row in after["best"]:
        estimate = known[row["architecture"]]
        assert (row["accuracy"], row["accuracy_source"]) == (estimate.accuracy, estimate.source)
        assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
    assert after["accuracies"]["measured"] == 5 and after["accuracies"]["inherited"] == 0
    assert [row["architecture"] for row in after["best"]] != [row["architecture"] for row in before["best"]]
    assert after["mean_cost"] == before["mean_cost"]


def test_a_point_that_is_asked_for_by_accuracy_is_accurate_by_the_same_knowledge(run):
    folder, _ = run
    chosen = asked(folder, "--min-accuracy", "0.96")["chosen"]
    assert chosen["accuracy"] >= 0.96 and chosen["rule"] == "cheapest"


def test_a_profile_that_was_changed_since_is_said(run, tmp_path):
    """What was judged keeps the costs of its time; nothing is said of the same profile, of one that is gone, or of another target."""
    folder, _ = run
    own = tmp_path / "my chip.toml"
    own.write_text(template(load("loihi2"), "mychip", own.name))
    copied = shutil.copytree(folder, tmp_path / "run")
    write_text(copied / CONFIG, SearchConfig(target=str(own)).to_toml())
    write_json(copied / MANIFEST, {"target": {"name": "mychip", "sha256": load(str(own)).sha256}})
    answered = asked(copied)
    assert "notes" not in answered
    text = own.read_text()
    changed = text.replace(
        "synop = { value = 24.0, low = 16.0, high = 36.0", "synop = { value = 30.0, low = 16.0, high = 36.0"
    )
    assert changed != text
    own.write_text(changed)
    (note,) = asked(copied)["notes"]
    assert "is another now than when" in note and f"--target '{own}'" in note
    assert asked(copied)["best"] == answered["best"]
    own.unlink()
    assert "notes" not in asked(copied)
