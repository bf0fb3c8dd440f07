"""The main job, end to end on real data: small, but every stage real."""

import csv
import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import onnxruntime
import pytest
from support.searches.small_space import SIZE, in_words

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.errors import InputError
from autosnn_hw.search.database.stored_accuracy import read_accuracies
from autosnn_hw.search.database.study import read_records
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.lava import lava_status
from autosnn_hw.stages.judging.repricing import priced_on
from autosnn_hw.training.data import datasets
from exporters import netx

pytestmark = pytest.mark.timeout(1200)  # whole searches: twice the general guard, for a machine that others use too

CONFIG = SearchConfig(
    strategy="evolution",
    width=8,
    epochs=9,
    generations=2,
    pool=6,
    mean_cost_samples=6,
    evaluate=100,
    measure=1,
    samples=4,
    retrain_epochs=2,
    finetune_epochs=1,
    finalists=4,
    workers=2,
)
FILES = [
    "manifest.json",
    "config.toml",
    "study.db",
    "candidates.csv",
    "supernet.safetensors",
    "winner.net",
    "winner.onnx",
    "winner.step.onnx",
    "winner.certificate.json",
    "winner_in_lava.py",
    "summary.json",
    "report.html",
    "log.jsonl",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    config = CONFIG.with_changes(space=in_words(folder / "space.toml"))
    return folder / "run", pipeline.search(config, folder / "run")


@pytest.mark.slow
def test_a_run_leaves_every_promised_file(run):
    folder, summary = run
    assert all((folder / name).stat().st_size > 0 for name in FILES)
    assert summary["evaluated"] == 18 and summary["measured"] >= 1
    assert summary == json.loads((folder / "summary.json").read_text())


@pytest.mark.slow
@pytest.mark.skipif(not lava_status()[0], reason="there is no Lava here")
def test_lava_confirms_the_winner_to_the_sample(run):
    folder, summary = run
    certificate = json.loads((folder / "winner.certificate.json").read_text())
    assert certificate["mismatches"] == 0 and certificate["samples"] == 360
    assert (
        summary["winner"]["accuracy"]["lava"]
        == summary["winner"]["accuracy"]["exact"]
        == summary["winner"]["accuracy"]["exact_test"]
    )
    done = subprocess.run([sys.executable, folder / "winner_in_lava.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_winners_onnx_counts_what_the_exact_simulator_counts(run):
    folder, _ = run
    images = datasets.load("digits").x_test[:32]
    network = netx.read(folder / "winner.net")
    activity = exact.run(network, images)
    spikes, votes, prediction = onnxruntime.InferenceSession(str(folder / "winner.onnx")).run(None, {"image": images})
    assert np.array_equal(spikes, np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers], axis=1))
    assert np.array_equal(votes, activity.votes(network.readout))
    assert np.array_equal(prediction, activity.predictions(network.readout))


@pytest.mark.slow
def test_one_worker_finds_what_two_found_and_a_resumed_run_the_same(run, tmp_path):
    folder, summary = run
    again = pipeline.search(
        read_config(folder / "config.toml").with_changes(workers=1, supernet=str(folder)), tmp_path / "again"
    )
    for name in ("architecture", "accuracy", "spikes", "energy"):
        assert again["winner"][name] == summary["winner"][name]
    assert (tmp_path / "again" / "candidates.csv").read_text() == (folder / "candidates.csv").read_text()
    for name in ("winner.certificate.json", "summary.json", "study.db"):
        (tmp_path / "again" / name).unlink()
    assert pipeline.resume(tmp_path / "again")["winner"] == again["winner"]
    more = pipeline.resume(tmp_path / "again", finalists=6)
    assert more["finalists"][:4] == again["finalists"][:4]
    rows = {row["genotype"]: row for row in _candidates(tmp_path / "again")}
    assert {row["accuracy_source"] for row in rows.values()} == {"measured", "corrected"}
    known = read_accuracies(tmp_path / "again" / "study.db")
    assert known.keys() == rows.keys() and all(
        (known[name].source, repr(known[name].accuracy)) == (row["accuracy_source"], row["final_accuracy"])
        for name, row in rows.items()
    )
    with pytest.raises(InputError, match="6 or more"):
        pipeline.resume(tmp_path / "again", finalists=5)


def _candidates(folder):
    return list(csv.DictReader((folder / "candidates.csv").read_text().splitlines()))


@pytest.mark.slow
def test_a_walked_run_answers_for_another_target_and_goes_on_where_it_was_stopped(run, tmp_path):
    """The whole space by the super-network of the first run, on a few images; half of it is then taken out of the study."""
    folder, _ = run
    walked = tmp_path / "walked"
    walk = {"strategy": "walk", "evaluate": 20, "finalists": 2, "baselines": False, "retrain_epochs": 1}
    config = read_config(folder / "config.toml").with_changes(supernet=str(folder), **walk)
    summary = pipeline.search(config, walked)
    assert summary["evaluated"] == SIZE and summary["infeasible"] == 0 and summary["measured"] >= 1
    table = (walked / "candidates.csv").read_text()
    assert len(table.splitlines()) == SIZE + 1 and len(list((walked / "walk").glob("*.npz"))) == 9
    priced = [{record.genotype: record for record in priced_on(walked, target)} for target in ("loihi2", "loihi1")]
    assert priced[0].keys() == priced[1].keys() and len(priced[0]) == SIZE
    for record in read_records(walked / "study.db"):
        again, other = (known[record.genotype] for known in priced)
        assert (record.energy, record.synops, record.accuracy) == (again.energy, again.synops, again.accuracy)
        assert (other.synops, other.accuracy) == (record.synops, record.accuracy) and other.energy != record.energy
    with closing(sqlite3.connect(walked / "study.db")) as database:
        for table_name in (
            "trial_user_attributes",
            "trial_params",
            "trial_values",
            "trial_system_attributes",
            "trials",
        ):
            database.execute(f"delete from {table_name} where trial_id > 30")
        database.commit()
    assert pipeline.resume(walked)["winner"] == summary["winner"]
    assert (walked / "candidates.csv").read_text() == table
