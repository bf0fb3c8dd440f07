"""A network is made once, judged without a test image where it must, and known again wherever its folder goes."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.run_and_price import Samples
from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training import learnt, retraining
from autosnn_hw.stages.final_training.retraining import NetworkJob, accuracy_of
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.judging.evaluator import judged
from autosnn_hw.training.data import datasets
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count
from exporters import netx


def job_in(folder, config, way="inherit", name="networks"):
    (folder / name).mkdir(exist_ok=True)
    return NetworkJob.of(config.with_changes(retrain=way), folder / name, supernet=str(folder / SUPERNET))


@pytest.fixture
def untrainable(monkeypatch):
    """From now on, training anything is an error."""

    def refuse(*args, **options):
        raise AssertionError("trained again")

    def forbid():
        monkeypatch.setattr(retraining, "inherited", refuse)
        monkeypatch.setattr(retraining, "from_scratch", refuse)

    return forbid


@pytest.mark.parametrize(
    ("way", "weights"), [("inherit", "inherited"), pytest.param("scratch", "scratch", marks=pytest.mark.slow)]
)
def test_what_is_written_is_what_is_said(folder, config, prepared, architecture, way, weights):
    result = job_in(folder, config, way)(architecture)
    network, data = netx.read(result.file), prepared.data
    assert result.weights == weights == network.provenance["weights"] and result.fits
    assert result.accuracy.exact_test == accuracy_of(network, Samples(data.x_test, data.y_test, data.name, "test"))
    assert result.spikes == result.document["spikes"]
    alone = SpikingNetwork(architecture, data.image, data.classes, fabric=prepared.fabric)
    assert result.parameters == parameter_count(alone)
    np.testing.assert_array_equal(network.check.images, data.x_test[:8])
    assert list(result.float_layers) == [layer.name for layer in network.neuron_layers]
    assert min(result.float_layers.values()) >= 0 < sum(result.float_layers.values())
    assert (
        abs(result.accuracy.delivered_float - result.accuracy.exact_test) < 0.2
    )  # the same weights before and after rounding
    by_search = [result.accuracy.supernet_float, result.accuracy.delivered_float_validation]
    assert [value is not None for value in by_search] == [weights == "inherited"] * 2
    run = exact.run(network, data.x_val)
    record = judged(architecture, network, lambda: run, data.y_val, prepared.profile, {"parameters": result.parameters})
    assert result.as_candidate == (record.to_json() if weights == "inherited" else None)
    assert result.accuracy.validation == (record.accuracy if weights == "inherited" else None)


def test_a_network_is_trained_once_even_where_its_folder_was_moved(folder, config, architecture, tmp_path, untrainable):
    job = job_in(folder, config)
    first = job(architecture)
    shutil.move(folder.path, tmp_path / "moved")
    untrainable()
    again = replace(job, folder=str(tmp_path / "moved" / "networks"))(architecture)
    assert again.to_json() == first.to_json() | {"file": again.file}
    assert again.file.startswith(str(tmp_path / "moved"))


def test_choosing_looks_at_no_test_image(folder, config, architecture, monkeypatch):
    """Other test images: the same weights and the same judgement on held-out images."""
    chosen = job_in(folder, config, "inherit")(architecture)
    real = datasets.load(config.dataset)
    other = replace(real, x_test=255 - real.x_test, y_test=real.y_test[::-1].copy())
    monkeypatch.setattr(datasets, "load", lambda *_, **__: other)
    learnt.evaluation_tools.cache_clear()
    again = job_in(folder, config, "inherit", "again")(architecture)
    learnt.evaluation_tools.cache_clear()
    assert (again.steps, again.kept, again.as_candidate) == (chosen.steps, chosen.kept, chosen.as_candidate)
    for a, b in zip(netx.read(chosen.file).layers, netx.read(again.file).layers):
        assert np.array_equal(getattr(a, "weight", 0), getattr(b, "weight", 0))


def test_a_network_whose_last_file_is_missing_is_made_again_and_equal(folder, config, architecture):
    job = job_in(folder, config)
    whole = job(architecture)
    job.file(architecture, ".json").unlink()
    assert not job.finished(architecture)
    assert job(architecture).to_json() == whole.to_json() and job.finished(architecture)


@pytest.mark.parametrize("damage", ["cut", "a key less", "a list"])
def test_a_network_whose_last_file_is_damaged_is_made_again_and_equal(folder, config, architecture, damage):
    job = job_in(folder, config)
    whole = job(architecture)
    file = job.file(architecture, ".json")
    document = json.loads(file.read_text())
    del document["accuracy"]["quantised"]
    file.write_text({"cut": file.read_text()[:300], "a key less": json.dumps(document), "a list": "[]"}[damage])
    assert not job.finished(architecture)
    if damage == "a key less":
        with pytest.raises(InputError, match=r"\.json is damaged: accuracy.quantised is missing"):
            TrainedNetwork.read(file, job.file(architecture))
    assert job(architecture).to_json() == whole.to_json() and job.finished(architecture)


def test_the_better_of_two_ways_is_taken_and_the_other_is_said(folder, config, architecture):
    result = job_in(folder, config, "both")(architecture)
    reached = {}
    for way, weights in (("inherit", "inherited"), ("scratch", "scratch")):
        file = next((folder / "networks" / way).glob("*.json"))
        reached[weights] = json.loads(file.read_text())["accuracy"]["validation"]
    assert reached[result.weights] == max(reached.values()) == result.accuracy.validation
    (other,) = set(reached) - {result.weights}
    assert result.other["weights"] == other and result.other["validation"] == reached[other]


def test_held_out_images_teach_nothing(folder, config, architecture, monkeypatch):
    """Labels of held-out images change nothing but what is kept; of all training images they change the weights."""
    data = datasets.load(config.dataset)
    lying = replace(data, y_val=np.roll(data.y_val, 1))

    def weights(data, held_out, name):
        monkeypatch.setattr(datasets, "load", lambda *_, **__: data)
        chosen = config.with_changes(finetune_epochs=0)
        job = replace(job_in(folder, chosen, "scratch", name), held_out=held_out)
        return netx.read(job(architecture).file).layers[1].weight

    assert np.array_equal(weights(data, True, "a"), weights(lying, True, "b"))
    assert not np.array_equal(weights(data, False, "c"), weights(lying, False, "d"))
