"""The log of a run has each epoch, generation and network once, whatever is gone on with."""

import math
from dataclasses import replace

from support.searches.synthetic_search import SPACE, evaluate

from autosnn_hw.run_folder import RunFolder
from autosnn_hw.stages import supernet
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.stages.run_log import RunLog
from autosnn_hw.words.progress import Silent

NETWORK = TrainedNetwork(
    "a,b", "", Accuracies(0.9, 0.9, 0.75, None, 0.5), 1.0, 1, True, (), 24, curves={"loss": [0.5, 0.25]}
)


def logged(folder):
    return [{name: value for name, value in one.items() if name != "time"} for one in folder.events()]


def test_a_network_is_logged_with_its_curves_once_but_for_each_seed_and_target(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    RunLog(folder).network(NETWORK.in_brief())
    (first,) = logged(folder)
    assert first.pop("seconds") >= 0
    values = {"architecture": "a,b", "accuracy": 0.75, "validation": 0.5, "curves": {"loss": [0.5, 0.25]}}
    assert first == {"event": "network", "seed": 0, **values}
    again = RunLog(folder)  # the run is gone on with, and the network is in its folder
    again.network(NETWORK.in_brief(), here=False)
    assert len(logged(folder)) == 1
    for _ in range(2):
        again.network(NETWORK.in_brief(), seed=1)
        again.network(NETWORK.in_brief(), here=False, target="loihi2")
    assert [(one["seed"], one.get("target")) for one in logged(folder)] == [(0, None), (1, None), (0, "loihi2")]
    assert logged(folder)[-1]["seconds"] is None  # of one that was there before nobody knows it


def test_a_generation_that_is_found_in_the_study_again_is_not_logged_again(tmp_path):
    folder, best = RunFolder.create(tmp_path / "run"), evaluate(SPACE.at(7))
    folder.log("generation", generation=0, evaluated=3, best=best.genotype, fitness=0.5)  # as ever
    log = RunLog(folder)
    log.generation(0, 3, replace(best, fitness=0.5))
    log.generation(1, 6, replace(best, fitness=0.5))
    log.generation(1, 6, replace(best, fitness=0.75))  # found by a super-network that was trained further
    assert [(one["generation"], one["fitness"]) for one in logged(folder)] == [(0, 0.5), (1, 0.5), (1, 0.75)]


def test_a_loss_that_has_gone_astray_is_null_and_stops_nothing(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    log = RunLog(folder)
    log.epoch("super-network", 1, 2, math.nan)
    log.network(replace(NETWORK, curves={"loss": [math.inf]}).in_brief())
    assert [one.get("loss", one.get("curves")) for one in logged(folder)] == [None, {"loss": [None]}]


def test_epochs_of_the_super_network_are_logged_with_their_losses_and_not_again(config, prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "run")

    def trained():
        return supernet.train(config, prepared, folder, Silent(), must_learn=False)["losses"]

    losses = trained()
    expected = [
        {"event": "epoch", "stage": "super-network", "epoch": number, "epochs": config.epochs, "loss": loss}
        for number, loss in enumerate(losses, 1)
    ]
    assert len(losses) == config.epochs and logged(folder) == expected
    assert trained() == losses and logged(folder) == expected
    (folder / "supernet.safetensors").unlink()  # as if it had been killed before its first checkpoint
    assert trained() == losses and logged(folder) == expected
