"""`train`: one network in a folder of its own, known by its macro-architecture as well as by its blocks."""

import json

import pytest

from autosnn_hw import pipeline
from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.run_folder import write_json
from autosnn_hw.stages.begun_folder import BEGUN, MACRO
from autosnn_hw.stages.final_training import retraining
from autosnn_hw.words.progress import Silent


@pytest.fixture(scope="module")
def small(config):
    return config.with_changes(width=2, timesteps=1, finetune_epochs=0)


def trained(name, config, out, reporter=None):
    architecture = Architecture.parse(name, width=2, timesteps=1)
    return pipeline.train(architecture, config, out, reporter, name)


class PulledPlug(Silent):
    def stage(self, name, total=None):
        raise RuntimeError("the plug was pulled")


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("one") / "same"
    return out, trained("SNN_2_SRB_k3", small, out)


def test_its_result_says_what_it_was_asked_for_by_and_which_macro_architecture_it_has(made):
    _, result = made
    network = result["document"]["network"]
    assert result["architecture"] == "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k3"
    assert (result["name"], result["space"]) == (network["name"], network["space"]) == ("SNN_2_SRB_k3", "SNN_2")


def test_the_same_blocks_in_another_macro_architecture_are_another_network(made, small):
    out, _ = made
    with pytest.raises(InputError, match="another network") as refused:
        trained("SNN_1_SRB_k3", small, out)
    for said in ("name SNN_2_SRB_k3 there, SNN_1_SRB_k3 now", "macro_architecture SNN_2 there, SNN_1 now"):
        assert said in str(refused.value)
    with pytest.raises(InputError, match="this network, finished, already"):
        trained("SNN_2_SRB_k3", small, out)


def test_nor_is_it_gone_on_with_in_the_folder_of_an_interrupted_one(small, tmp_path):
    with pytest.raises(RuntimeError, match="pulled"):
        trained("SNN_2_SRB_k3", small, tmp_path / "t", PulledPlug())
    with pytest.raises(InputError, match="SNN_2_SRB_k3 there, SNN_4_SRB_k3 now"):
        trained("SNN_4_SRB_k3", small, tmp_path / "t")
    with pytest.raises(RuntimeError, match="pulled"):  # the same network by its other name is no other one
        pipeline.train(
            Architecture.parse("all_SRB_k3", space="SNN_2", width=2, timesteps=1),
            small, tmp_path / "t", PulledPlug(), "all_SRB_k3",
        )  # fmt: skip


def test_a_folder_of_before_it_was_kept_is_refused_in_a_sentence(small, tmp_path):
    with pytest.raises(RuntimeError, match="pulled"):
        trained("SNN_1_SRB_k3", small, tmp_path / "t", PulledPlug())
    known = json.loads((tmp_path / "t" / BEGUN).read_text())
    del known["network"][MACRO]
    write_json(tmp_path / "t" / BEGUN, known)
    with pytest.raises(InputError, match=r"earlier version .* \(SNN_1 now\).* choose another --out"):
        trained("SNN_1_SRB_k3", small, tmp_path / "t")


def test_a_network_that_cannot_be_written_as_integers_says_what_was_trained_and_what_would_work(
    small, tmp_path, monkeypatch
):
    def refuse(*args):
        raise InputError("layer 'stem' cannot be written as NetX: its threshold.")

    monkeypatch.setattr(retraining.netx, "write", refuse)
    with pytest.raises(RunError) as failed:
        trained("SNN_1_SRB_k3", small.with_changes(learning_rate=0.03), tmp_path / "t")
    said = str(failed.value)
    assert (
        failed.value.exit_code == 1
        and "\n" not in said
        and "its threshold; a smaller --learning-rate (0.03 now)" in said
    )
    assert (
        said.startswith("SNN_1_SRB_k3 was trained, and ") and "% of the test samples are right as floats, but" in said
    )


def test_more_averaged_epochs_than_there_are_is_said(small, tmp_path):
    said = []

    class Told(Silent):
        def say(self, sentence):
            said.append(sentence)

    trained("SNN_1_SRB_k3", small.with_changes(averaged_epochs=4), tmp_path / "t", Told())
    assert "note: --averaged-epochs 4 is above --epochs 1: all epochs are averaged." in said
