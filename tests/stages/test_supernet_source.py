"""--supernet: its folder is asked for before a run begins, and never again once the run has its own copy."""

import pytest

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.progress import Silent
from autosnn_hw.run_folder import CONFIG, RunFolder, write_json, write_text
from autosnn_hw.stages import manifest, supernet


def test_a_folder_without_a_super_network_is_refused_before_anything_is_made(tmp_path):
    config = SearchConfig(supernet=str(tmp_path / "gone"))
    with pytest.raises(InputError, match=r"gone: the folder holds no supernet\.safetensors"):
        pipeline.search(config, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_when_the_folder_is_gone(tmp_path):
    config = SearchConfig(supernet=str(tmp_path / "gone"))
    folder = RunFolder.create(tmp_path / "run")
    write_text(folder / CONFIG, config.to_toml())
    verdict = {"learnt": True, "accuracy": 0.9}
    write_json(folder / supernet.VERDICT, verdict)
    assert supernet.ensure(config, manifest.prepare(config), folder, Silent()) == verdict


def test_a_run_that_was_stopped_before_the_copy_says_what_is_missing(tmp_path):
    config = SearchConfig(supernet=str(tmp_path / "gone"))
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(InputError, match="gone: the folder holds no"):
        supernet.ensure(config, manifest.prepare(config), folder, Silent())
