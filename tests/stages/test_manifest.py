"""A run goes on only with the inputs that it was begun with."""

from dataclasses import replace

import pytest
from support.files import event_files

import hw_profiles
from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import RunFolder, write_json, write_text
from autosnn_hw.stages import manifest
from autosnn_hw.stages.manifest import prepare, require_same_inputs
from hw_profiles.loader import from_table, overlay, read_table

CONFIG = SearchConfig(workers=1)


@pytest.fixture(scope="module")
def prepared():
    return prepare(CONFIG)


@pytest.fixture
def folder(prepared, tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    write_json(folder / "manifest.json", manifest.manifest(CONFIG, prepared))
    write_text(folder / "config.toml", CONFIG.to_toml())
    return folder


def test_the_same_inputs_are_taken(prepared, folder):
    assert require_same_inputs(folder, prepared) is None


def test_the_manifest_says_which_data_these_are_and_what_was_made_of_them(prepared, tmp_path):
    said = manifest.manifest(CONFIG, prepared)["dataset"]
    assert (said["train"], said["validation"], said["test"]) == (1150, 287, 360) and "random_state=0" in said["split"]
    assert (said["preprocessing"], said["pixel_max"]) == ("none", 16.0) and len(said["sha256"]) == 64
    assert 0 < said["pixel_mean"][0] < 1 and 0 < said["pixel_std"][0] < 1
    event_files.dvs_gesture(tmp_path)
    config = CONFIG.with_changes(dataset="dvs128-gesture:2:time", data_dir=str(tmp_path), timesteps=2)
    said = manifest.manifest(config, prepare(config))["dataset"]
    assert (
        said["preprocessing"].startswith("2 frames of equal times")
        and said["split"] == "the test users of the data set"
    )


def test_other_data_are_refused_with_both_hashes_and_what_would_work(prepared, folder):
    other = replace(prepared, data=replace(prepared.data, sha256="f" * 64))
    with pytest.raises(InputError, match=r"data set digits is another .*ffffffffffff.* now.*--config"):
        require_same_inputs(folder, other)


def test_another_constant_of_the_profile_is_refused(prepared, folder):
    table = read_table("loihi2")
    name, constant = next(
        (name, constant)
        for name, constant in table["energy"].items()
        if isinstance(constant, dict) and constant["value"]
    )
    change = {key: 3 * value for key, value in constant.items() if key in ("value", "low", "high")}
    profile = from_table(overlay(table, {"energy": {name: change}}), "changed")
    assert hw_profiles.load("loihi2") != profile
    with pytest.raises(InputError, match="profile loihi2 is another"):
        require_same_inputs(folder, replace(prepared, profile=profile))


def test_other_code_is_said(prepared, folder, monkeypatch):
    monkeypatch.setattr(manifest, "code_sha256", lambda: "other")
    assert "another version" in require_same_inputs(folder, prepared)


@pytest.mark.parametrize("document", [{}, [], {"dataset": None}, "text"])
def test_a_damaged_manifest_is_one_sentence(prepared, folder, document):
    write_json(folder / "manifest.json", document)
    with pytest.raises(InputError, match="damaged"):
        require_same_inputs(folder, prepared)


def test_resume_asks(folder, monkeypatch):
    """Before anything is done, and while nobody else works on the folder."""
    document = manifest.read_json(folder / "manifest.json")
    write_json(folder / "manifest.json", document | {"dataset": document["dataset"] | {"sha256": "0" * 64}})
    with pytest.raises(InputError, match="is another than when"):
        pipeline.resume(folder.path)
    assert sorted(path.name for path in folder.path.iterdir()) == ["config.toml", "lock", "manifest.json"]
    with folder.held(), pytest.raises(InputError, match="is being worked on by process"):
        pipeline.resume(folder.path)
