"""The main job on event frames, end to end: every stage real; small and without Lava, then as a user calls it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import pytest
from support.files.event_frames import easy_arrays
from support.peers.truenorth_interpreter import Chip
from support.processes.own_process import command

import hw_profiles
from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check
from autosnn_hw.errors import InputError
from autosnn_hw.simulate import exact, lava
from autosnn_hw.stages.judging.repricing import priced_on
from autosnn_hw.stages.winner import delivery
from autosnn_hw.training.data import datasets
from exporters import netx, onnx

SMALL = {
    "width": 4, "timesteps": 2, "epochs": 5, "batch": 8, "strategy": "evolution", "generations": 1, "pool": 2,
    "mean_cost_samples": 2, "measure": 0, "samples": 2, "retrain_epochs": 1, "finetune_epochs": 1, "finalists": 1,
    "baselines": False, "workers": 1,
}  # fmt: skip
NEEDS_LAVA = pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Counts as signed 16-bit numbers, some above 1."""
    path = tmp_path_factory.mktemp("data") / "easy.npz"
    np.savez(path, **easy_arrays(100, 20, timesteps=2, dtype=np.int16, most=3))
    return path


def agree(network, images, model):
    """ONNX counts what the exact simulator counts; the stem is a layer of the chip; samples that travel in the file are spikes."""
    assert network.encoder is None and network.input_layer.neuron is None and network.layers[1].name == "stem"
    activity = exact.run(network, images)
    spikes, votes, prediction = onnxruntime.InferenceSession(model).run(None, {"frames": images.astype(np.uint8)})
    assert np.array_equal(spikes, np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers], axis=1))
    assert np.array_equal(votes, activity.votes(network.readout))
    assert np.array_equal(prediction, activity.predictions(network.readout))
    assert network.check.images.dtype == np.uint8 and np.array_equal(network.check.images, images[:8] > 0)
    assert np.array_equal(network.check.predictions, prediction[:8])


def is_whole(folder, summary, images):
    """The files of a run agree; its winner."""
    network = netx.read(folder / "winner.net")
    agree(network, images, str(folder / "winner.onnx"))
    assert summary == json.loads((folder / "summary.json").read_text())
    assert (folder / "report.html").stat().st_size > 10_000
    return network


@pytest.mark.slow
@pytest.mark.parametrize("target", ["loihi2", "truenorth"])
def test_a_search_on_event_frames_is_whole(target, data, tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "lava_status", lambda: (False, "not asked"))
    config = SearchConfig(dataset=f"npz:{data}", target=target, **SMALL | {"epochs": 5 if target == "loihi2" else 12})
    summary = pipeline.search(config, tmp_path / "run")
    frames = datasets.load(f"npz:{data}").x_test
    network = is_whole(tmp_path / "run", summary, frames)
    assert summary["winner"]["accuracy"]["exact_test"] > 0.5 and summary["certificate"]["backends"] == ["exact"]
    if target == "truenorth":
        assert set(np.unique(network.layers[1].weight)) <= {-1, 0, 1} and network.layers[1].neuron.v_decay == 4096
        fired = (chip := Chip(tmp_path / "run" / "winner.cores.json")).run(
            (frames[:4] > 0).reshape(4, network.timesteps, -1)
        )
        for index, layer in enumerate(exact.trace(network, frames[:4]).layers, 1):
            np.testing.assert_array_equal(chip.layer_spikes(fired, index), layer.spikes, err_msg=layer.name)


@pytest.mark.slow
def test_counts_travel_as_graded_spikes(data, tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "lava_status", lambda: (False, "not asked"))
    config = SearchConfig(dataset=f"npz:{data}", graded=True, **SMALL)
    summary = pipeline.search(config, tmp_path / "run")
    network, frames = netx.read(tmp_path / "run" / "winner.net"), datasets.load(f"npz:{data}").x_test
    assert network.input_layer.payload == 3 == network.check.images.max() and frames.max() == 3
    activity = exact.run(network, frames)
    assert not np.array_equal(activity.outputs, exact.run(network, np.minimum(frames, 1)).outputs)
    session = onnxruntime.InferenceSession(str(tmp_path / "run" / "winner.onnx"))
    assert np.array_equal(session.run(["votes"], {"frames": frames})[0], activity.votes(network.readout))
    assert summary["winner"]["accuracy"]["exact_test"] > 0.5
    document = json.loads((tmp_path / "run" / "winner.simulation.json").read_text())
    assert any("a graded spike is charged as a spike is" in sentence for sentence in document["not_counted"])


