"""Samples are made once for the same contents, whole or not at all, and memory holds one at a time."""

import os
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file
from support.files import event_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import contents, dvs_gesture, kept_samples
from autosnn_hw.training.data.splits import sha256


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    event_files.dvs_gesture(tmp_path / "DvsGesture", users=(2, 1))
    return tmp_path


def load(folder, name="dvs128-gesture:2"):
    return datasets.load(name, data_dir=folder)


def kept(folder):
    return sorted((folder / "DvsGesture" / ".autosnn-hw").glob("*.safetensors"))


def test_the_second_time_nothing_is_read_again(folder, monkeypatch):
    first = load(folder)
    (path,) = kept(folder)
    monkeypatch.setattr(dvs_gesture.aedat, "read_3", None)
    again = load(folder)
    assert again.sha256 == first.sha256 and isinstance(again.x_train, np.memmap) and again.notes == first.notes
    assert (again.split, again.preprocessing) == (first.split, first.preprocessing)
    x, y = again.full_train()
    assert np.shares_memory(x, again.x_train) and len(x) == 22, "no copy is made of what is mapped"
    assert again.sha256 == sha256((x, y, again.x_test, again.y_test)), "the hash that is kept is that of the arrays"
    everything = load_file(path)
    np.testing.assert_array_equal(everything["x"], np.concatenate([x, again.x_test]))
    np.testing.assert_array_equal(everything["y_test"], again.y_test)


def test_what_is_lost_of_counts_is_said_of_every_part_as_it_is_of_an_npz_file(folder, monkeypatch):
    made = load(folder)
    monkeypatch.setattr(kept_samples, "as_spikes", None)  # frames are not read again: the notes are kept with them
    assert load(folder).notes == made.notes
    x, y = made.full_train()
    np.savez(folder / "a.npz", x_train=x, y_train=y, x_test=made.x_test, y_test=made.y_test)
    same = [note for note in datasets.load(f"npz:{folder / 'a.npz'}").notes if "are lost" in note]
    assert sorted(made.notes) == sorted(same) and [note.split()[5] for note in made.notes] == ["x_train", "x_test"]
    alike = datasets.load(f"npz:{folder / 'a.npz'}", graded=True)
    graded = datasets.load("dvs128-gesture:2", data_dir=folder, graded=True)
    assert not any("are lost" in note for note in (*graded.notes, *alike.notes)) and graded.payload == alike.payload


def test_other_frames_and_other_contents_are_kept_apart(folder):
    first = load(folder).sha256
    assert load(folder, "dvs128-gesture:3").timesteps == 3
    assert len({load(folder, "dvs128-gesture:2:time").sha256, first}) == 2 and len(kept(folder)) == 3
    table = folder / "DvsGesture" / "user01_fluorescent_labels.csv"
    table.write_text(table.read_text().replace("\n1,1000,10000", "\n1,1000,5000"))
    assert load(folder).sha256 != first and len(kept(folder)) == 4


def test_times_of_files_do_not_matter_contents_do(folder, monkeypatch):
    monkeypatch.setattr(contents, "SETTLED_NS", -(1 << 62))  # these files are seconds old
    load(folder)
    (index,) = (folder / "DvsGesture" / ".autosnn-hw").glob("*-files.json")
    recording = folder / "DvsGesture" / "user01_fluorescent.aedat"
    with monkeypatch.context() as patch:
        patch.setattr(contents, "_hash", None)
        load(folder)  # the index knows them all
        os.utime(recording, ns=(1, 1))
        with pytest.raises(TypeError):
            load(folder)
    load(folder)
    assert len(kept(folder)) == 1, "the same contents"
    recording.write_bytes(recording.read_bytes()[:-1] + b"\1")
    os.utime(recording, ns=(1, 1))
    load(folder)
    assert len(kept(folder)) == 2, "as many bytes, the same times, other contents"
    index.write_text("[1")
    load(folder)
    assert len(kept(folder)) == 2


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"", lambda data: bytes(len(data))]
)
def test_a_damaged_file_is_made_again(folder, damage):
    first = load(folder)
    (path,) = kept(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert load(folder).sha256 == first.sha256 and path.read_bytes() == whole


def test_nothing_is_left_of_what_could_not_be_made(folder):
    recording = folder / "DvsGesture" / "user03_fluorescent.aedat"
    recording.write_bytes(recording.read_bytes()[:-9])
    with pytest.raises(InputError):
        load(folder)
    assert not list(folder.rglob("*.safetensors")) and not list(folder.rglob("*.part"))


def test_a_folder_that_cannot_be_written_into_is_served_from_the_users_cache_or_from_a_nameless_file(
    folder, monkeypatch
):
    first = load(folder).sha256
    (path,) = kept(folder)
    path.unlink()
    places = [folder / "DvsGesture" / "user01_fluorescent.aedat" / "x", folder / "cache"]  # below a file
    monkeypatch.setattr(kept_samples, "_places", lambda root: places)
    assert load(folder).sha256 == first and len(list((folder / "cache").glob("*.safetensors"))) == 1
    monkeypatch.setattr(kept_samples, "_places", lambda root: places[:1])
    found = load(folder)
    assert found.sha256 == first and found.x_test.sum() > 0


CODE = """
import sys
from pathlib import Path
import numpy as np
from autosnn_hw.training.data.sources import kept_samples
def private():
    return int(next(line for line in open('/proc/self/status') if line.startswith('RssAnon')).split()[1]) // 1024
count, before, peak = 96, None, 0
def samples():
    global before, peak
    for place in range(count):
        before = before or private()
        yield place, np.full((8, 2, 128, 256), place % 2, np.uint8)
        peak = max(peak, private() - before)
file = Path(sys.argv[1]) / "a"
file.write_text("a")
labels = np.arange(count) % 3
recipe = kept_samples.Recipe("a", file.parent, [file], "", labels[:80], labels[80:], ("a", "b", "c"), samples, "")
parts = kept_samples.kept(recipe)
print(max(peak, private() - before), parts.x_train.shape[0], int(parts.x_test[:3].max()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_holds_a_sample_at_a_time(tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=True)
    grown, train, largest = map(int, done.stdout.split())
    assert grown < 20 and (train, largest) == (80, 1), "MiB; all samples are 48"
