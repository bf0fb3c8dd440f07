"""Counts that are above what a graded spike carries, or above all of the training samples, are said before anything is trained."""

import numpy as np
import pytest

from autosnn_hw import verbs
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.data_check import examine, sentences
from autosnn_hw.training.data.graded_frames import without_cuts


def counted(folder, train, test, dtype=np.int32):
    """Event frames with one value a step, and the same in the test part on another scale."""
    x = np.zeros((30, 3, 2, 12, 12), dtype)
    x[np.arange(30), :, 0, np.arange(30) % 12, np.arange(30) // 12] = np.arange(1, 31)[:, None] * train // 30
    x_test = x[::-1][:10] * test
    x_test[:, 0, 1, 0, 0] = np.arange(10) > 7  # no copies
    np.savez(folder / "c.npz", x_train=x, y_train=np.arange(30) % 3, x_test=x_test, y_test=np.arange(10) % 3)
    return f"npz:{folder / 'c.npz'}"


def test_counts_beyond_a_graded_spike_are_said_with_their_share(tmp_path):
    data = datasets.load(counted(tmp_path, 1000, 1), graded=True)
    assert data.payload == 255
    (first, *_) = data.notes
    above, filled = (int((data.x_train > n).sum()) for n in (255, 0))
    assert (
        f"of the training samples {above} of {data.x_train.size} frame values are above 255 ({above / filled:.1%}".replace(
            "%", " %"
        )
        in first
    )
    assert "and are sent as 255, the most that a graded spike carries" in first
    assert [note.split()[2] for note in data.notes] == ["training", "validation", "test"]
    assert list(data.notes) == sentences(data, None)[:3]  # as search, train and tables say them
    assert without_cuts(data.notes) == []


def test_test_counts_on_another_scale_are_said(tmp_path):
    data = datasets.load(counted(tmp_path, 20, 10, np.uint8), graded=True)
    assert data.payload == data.x_train.max() < 20
    assert "on the scale of those?" in data.notes[-1] and data.notes[-1].startswith("of the test samples")
    assert datasets.load(counted(tmp_path, 20, 1), graded=True).notes[:-1] == data.notes[:-1]


@pytest.mark.parametrize("largest, cut", [(1000, True), (4, False)])
def test_what_graded_would_still_cut_stands_beside_the_advice(tmp_path, largest, cut):
    """Once it is taken the document is of graded frames."""
    name = counted(tmp_path, largest, 1)
    notes = verbs.data(name, estimate=False)["notes"]
    assert any("and so would --graded" in note for note in notes)
    still = [note for note in notes if note.startswith("with --graded, of the ")]
    assert any("training samples" in note and "are sent as 255" in note for note in still) == cut
    graded = verbs.data(name, graded=True, estimate=False)
    assert [f"with --graded, {note}" for note in graded["notes"]] == still
    assert graded["payload"] == min(255, datasets.load(name).x_train.max())
    assert verbs.data("digits", estimate=False)["payload"] is None


@pytest.mark.parametrize("largest", [0, 1])
def test_training_samples_without_counts_send_single_spikes_and_that_is_said(tmp_path, largest):
    x = np.zeros((30, 3, 2, 12, 12), np.uint8)
    x[:, :, :, 0] = largest
    x_test = x[:9] + np.uint8(4)
    np.savez(tmp_path / "c.npz", x_train=x, y_train=np.arange(30) % 3, x_test=x_test, y_test=np.arange(9) % 3)
    name = f"npz:{tmp_path / 'c.npz'}"
    data = datasets.load(name, graded=True)
    (note,) = data.notes
    assert data.payload == 1 and without_cuts(data.notes) == []
    assert "and are sent as single spikes, because no count of the training samples is above 1" in note
    assert "the largest" not in note
    plain = verbs.data(name, estimate=False)["notes"]
    assert len(plain) == 1 and "--graded" not in plain[0], "it would change nothing"


def test_what_graded_would_cut_is_said_by_data_alone(tmp_path):
    """A search without --graded says that it would help, not what an option that was not given would do."""
    data = datasets.load(counted(tmp_path, 20, 10, np.uint8))
    described, said = examine(data, payload=255)["notes"], sentences(data, 255)
    assert any(note.startswith("with --graded, of the test samples") for note in described)
    assert not any(note.startswith("with --graded") for note in said)
    assert sum(note.endswith("and so would --graded") for note in said) == 2


def test_graded_images_would_be_refused_and_that_is_a_finding():
    found = verbs.data("digits", graded=True, estimate=False)
    assert found["search"] is None and "digits holds images; --graded is for event frames" in found["findings"][0]
