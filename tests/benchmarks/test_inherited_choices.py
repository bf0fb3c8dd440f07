"""What inherited_choices.py says of networks that were trained on with and without a choice."""

import inherited_choices
import numpy as np
import pytest
from support.files.bars import bars

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork


def networks(accuracies, energy):
    return [
        TrainedNetwork(
            "", "", Accuracies(value, value, value), 1.0, 1, True, (), 1, energy={"total": {"value": energy}}
        )
        for value in accuracies
    ]


def test_a_choice_is_compared_network_by_network_and_run_by_run():
    own = [networks((0.5, 0.6), 2e-6), networks((0.7, 0.8), 2e-6)]
    found = inherited_choices.compared(own, [networks((0.52, 0.64), 1e-6), networks((0.7, 0.8), 4e-6)])
    assert found["accuracy"] == pytest.approx(0.665)
    assert found["difference"]["mean"] == pytest.approx(1.5)
    assert found["difference_of_each_run"] == pytest.approx([3, 0])
    assert (found["better"], found["energy_ratio"]) == (2, pytest.approx(1))
    half = 3.182 * np.std([2, 4, 0, 0], ddof=1) / 2  # Student's t of three degrees of freedom
    assert found["difference"]["high"] - 1.5 == pytest.approx(half, rel=1e-3)


def test_networks_that_no_core_holds_have_no_energy_to_compare():
    nowhere = [TrainedNetwork("", "", Accuracies(0.5, 0.5, 0.5), 1.0, 1, False, ("too large",), 1)]
    assert inherited_choices.compared([nowhere], [nowhere])["energy_ratio"] is None


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_same_networks_go_on_with_each_choice_and_are_made_once(tmp_path):
    np.savez(tmp_path / "bars.npz", **bars(100, 30))
    config = SearchConfig(
        dataset=f"npz:{tmp_path / 'bars.npz'}", width=2, timesteps=2, epochs=4, batch=8, learning_rate=0.01,
        strategy="random", generations=1, pool=4, mean_cost_samples=2, measure=0, retrain_epochs=3, finetune_epochs=0,
        finalists=2, baselines=False, workers=1,
    )  # fmt: skip
    run = tmp_path / "run"
    pipeline.search(config, run)
    choices = ["averaged-epochs-3", "weight-decay-.01"]
    found = inherited_choices.figures([run], 3, choices)
    assert found["networks"] == 3 and list(found["choices"]) == choices
    files = {name: sorted((run / name).glob("*.net")) for name in ("random", *(f"random-{name}" for name in choices))}
    assert {tuple(file.name for file in made) for made in files.values()} == {
        tuple(file.name for file in files["random"])
    }
    assert len(files["random"]) == 3
    contents = [[file.read_bytes() for file in made] for made in files.values()]
    assert contents[0] != contents[1] != contents[2] != contents[0]
    made = {file: file.stat().st_mtime_ns for of in files.values() for file in of}
    assert inherited_choices.figures([run], 3, choices) == found
    assert {file: file.stat().st_mtime_ns for file in made} == made
