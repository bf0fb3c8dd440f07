"""What contributions.py takes of a run and says of a row."""

from argparse import Namespace

import contributions
import numpy as np
import pytest
from support.files.bars import bars

from autosnn_hw import pipeline
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig


def test_the_most_accurate_that_keep_the_limit_are_taken():
    chosen = [
        contributions.Point(Architecture.parse(text), energy, accuracy)
        for text, energy, accuracy in (
            ("all_SRB_k3", 3.0, 0.9),
            ("all_SCB_k3", 1.0, 0.7),
            ("skip,skip,skip,skip,skip", 2.0, 0.8),
            ("skip,skip,skip,skip,SCB_k3", 0.5, 0.6),
        )
    ]
    found = contributions.best(chosen, 2.0, 2)
    assert [str(one) for one in found] == ["skip,skip,skip,skip,skip", "SCB_k3,SCB_k3,SCB_k3,SCB_k3,SCB_k3"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_row_keeps_the_limit_or_says_that_none_does(tmp_path):
    np.savez(tmp_path / "bars.npz", **bars(100, 30))
    config = SearchConfig(
        dataset=f"npz:{tmp_path / 'bars.npz'}", width=(2, 4), timesteps=(1, 2), epochs=8, batch=8, learning_rate=0.01,
        strategy="random", generations=1, pool=12, mean_cost_samples=2, measure=0, retrain_epochs=1, finetune_epochs=0,
        finalists=4, baselines=False, workers=1,
    )  # fmt: skip
    pipeline.search(config, tmp_path / "run")
    options = Namespace(
        run=tmp_path / "run", width=4, share=0.8, best=1, spike_regularisation=[0.1], workers=1, seeds=2
    )
    found = contributions.figures(options)
    assert found["reference"]["architecture"] == "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k3@C4T2"
    assert found["reference"]["share"] == 1 and found["reference"]["deviation"] == 0
    assert found["limit"] == pytest.approx(0.8 * found["reference"]["energy"])
    rows = found["rows"]
    trained_as_finalists = ["architecture", "timesteps", "width", "both", "longer", "regularised 0.1"]
    assert sorted(rows) == sorted([*trained_as_finalists, "from scratch", "longer reference", "again"])
    assert rows["from scratch"]["architecture"] == rows["longer"]["architecture"]
    again = rows["again"]
    assert (
        again["accuracies"][0] == rows["from scratch"]["accuracy"]
        and len(again["accuracies"]) == len(again["shares"]) == 2
    )
    assert again["reference accuracies"][0] == found["reference"]["accuracy"]
    one, two = (mine - theirs for mine, theirs in zip(again["accuracies"], again["reference accuracies"]))
    assert again["difference"] == pytest.approx((one + two) / 2)
    assert again["interval"] == pytest.approx(12.706 * abs(one - two) / 2, rel=1e-3), (
        "Student's t of one degree of freedom"
    )
    other = [tmp_path / "run" / name for name in ("reference", "reference-again-1")]
    assert all(len(list(folder.glob("*.json"))) >= 2 for folder in other), [sorted(one.iterdir()) for one in other]
    assert rows["longer reference"]["architecture"] == found["reference"]["architecture"]
    assert rows["both"]["made"] == 1 and rows["longer"]["made"] == rows["regularised 0.1"]["made"] >= 2
    assert all(len(row["networks"]) == row["made"] >= row["within"] for row in map(rows.get, trained_as_finalists))
    for name in ("timesteps", "width", "both"):
        row = rows[name]
        assert row["within"] == 0 or (0 <= row["accuracy"] <= 1 and row["share"] < 1)
    assert "within" in rows["both"] and rows["both"]["within"] == 1
    sizes = Architecture.parse(rows["width"]["architecture"], width=4, timesteps=2)
    assert sizes.timesteps == 2, "the most of them"
