"""A search whose finalists climb rungs, end to end: what it says of them, and that kill -9 in a rung changes nothing."""

import csv
import json
import os
import signal
import time

import numpy as np
import optuna
import pytest
from support.files.event_frames import easy_arrays
from support.processes.own_process import command

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SIZES = {
    "width": 4, "timesteps": 2, "batch": 8, "strategy": "evolution", "generations": 1, "pool": 6, "mean_cost_samples": 2,
    "measure": 0, "retrain_epochs": 4, "finetune_epochs": 1, "finalists": 3, "rungs": 2, "baselines": False,
}  # fmt: skip


@pytest.mark.parametrize(("target", "epochs"), [("loihi2", 5), ("truenorth", 8)])
def test_killed_in_a_rung_it_goes_on_to_the_same_end(target, epochs, tmp_path):
    np.savez(tmp_path / "easy.npz", **easy_arrays(100, 20, timesteps=2))
    data = f"npz:{tmp_path / 'easy.npz'}"
    config = SearchConfig(dataset=data, target=target, epochs=epochs, workers=1, **SIZES)
    whole = pipeline.search(config, tmp_path / "whole")
    first, last = whole["rungs"]
    assert (first["rung"], first["begin"], first["epochs"], first["cost"]) == (1, 0, 2, 4 * 2)
    assert (last["rung"], last["begin"], last["epochs"], last["cost"]) == (2, 2, 4, 2 * (2 + 1))
    kept = [one["architecture"] for one in first["candidates"] if one["kept"]]
    assert len(first["candidates"]) == 4 and {one["architecture"] for one in last["candidates"]} == set(kept)
    assert {one["architecture"]: one["accuracy"] for one in whole["finalists"]} == {
        one["architecture"]: one["accuracy"] for one in last["candidates"]
    }
    assert whole["winner"]["architecture"] in kept
    assert whole["winner"]["fitness"] == max(one["fitness"] for one in last["candidates"])

    words = ("--config", tmp_path / "whole" / "config.toml", "--supernet", tmp_path / "whole", "--workers", 2)
    started = command("search", *words, "--out", tmp_path / "killed")
    while len(list((tmp_path / "killed").glob("networks/rungs/*.epoch-2.json"))) < 2:
        assert started.poll() is None
        time.sleep(0.02)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert not (tmp_path / "killed" / "summary.json").exists()
    again = pipeline.resume(tmp_path / "killed", workers=1)
    for name in ("finalists", "rungs", "evaluated"):
        assert again[name] == whole[name]
    assert again["winner"]["accuracy"] == whole["winner"]["accuracy"]
    tables = [(tmp_path / name / "candidates.csv").read_text() for name in ("whole", "killed")]
    assert tables[0] == tables[1]

    expected = {one["architecture"]: ("1", one["accuracy"]) for one in first["candidates"]}
    expected |= {one["architecture"]: ("2", one["accuracy"]) for one in last["candidates"]}
    rows = list(csv.DictReader(tables[0].splitlines()))
    said = {row["genotype"]: (row["rung"], float(row["rung_accuracy"])) for row in rows if row["rung"]}
    assert said == expected
    assert [row["accuracy_source"] == "measured" for row in rows] == [row["rung"] == "2" for row in rows]
    trials = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'killed' / 'study.db'}").trials
    known = {trial.user_attrs["genotype"]: trial.user_attrs for trial in trials if "rung" in trial.user_attrs}
    assert {name: (str(one["rung"]), one["rung_accuracy"]) for name, one in known.items()} == expected
    lines = [json.loads(line) for line in (tmp_path / "killed" / "log.jsonl").read_text().splitlines()]
    assert [line["rung"] for line in lines if line["event"] == "rung"] == [1, 2]