@pytest.mark.slow
@NEEDS_LAVA
def test_lava_takes_counts_as_the_exact_simulator_does(data, tmp_path):
    config = SearchConfig(dataset=f"npz:{data}", graded=True, **SMALL | {"measure": 1})
    certificate = pipeline.search(config, tmp_path / "run")["certificate"]
    assert certificate["mismatches"] == 0 and certificate["samples"] == 20
    done = subprocess.run([sys.executable, tmp_path / "run" / "winner_in_lava.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
def test_counts_are_refused_where_spikes_carry_no_values(target, data, tmp_path):
    with pytest.raises(InputError, match=f"values up to 3; {target} takes spikes alone"):
        pipeline.search(SearchConfig(dataset=f"npz:{data}", target=target, graded=True, **SMALL), tmp_path / "run")
    with pytest.raises(InputError, match="digits holds images; --graded is for event frames"):
        pipeline.search(SearchConfig(graded=True, **SMALL), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_training_on_event_frames_says_what_is_lost(data, tmp_path):
    from click.testing import CliRunner

    from autosnn_hw.cli import group

    words = ["train", "skip,skip,skip,skip,skip", "--dataset", f"npz:{data}", "--width", "2", "--epochs", "1"]
    done = CliRunner().invoke(group, [*words, "--finetune-epochs", "1", "--out", str(tmp_path / "o")])
    assert done.exit_code == 0, done.output
    x = np.load(data)["x_train"]
    share = 1 - np.count_nonzero(x) / x.sum()
    assert f"{(x > 1).sum()} of {np.count_nonzero(x)} values of x_train" in done.stderr
    assert f"{share:.1%} of the events are lost" in " ".join(done.stderr.split())
    (file,) = (tmp_path / "o").glob("*.net")
    network = netx.read(file)
    assert network.timesteps == 2
    agree(network, datasets.load(f"npz:{data}").x_test, onnx.model(network).SerializeToString())
    refused = CliRunner().invoke(group, [*words, "--timesteps", "4", "--out", str(tmp_path / "p")])
    assert "frames of 2 steps; 4 were asked for" in str(refused.exception) and not (tmp_path / "p").exists()


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """A small search of the embedded events by the command, walked."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    sizes = ("--width", 4, "--epochs", 6, "--retrain-epochs", 2, "--finetune-epochs", 1, "--finalists", 2)
    search = ("--strategy", "walk", "--evaluate", 30, "--measure", 1, "--samples", 2, "--workers", 2)
    done = command("search", "--dataset", "events", "--target", "loihi2", *sizes, *search, "--out", folder)
    assert done.wait() == 0
    return folder, json.loads((folder / "summary.json").read_text())


@pytest.mark.slow
@pytest.mark.timeout(1200)
@NEEDS_LAVA
def test_the_embedded_events_end_with_a_certificate(events):
    folder, summary = events
    certificate = json.loads((folder / "winner.certificate.json").read_text())
    assert certificate["mismatches"] == 0 and certificate["samples"] == 360 and "lava" in certificate["backends"]
    is_whole(folder, summary, datasets.load("events").x_test[:32])
    assert {entry["name"] for entry in summary["baselines"]} >= {"all_SCB_k3", "all_SRB_k3", "AutoSNN"}
    done = subprocess.run([sys.executable, folder / "winner_in_lava.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    priced = {record.genotype: record for record in priced_on(folder, "loihi1")}
    assert len(priced) == 3125 and priced[summary["winner"]["architecture"]].energy is not None


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_search_of_events_goes_on_to_the_same_end(events, tmp_path):
    folder, summary = events
    words = ("--config", folder / "config.toml", "--supernet", folder, "--out", tmp_path / "run")
    started = command("search", *words)
    while len(list((tmp_path / "run").glob("walk/*.npz"))) < 5:
        assert started.poll() is None
        time.sleep(0.2)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert not (tmp_path / "run" / "summary.json").exists()
    again = pipeline.resume(tmp_path / "run")
    for name in ("architecture", "accuracy", "spikes", "energy"):
        assert again["winner"][name] == summary["winner"][name]
    assert (tmp_path / "run" / "candidates.csv").read_text() == (folder / "candidates.csv").read_text()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@NEEDS_LAVA
@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
def test_other_targets_end_with_a_certificate(target, tmp_path):
    sizes = {"width": 4, "timesteps": 5, "batch": 32, "epochs": 8, "evaluate": 60, "measure": 1}
    config = SearchConfig(dataset="events", target=target, **{**SMALL, **sizes})
    summary = pipeline.search(config, tmp_path / "run")
    certificate = json.loads((tmp_path / "run" / "winner.certificate.json").read_text())
    assert certificate["mismatches"] == 0 and certificate["samples"] == 360 and certificate["accuracy_equal"]
    report = check(netx.read(tmp_path / "run" / "winner.net"), hw_profiles.load(target))
    assert report.fits and summary["winner"]["cores"] == report.cores_used
