"""--supernet: its folder is held against the run before that begins, and never asked for again once the run has its own copy."""

import numpy as np
import pytest
from support.searches.untrained_run import untrained_supernet

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import CONFIG, SUPERNET, RunFolder, write_json, write_text
from autosnn_hw.stages import manifest, supernet
from autosnn_hw.training.weight_sharing.supernet_verdict import SupernetTraining
from autosnn_hw.words.progress import Silent


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
        taken = supernet.require_source(asked, manifest.prepare(asked), Silent())
        assert taken == {**verdict, "from": str(source)}
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


class Said(Silent):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture
def source(tmp_path):
    """A finished run's super-network of 8 x 8 images in 10 classes; its file does not say of which data."""
    folder = tmp_path / "source"
    folder.mkdir()
    untrained_supernet(folder / "supernet.safetensors")
    write_json(folder / supernet.VERDICT, {"learnt": True, "accuracy": 0.9, "chance": 0.1, "sentence": "it has."})
    return folder


def digits_like(tmp_path, side, classes):
    """A small npz of images in as many classes."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % classes
    x = rng.integers(0, 256, (60, 1, side, side), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:12], y_test=y[:12])
    return f"npz:{tmp_path / 'a.npz'}"


@pytest.mark.parametrize("side, classes", [(8, 3), (8, 12), (16, 10), (12, 10)])
def test_other_sizes_and_classes_are_refused_before_anything_is_made(side, classes, source, tmp_path):
    config = SearchConfig(
        dataset=digits_like(tmp_path, side, classes), supernet=str(source), width=4, timesteps=2, measure=0
    )
    with pytest.raises(
        InputError,
        match=rf"samples of 1 x 8 x 8 in 10 classes, npz:.* has samples of 1 x {side} x {side} in {classes};",
    ):
        pipeline.search(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("right", [0.9, 0.1])
def test_a_super_network_of_other_data_is_judged_on_these_and_it_is_said(right, source, tmp_path, monkeypatch):
    asked = []

    def judged(network, dataset, seed, losses):
        asked.append(dataset.sha256)
        return SupernetTraining(network, losses, [right], 0.1, 0.0, 0, 2.3)

    monkeypatch.setattr("autosnn_hw.training.weight_sharing.supernet_verdict.judged", judged)
    monkeypatch.setattr(supernet, "_refuse_other", lambda *_: None)
    config, said = SearchConfig(supernet=str(source), width=4, timesteps=2), Said()
    prepared = manifest.prepare(config)
    if right < 0.5:
        with pytest.raises(InputError, match=r"has not learnt .*accuracy of 1 random paths 0\.100"):
            supernet.require_source(config, prepared, said)
    else:
        verdict = supernet.require_source(config, prepared, said)
        assert verdict["accuracy"] == right and verdict["from"] == str(source)
    assert asked == [prepared.data.sha256]
    assert "was trained on other data; on digits the super-network has" in said.sentences[0]


def test_one_of_these_very_data_is_taken_at_its_word(source, monkeypatch):
    prepared = manifest.prepare(SearchConfig())
    monkeypatch.setattr(supernet, "_refuse_other", lambda *_: None)
    monkeypatch.setattr(supernet, "_learnt_from", lambda _: prepared.data.sha256)
    said = Said()
    verdict = supernet.require_source(SearchConfig(supernet=str(source)), prepared, said)
    assert verdict["accuracy"] == 0.9 and said.sentences == []


def test_the_file_of_a_super_network_names_its_data(supernet_file, prepared, tmp_path):
    """Else every one would be judged again."""
    (tmp_path / "supernet.safetensors").write_bytes(supernet_file.read_bytes())
    assert supernet._learnt_from(tmp_path) == prepared.data.sha256
