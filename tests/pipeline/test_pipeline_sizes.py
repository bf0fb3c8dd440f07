"""A search that chooses width and timesteps in a space of one's own, end to end: small, but every stage real."""

import json

import numpy as np
import onnx
import pytest

from autosnn_hw import pipeline
from autosnn_hw.search.database.study import read_records
from autosnn_hw.simulate import exact
from autosnn_hw.stages.judging.repricing import priced_on
from autosnn_hw.training.data import datasets
from exporters import netx

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SPACE = """
widths = [4, 8]
timesteps = [2, 4]
[[slots]]
width = 1
blocks = ["skip", "SRB_k3"]
pool = true
[[slots]]
width = 2
blocks = ["SCB_k3", "SRB_k3"]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder, summary) of a search whose space's file is gone."""
    folder = tmp_path_factory.mktemp("sizes")
    file = folder / "space.toml"
    file.write_text(SPACE)
    choices = {
        "epochs": 8,
        "retrain_epochs": 2,
        "finetune_epochs": 1,
        "finalists": 3,
        "mean_cost_samples": 4,
        "measure": 1,
        "samples": 4,
        "workers": 1,
        "strategy": "walk",
    }
    config = pipeline.config_for({"space": str(file), **choices})
    file.unlink()
    return folder / "run", pipeline.search(config, folder / "run")


def test_every_size_of_every_architecture_is_judged(run):
    folder, summary = run
    records = read_records(folder / "study.db")
    assert summary["evaluated"] == len(records) == 2 * 2 * 2 * 2
    ends = {record.genotype.split("@")[1] for record in records}
    assert ends == {"C4T2", "C4T4", "C8T2", "C8T4"}
    energy = {record.genotype: record.energy.value for record in records}
    for genotype, value in energy.items():
        if genotype.endswith("T2"):
            assert value < energy[genotype.replace("T2", "T4")]


def test_the_winner_s_files_have_its_own_sizes(run):
    folder, summary = run
    width, steps = summary["winner"]["width"], summary["winner"]["timesteps"]
    assert summary["winner"]["architecture"].endswith(f"@C{width}T{steps}")
    network = netx.read(folder / "winner.net")
    assert (network.timesteps, network.layers[0].shape[0]) == (steps, width)
    data = datasets.load("digits")
    run_of_it = exact.run(network, data.x_test)
    accuracy = float((run_of_it.predictions(network.readout) == data.y_test).mean())
    assert accuracy == summary["winner"]["accuracy"]["exact_test"]
    model = onnx.load(folder / "winner.onnx")
    defaults = [onnx.numpy_helper.to_array(t) for t in model.graph.initializer if t.name == "timesteps"]
    assert np.ravel(defaults).tolist() == [steps]
    certificate = json.loads((folder / "winner.certificate.json").read_text())
    assert certificate == summary["certificate"]
    assert (folder / "report.html").is_file()


def test_baselines_have_the_largest_sizes(run):
    _, summary = run
    named = {one["name"]: one["architecture"] for one in summary["baselines"]}
    assert named["all_SRB_k3"] == "SRB_k3,SRB_k3@C8T4"
    assert "AutoSNN" not in named and "all_SCB_k3" not in named


def test_a_finished_run_is_summed_up_again_to_the_same(run):
    folder, summary = run
    again = pipeline.resume(folder)
    left_out = ("wall_time", "stages")
    assert {k: v for k, v in again.items() if k not in left_out} == {
        k: v for k, v in json.loads((folder / "summary.json").read_text()).items() if k not in left_out
    }
    assert again["winner"] == json.loads(json.dumps(summary["winner"]))


def test_what_was_walked_is_priced_on_another_target(run):
    folder, _ = run
    known = {record.genotype: record for record in read_records(folder / "study.db")}
    for record in priced_on(folder, "loihi1", workers=1):
        assert record.accuracy == known[record.genotype].accuracy
        assert record.spikes == known[record.genotype].spikes
        assert record.energy != known[record.genotype].energy


def test_any_point_is_delivered_at_its_size(run, tmp_path):
    folder, _ = run
    document = pipeline.deploy(folder, "skip,SCB_k3@C4T2", tmp_path / "point")
    network = netx.read(tmp_path / "point" / "winner.net")
    assert document["architecture"] == "skip,SCB_k3@C4T2"
    assert (network.timesteps, network.layers[0].shape[0]) == (2, 4)
