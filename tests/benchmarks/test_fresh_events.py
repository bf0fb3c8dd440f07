"""What fresh_events.py says of a run on samples that the run has not."""

import json
from dataclasses import replace

import fresh_events
import pytest

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import RunError
from autosnn_hw.simulate import exact
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.event_camera import samples
from exporters import netx


def test_fresh_samples_are_none_of_the_dataset():
    x, y = samples(200, fresh_events.PART)
    known = datasets.load("events")
    held = {sample.tobytes() for part in (*known.full_train()[:1], known.x_test) for sample in part}
    assert not held & {sample.tobytes() for sample in x}
    assert set(y) == set(known.y_test)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_winner_is_made_again_and_stands_beside_its_baselines(tmp_path, capsys, monkeypatch):
    config = SearchConfig(
        dataset="events", width=4, timesteps=5, epochs=6, strategy="random", generations=1, pool=4, mean_cost_samples=2,
        evaluate=20, measure=0, retrain_epochs=1, finetune_epochs=1, finalists=2, workers=1,
    )  # fmt: skip
    run = tmp_path / "run"
    summary = pipeline.search(config, run)
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    monkeypatch.setattr("sys.argv", ["fresh_events.py", str(run), "--samples", "300", "--json"])
    fresh_events.main()
    (found,) = json.loads(capsys.readouterr().out)
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    x, y = samples(300, "fresh")
    network = netx.read(run / "winner.net")
    assert found["accuracy"] == (exact.run(network, x).predictions(network.readout) == y).mean()
    apart = found["integers_minus_floats"]
    assert apart["mean"] == pytest.approx(100 * (found["accuracy"] - found["floats"]))
    assert apart["low"] <= apart["mean"] <= apart["high"]
    assert found["winner"] == summary["winner"]["architecture"]
    assert list(found["baselines"]) == [entry["name"] for entry in summary["baselines"]]
    for name in found["better"]:
        assert found["baselines"][name]["cost"] <= found["cost"]
        assert found["baselines"][name]["accuracy"] >= found["accuracy"]

    floats = fresh_events.delivered_floats(config, run, fresh_events.winner_of(summary))
    last = floats.blocks[-1]
    readout = last.convs[0]
    other = replace(
        floats, blocks=(*floats.blocks[:-1], replace(last, convs=(replace(readout, weight=-readout.weight),)))
    )
    monkeypatch.setattr(fresh_events, "inherited", lambda *_: type("Learnt", (), {"tuned": other}))
    with pytest.raises(RunError, match="could not be made again"):
        fresh_events.delivered_floats(config, run, fresh_events.winner_of(summary))
