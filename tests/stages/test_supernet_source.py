"""--supernet: its folder is asked for before a run begins, and never again once the run has its own copy."""

import pytest

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.progress import Silent
from autosnn_hw.run_folder import CONFIG, SUPERNET, RunFolder, write_json, write_text
from autosnn_hw.stages import manifest, supernet


def test_a_folder_without_a_super_network_is_refused_before_anything_is_made(tmp_path):
    config = SearchConfig(supernet=str(tmp_path / "gone"))
    with pytest.raises(InputError, match=r"gone: the folder holds no supernet\.safetensors"):
        pipeline.search(config, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("verdict", "width", "sentence"),
    [
        (None, 4, "not trained to the end, or has not learnt"),
        ({"learnt": False, "sentence": "it has not learnt."}, 4, "it has not learnt"),
        ({"learnt": True}, 8, "is not in this super-network"),
        ({"learnt": True}, 4, None),
    ],
)
def test_a_super_network_that_cannot_be_searched_is_refused_before_anything_is_made(
    config, supernet_file, tmp_path, verdict, width, sentence
):
    source = tmp_path / "source"
    source.mkdir()
    (source / SUPERNET).write_bytes(supernet_file.read_bytes())
    if verdict is not None:
        write_json(source / supernet.VERDICT, verdict)
    asked = config.with_changes(supernet=str(source), width=width)
    if sentence is None:
        assert supernet.require_source(asked, manifest.prepare(asked)) == verdict
        return
    with pytest.raises(InputError, match=sentence):
        pipeline.search(asked, tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


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
