"""What a run is made of is loaded and refused before anything is begun, and its manifest says which it was."""

import json

import numpy as np
import pytest

from autosnn_hw import run_folder
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages import manifest
from autosnn_hw.training.fabric import Fabric


def test_inputs_are_those_that_were_chosen(config, prepared):
    assert prepared.data.name == config.dataset and prepared.profile.name == "loihi2"
    assert (prepared.space.width, prepared.space.timesteps, prepared.space.grouped) == (4, 2, False)
    assert prepared.fabric == Fabric("plif", False, None)


def test_a_crossbar_searches_groups_and_asks_for_other_networks(config):
    found = manifest.prepare(config.with_changes(target="truenorth"))
    assert found.fabric == Fabric("memoryless", True, 128) and found.space.grouped
    ungrouped = manifest.prepare(config.with_changes(target="truenorth", grouped=False))
    assert not ungrouped.space.grouped


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "loihi9"}, "loihi9"),
        ({"dataset": "npz:none.npz"}, "none.npz"),
        ({"backend": "board", "target": "truenorth"}, "Loihi 2 board"),
        ({"backend": "board"}, "."),
    ],
)
def test_what_is_not_there_is_refused(config, changes, words):
    with pytest.raises(InputError, match=words):
        manifest.prepare(config.with_changes(**changes))


def test_frames_of_another_length_are_refused(tmp_path):
    random = np.random.default_rng(0)
    arrays = {f"x_{part}": random.integers(0, 2, (10, 3, 1, 8, 8)).astype(np.uint8) for part in ("train", "test")}
    np.savez(tmp_path / "a.npz", **arrays, y_train=np.arange(10) % 2, y_test=np.arange(10) % 2)
    with pytest.raises(InputError, match="has frames of 3 steps; 4 were asked for"):
        manifest.prepare(SearchConfig(dataset=f"npz:{tmp_path / 'a.npz'}"))


def test_the_manifest_says_which(config, prepared, tmp_path):
    document = json.loads(run_folder.write_json(tmp_path / "a.json", manifest.manifest(config, prepared)).read_text())
    assert SearchConfig(**document["arguments"]) == config
    assert document["dataset"] == {
        "name": config.dataset,
        "sha256": prepared.data.sha256,
        "train": 80,
        "validation": 20,
        "test": 24,
    }
    assert document["target"] == {"name": "loihi2", "sha256": prepared.profile.sha256}
    assert document["versions"]["torch"] and document["tool"]["code_sha256"] == manifest.code_sha256()
