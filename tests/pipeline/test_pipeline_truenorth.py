"""The main job for a crossbar, end to end on images that are easy to learn: every stage real, all of it small."""

import csv
import json

import numpy as np
import pytest

import hw_profiles
from autosnn_hw import pipeline
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check
from autosnn_hw.documents.searches import verdict
from autosnn_hw.errors import InputError
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.lava import lava_status
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from exporters import netx

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a whole search: see test_pipeline


def config(data, **changes):
    sizes = {
        "target": "truenorth",
        "epochs": 6,
        "batch": 8,
        "width": 4,
        "timesteps": 3,
        "generations": 1,
        "pool": 2,
        "mean_cost_samples": 2,
    }
    retraining = {"retrain_epochs": 1, "finetune_epochs": 1, "measure": 1, "samples": 2, "workers": 1}
    return SearchConfig(dataset=f"npz:{data}", **{**sizes, **retraining, **changes})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Images whose class is where they are bright."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "easy.npz"
    arrays = {}
    for part, count in (("train", 200), ("test", 30)):
        labels = rng.integers(0, 3, count)
        images = rng.integers(0, 120, (count, 2, 8, 8))
        for image, label in zip(images, labels):
            image[:, :, label * 2 : label * 2 + 3] += 120
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, pipeline.search(config(data), folder)


@pytest.fixture(scope="module")
def interpreter():
    """The class that executes a cores file; it shares no code with the package."""
    from support.peers import truenorth_interpreter

    return truenorth_interpreter.Chip


def test_the_winner_is_legal(run):
    folder, summary = run
    report = check(netx.read(folder / "winner.net"), hw_profiles.load("truenorth"))
    assert report.fits and not report.violations
    assert summary["winner"]["fits"] and summary["winner"]["cores"] == report.cores_used
    assert "/" in summary["winner"]["architecture"]


def test_the_cores_file_spikes_as_the_exact_simulator_says(run, data, interpreter):
    folder, _ = run
    network = netx.read(folder / "winner.net")
    images = np.load(data)["x_test"][:6]
    found = {layer.name: layer.spikes for layer in exact.trace(network, images).layers}
    chip = interpreter(folder / "winner.cores.json")
    stem = found[network.layers[0].name].reshape(len(images), network.timesteps, -1)
    fired = chip.run(stem)
    for index, layer in enumerate(network.layers[1:], 1):
        np.testing.assert_array_equal(chip.layer_spikes(fired, index), found[layer.name], err_msg=layer.name)
    np.testing.assert_array_equal(chip.votes(fired), exact.run(network, images).votes(network.readout))


def test_the_summary_says_what_the_target_cost_against_loihi_2(run):
    folder, summary = run
    assert summary == json.loads((folder / "summary.json").read_text())
    entries = {entry["name"]: entry for entry in summary["baselines"]}
    assert set(entries) == {"all_SCB_k3", "all_SRB_k3", "AutoSNN", "best of random", "winner as loihi2"}
    there = entries["winner as loihi2"]
    assert (there["target"], there["architecture"]) == ("loihi2", summary["winner"]["architecture"])
    own = summary["winner"]["accuracy"]["exact_test"]
    assert summary["against_loihi2"]["accuracy"] == there["accuracy"]
    assert summary["against_loihi2"]["difference"] == pytest.approx(own - there["accuracy"])
    assert all(entry["fits"] and entry["cores"] for entry in entries.values())
    (sentence,) = [text for text in verdict.sentences(summary) if text.startswith("Against Loihi 2")]
    assert sentence in (folder / "report.html").read_text()
    assert not any("winner as loihi2" in text for text in verdict.against(summary)), "energies of two chips"
    reference = netx.read(
        folder / "networks" / "loihi2" / f"{there['architecture'].replace(',', '-').replace('/', 'g')}.net"
    )
    assert reference.layers[-1].weight.all(axis=0).any() and not (reference.layers[-1].weight % 2).any()


def test_the_search_charges_static_power_of_used_cores(run):
    folder, summary = run
    energy, profile = summary["winner"]["energy"], hw_profiles.load("truenorth")
    static = energy["fitness"]["value"] - energy["dynamic"]["value"]
    share = summary["winner"]["cores"] / profile.limits.cores_per_chip.value
    assert static == pytest.approx(energy["static"]["value"] * share, rel=1e-4)
    with open(folder / "candidates.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == summary["evaluated"] == 4 and all("/" in row["genotype"] for row in rows)


@pytest.mark.skipif(not lava_status()[0], reason="there is no Lava here")
def test_lava_counts_the_same_spikes(run):
    folder, summary = run
    certificate = json.loads((folder / "winner.certificate.json").read_text())
    assert certificate["mismatches"] == 0 and "lava" in certificate["backends"] and summary["measured"] == 1
    assert summary["winner"]["accuracy"]["lava"] == summary["winner"]["accuracy"]["exact_test"]


def test_the_super_network_comes_back_as_it_was_trained(run):
    folder, _ = run
    network = load_supernet(folder / "supernet.safetensors")
    assert network.fabric == Fabric("memoryless", True, 128)
    readout = network.layers["readout"]
    assert readout.mask is not None and not readout.weight[~readout.mask].any()


def test_a_resumed_run_finds_the_same_and_trains_nothing_again(run):
    folder, summary = run
    before = {path: path.stat().st_mtime_ns for path in (folder / "networks").rglob("*.net")}
    (folder / "summary.json").unlink()
    again = pipeline.resume(folder)
    assert again["winner"] == summary["winner"] and again["baselines"] == summary["baselines"]
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "networks").rglob("*.net")}


def test_a_super_network_of_other_neurons_is_not_taken_over(run, data, tmp_path):
    folder, _ = run
    with pytest.raises(InputError, match="memoryless"):
        pipeline.search(config(data, target="loihi2", grouped=True, supernet=str(folder)), tmp_path / "other")


def test_the_winner_can_be_named_again(run):
    _, summary = run
    text = summary["winner"]["architecture"]
    assert str(Architecture.parse(text, width=4, timesteps=3)) == text
