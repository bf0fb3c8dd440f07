"""What `tables` says of its data: what `search` and `train` say, before anything is trained, each time, and in the document."""

import json
from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.stages.paper_tables.table_data import SETTINGS, WHOLE, Amount
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

NONE_NOW = Amount(seeds=1, certified=0, most=0)  # nothing is trained


class Told(Silent):
    def __init__(self):
        self.sentences, self.before, self.total = [], None, None

    def say(self, sentence):
        self.sentences.append(sentence)

    def stage(self, name, total=None):
        self.before, self.total = len(self.sentences), total


@pytest.fixture
def counts(tmp_path):
    """An npz file of event frames, some of whose values are above 1, with labels as text."""
    random = np.random.default_rng(0)
    frames = random.integers(0, 3, (40, 2, 2, 16, 16)).astype(np.uint8)
    frames[:, :, :, ::2] = 0
    labels = np.array(["left", "right"])[np.arange(40) % 2]
    np.savez(tmp_path / "f.npz", x_train=frames[:30], y_train=labels[:30], x_test=frames[30:], y_test=labels[30:])
    return f"npz:{tmp_path / 'f.npz'}"


def told(table, config, out, amount):
    reporter = Told()
    document = made(table, config, out, amount, reporter)
    assert reporter.before == len(reporter.sentences) and reporter.total == 0  # networks that are made now
    assert reporter.sentences == [f"note: {note}" for note in document["notes"]]
    return document["notes"]


@pytest.mark.parametrize("part", [{}, {"images": 25}])
def test_counts_that_are_cut_to_spikes_are_said_each_time(counts, part, config, tmp_path):
    config, amount = config.with_changes(dataset=counts), replace(NONE_NOW, **part)
    first = told("transfer", config, tmp_path / "t", amount)
    assert any(
        "are taken as one spike each" in note and "x_train" in note and "so would --graded" in note for note in first
    )
    assert sum("are taken as one spike each" in note for note in first) == 2  # training and test samples, once each
    assert any("left" in note for note in first)  # how names became numbers, of the whole file
    assert told("transfer", config, tmp_path / "t", amount) == first

    graded = told("transfer", config.with_changes(graded=True), tmp_path / "g", amount)
    assert not any("one spike each" in note for note in graded)


def test_a_folder_from_before_there_were_notes_goes_on(counts, config, tmp_path):
    config, amount = config.with_changes(dataset=counts), replace(NONE_NOW, images=25)
    told("transfer", config, tmp_path / "t", amount)
    kept = json.loads((tmp_path / "t" / SETTINGS).read_text())
    del kept[WHOLE]
    (tmp_path / "t" / SETTINGS).write_text(json.dumps(kept))
    assert any("one spike each" in note for note in told("transfer", config, tmp_path / "t", amount))


def test_what_stands_before_tbd1_is_said_of_the_networks_that_have_it(config, tmp_path):
    frames = (np.random.default_rng(0).random((12, 2, 2, 64, 64)) < 0.1).astype(np.uint8)
    np.savez(tmp_path / "f.npz", x_train=frames, y_train=np.arange(12) % 2, x_test=frames, y_test=np.arange(12) % 2)
    config = config.with_changes(dataset=f"npz:{tmp_path / 'f.npz'}")
    of_all = told("blocks", config, tmp_path / "t", NONE_NOW)
    assert "samples of 64 x 64: stem, max pool, convolution, then TBD1 at 32 x 32." in of_all
    of_some = told("transfer", config, tmp_path / "t", NONE_NOW)
    (front,) = (note for note in of_some if "then TBD1" in note)
    assert "AutoSNN" in front.partition(": samples")[0] and "He2020" not in front
    assert (
        "He2020_DVSGesture: samples of 64 x 64: no max pool of 4 x 4, which stands before conv1 from 128 x 128 on."
        in of_some
    )
    assert any(
        note.startswith("Kaiser2020_DVSGesture: samples of 64 x 64: no sums of 4 x 4 pixels") for note in of_some
    )


def test_more_samples_or_averaged_epochs_than_there_are_is_said_each_time(counts, config, tmp_path):
    config = config.with_changes(dataset=counts, averaged_epochs=4)
    amount = replace(NONE_NOW, images=31, test_images=5000)
    first = told("transfer", config, tmp_path / "t", amount)
    assert "--images 31: there are 30 training samples, all of which are taken." in first
    assert "--test-images 5000: there are 10 test samples, all of which are taken." in first
    assert "--averaged-epochs 4 is above --epochs 1: all epochs are averaged." in first
    assert told("transfer", config, tmp_path / "t", amount) == first
    exact = replace(NONE_NOW, images=30, test_images=10)
    notes = told("transfer", config.with_changes(averaged_epochs=1), tmp_path / "u", exact)
    assert not any(" samples, all of which" in note or "averaged" in note for note in notes)
