"""Networks trained as floats alone: what of the choices of training they have not is said, or refused."""

import numpy as np
import pytest

from autosnn_hw import pipeline
from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.documents.searches.table_document import table_document
from autosnn_hw.errors import InputError
from autosnn_hw.report.elements import show
from autosnn_hw.report.paper_table import paper_table
from autosnn_hw.stages.final_training.unlowered import left_out, trained_as_floats
from autosnn_hw.stages.paper_tables.table_data import Amount
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

CHOICES = [
    ({}, []),
    ({"distillation": 0.5}, ["distillation"]),
    ({"averaged_epochs": 2}, ["averaged_epochs"]),
    ({"averaged_epochs": 1}, []),  # is none
    ({"distillation": 1.0, "averaged_epochs": 3}, ["distillation", "averaged_epochs"]),
]
ONE = Amount(images=30, test_images=6, seeds=1, certified=0, only="Fang2021_CIFAR")


@pytest.mark.parametrize(("chosen", "names"), CHOICES)
def test_what_such_a_network_is_trained_without(chosen, names, config):
    assert left_out(config.with_changes(**chosen)) == names


@pytest.mark.parametrize("name", UNLOWERED)
@pytest.mark.parametrize(("chosen", "names"), [row for row in CHOICES if row[1]])
def test_train_refuses_it_before_a_folder_is_made(name, chosen, names, config, tmp_path):
    with pytest.raises(InputError, match=f"{name} is trained as floats alone") as refused:
        pipeline.train_as_floats(name, config.with_changes(**chosen), tmp_path / "t")
    assert all(f"--{one.replace('_', '-')}" in str(refused.value) for one in names) and "\n" not in str(refused.value)
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("name", UNLOWERED)
def test_a_device_that_is_not_there_is_refused_before_a_folder_is_made(name, config, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="sees no CUDA device here; cpu works"):
        pipeline.train_as_floats(name, config.with_changes(device="cuda"), tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_what_stands_before_the_first_layer_is_said(config, tmp_path):
    frames = np.zeros((12, 1, 2, 16, 16), np.uint8)
    np.savez(tmp_path / "f.npz", x_train=frames, y_train=np.arange(12) % 2, x_test=frames, y_test=np.arange(12) % 2)
    asked = config.with_changes(dataset=f"npz:{tmp_path / 'f.npz'}", width=1, timesteps=1)
    said = []

    class Told(Silent):
        def say(self, sentence):
            said.append(sentence)

    pipeline.train_as_floats("He2020_DVSGesture", asked, tmp_path / "t", Told())
    assert "note: samples of 16 x 16: no max pool of 4 x 4, which stands before conv1 from 128 x 128 on." in said


def test_a_result_of_before_it_was_said_says_it(config, tmp_path):
    (tmp_path / "He2020_DVSGesture.json").write_text('{"architecture": "He2020_DVSGesture"}')
    asked = config.with_changes(distillation=0.5)
    found = trained_as_floats("He2020_DVSGesture", asked, tmp_path, lambda *_: None)
    known = {"architecture": "He2020_DVSGesture", "name": "He2020_DVSGesture", "space": None}
    assert found == known | {"left_out": ["distillation"]}


def test_a_table_says_it_in_the_row_of_a_network_that_its_target_has_not(config, tmp_path, capsys):
    asked = config.with_changes(
        width=2, timesteps=1, target="truenorth", finetune_epochs=0, distillation=0.5, averaged_epochs=2
    )
    document = table_document(made("transfer", asked, tmp_path / "t", ONE, Silent()))
    (row,) = document["rows"]
    assert row["left_out"] == ["distillation", "averaged_epochs"] == row["seeds"][0]["left_out"]
    show(paper_table(document))
    said = " ".join(capsys.readouterr().out.split())
    assert "fits no crossbar core; trained without --distillation and --averaged-epochs" in said
