"""A network that was trained and cannot be written as integers: its row is counted as floats, and the table goes on."""

import json

import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.stages.final_training import learnt, retraining
from autosnn_hw.stages.paper_tables.table_data import Amount
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

TWO = Amount(images=30, test_images=6, seeds=2, certified=0, only="SCB_k3")
WHY = "layer 'stem' cannot be written as NetX: its threshold."


@pytest.fixture(scope="module")
def small(config):
    return config.with_changes(width=2, timesteps=1, finetune_epochs=0)


def test_the_seed_is_kept_as_floats_with_the_reason_and_the_others_go_on(small, tmp_path, monkeypatch):
    write = retraining.netx.write

    def refuse(chip, file):
        if chip.provenance["seed"] == 0:
            raise InputError(WHY)
        write(chip, file)

    monkeypatch.setattr(retraining.netx, "write", refuse)
    document = made("blocks", small, tmp_path / "t", TWO, Silent())
    (row,) = document["rows"]
    first, second = row["seeds"]
    assert first["not_lowered"] == WHY and 0 <= first["accuracy_float"] <= 1 and first["spikes_float"] >= 0
    assert [first[name] for name in ("accuracy", "spikes", "energy", "cores", "fits")] == [None] * 5
    assert second["not_lowered"] is None and 0 <= second["accuracy"] <= 1
    assert first["lava"]["reason"] == "no chip network" and second["lava"]["reason"] == "not asked for"

    def trained_again(*args, **options):
        raise AssertionError("trained again")

    monkeypatch.setattr(retraining, "from_scratch", trained_again)
    assert made("blocks", small, tmp_path / "t", TWO, Silent()) == document


def test_tuning_that_cannot_begin_is_such_a_refusal_too(small, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise InputError(WHY)

    monkeypatch.setattr(learnt, "fit", refuse)
    amount = Amount(images=30, test_images=6, seeds=1, certified=0, only="SCB_k3")
    (row,) = made("blocks", small.with_changes(finetune_epochs=1), tmp_path / "t", amount, Silent())["rows"]
    assert row["seeds"][0]["not_lowered"] == WHY
    (kept,) = (tmp_path / "t" / "networks").rglob("*.json")
    assert json.loads(kept.read_text())["not_lowered"] == WHY


def test_what_training_refuses_is_no_result(small, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise InputError("too few samples")

    monkeypatch.setattr(learnt, "train_network", refuse)
    with pytest.raises(InputError, match="too few samples"):
        made("blocks", small, tmp_path / "t", TWO, Silent())
    assert not list((tmp_path / "t" / "networks").rglob("*.json"))
