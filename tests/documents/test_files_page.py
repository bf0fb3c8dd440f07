"""docs/files.md says what is written: every file of a run folder, every exit code, every key of the documents that it lists."""

import re
from pathlib import Path

import numpy as np
import pytest

from autosnn_hw import cli, errors, run_folder
from autosnn_hw.documents.behaviour import behaviour, raster_of

PAGE = (Path(__file__).parents[2] / "docs/files.md").read_text()
CODES = dict(re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE))


def part(heading):
    return re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


def missing(words, text):
    return [word for word in words if f"`{word}`" not in text]


def test_every_file_of_a_run_folder():
    names = {value for name, value in vars(run_folder).items() if name.isupper() and isinstance(value, str)}
    names = {f"{name}/" if name == run_folder.NETWORKS else name for name in names}
    assert "winner.behaviour.json" in names and missing(names, part("A run folder")) == []
    assert missing(("comparison.html", "walk/"), part("A run folder")) == []


def test_every_exit_code(monkeypatch):
    raised = {one.exit_code for one in vars(errors).values() if isinstance(one, type)}
    assert {str(code) for code in raised} | {"0", "130", "143"} == set(CODES)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)  # the tests' own process keeps its handler
    for stopped, code in ((KeyboardInterrupt, "130"), (cli.Terminated, "143")):

        def stop(stopped=stopped, **options):
            raise stopped

        monkeypatch.setattr(cli.group, "main", stop)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert str(ended.value.code) == code and ("SIGTERM" in CODES[code]) == (code == "143")


def test_every_key_of_a_simulate_document(document):
    said = part("`simulate --json`")
    assert missing(document, said) == [] and missing(("notes", "outputs", "predictions"), said) == []


def test_every_key_of_the_winners_behaviour(network, activity):
    spikes = {layer.name: np.zeros((3, *layer.shape), np.uint8) for layer in network.neuron_layers}
    raster = raster_of(network, spikes, sample=0, label=0, prediction=0)
    found = behaviour(network, activity, np.zeros((2, 1, 2, 2), np.uint8), np.array([1, 0]), raster=raster)
    said = part("`winner.behaviour.json`")
    for keys in (
        found,
        found["layers"][0],
        raster,
        raster["layers"][0],
        found["errors"][0],
        found["errors"][0]["picture"],
    ):
        assert missing(keys, said) == []


def test_every_accuracy_of_a_winner():
    from autosnn_hw.stages.final_training.trained_network import Accuracies

    said = part(r"`winner\.accuracy` of summary\.json")
    assert missing([*Accuracies(0.9, 0.9, 0.9).to_json(), "supernet", "searched", "exact", "lava"], said) == []
