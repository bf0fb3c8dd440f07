import shutil

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import nmnist
from autosnn_hw.training.data.sources.event_frames import Framing

EVENTS = [(3, 4, 1, 10), (33, 0, 0, 20), (3, 4, 1, 30), (1, 2, 0, 2**22 + 7)]  # x, y, polarity, us


def packed(events):
    return b"".join(bytes([x, y]) + (int(p) << 23 | t).to_bytes(3, "big") for x, y, p, t in events)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("Train", 3), ("Test", 1)):
        for digit in range(10):
            for i in range(count):
                path = tmp_path / "N-MNIST" / part / str(digit) / f"{i:05}.bin"
                path.parent.mkdir(parents=True, exist_ok=True)
                times = np.sort(rng.integers(0, 300_000, 40))
                path.write_bytes(
                    packed([(digit, *rng.integers(0, 34, 1), *rng.integers(0, 2, 1), int(t)) for t in times])
                )
    return tmp_path


def test_an_event_is_five_bytes(tmp_path):
    (tmp_path / "a.bin").write_bytes(packed(EVENTS))
    events = nmnist.events_of(tmp_path / "a.bin")
    found = zip(events.x, events.y, events.polarity, events.time)
    assert [tuple(map(int, row)) for row in found] == EVENTS
    frames = Framing(2).frames(events, 34)
    assert frames.shape == (2, 2, 34, 34) and frames.sum() == 4
    assert frames[0, 1, 4, 3] == frames[0, 0, 0, 33] == frames[1, 1, 4, 3] == frames[1, 0, 2, 1] == 1
    assert Framing(1).frames(events, 34)[0, 1, 4, 3] == 2, "events are counted"


def test_the_clock_turns_over(tmp_path):
    (tmp_path / "a.bin").write_bytes(packed([(1, 1, 1, 5), (0, 240, 0, 0), (2, 2, 1, 3)]))
    events = nmnist.events_of(tmp_path / "a.bin")
    assert events.x.tolist() == [1, 2] and events.time.tolist() == [5, 2**13 + 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "0 bytes"), (packed(EVENTS)[:-1], "19 bytes"), (packed([(34, 0, 0, 0)]), "outside of 34 x 34")],
)
def test_damaged_files_are_named(folder, content, said):
    (folder / "N-MNIST" / "Test" / "7" / "00000.bin").write_bytes(content)
    with pytest.raises(InputError, match=f"7/00000.bin .*{said}"):
        datasets.load("nmnist", data_dir=folder)


def test_a_folder_in_the_place_of_a_file_is_named(folder):
    (folder / "N-MNIST" / "Train" / "2" / "zz.bin").mkdir()
    with pytest.raises(InputError, match=r"2/zz\.bin is a folder, and a file is needed there: take it away"):
        datasets.load("nmnist", data_dir=folder)
    with pytest.raises(InputError, match=r"zz\.bin is not a file; a file of events is needed"):
        nmnist.events_of(folder / "N-MNIST" / "Train" / "2" / "zz.bin")
    (folder / "N-MNIST" / "Train" / "2" / "zz.bin").rmdir()
    assert len(datasets.load("nmnist", data_dir=folder).x_test) == 10, "the advice works"


def test_frames_of_equal_numbers_of_events_or_of_equal_times(folder):
    found = datasets.load("nmnist:4", data_dir=folder)
    assert found.image == (2, 34, 34) and found.timesteps == 4 == datasets.timesteps_of("nmnist:4")
    assert datasets.timesteps_of("nmnist") == nmnist.STEPS and len(found.x_test) == 10 and found.classes == 10
    x, y = found.full_train()
    assert (x.sum(axis=(2, 3, 4)) == 10).all() and (x.sum(axis=(1, 2, 3)).argmax(axis=1) == y).all()
    assert set(y[-6:]) != {9}, "classes are mixed"
    by_time = datasets.load("nmnist:4:time", data_dir=folder)
    assert len(set(by_time.x_test.sum(axis=(2, 3, 4)).ravel())) > 1
    np.testing.assert_array_equal(by_time.x_test.sum(axis=1), found.x_test.sum(axis=1))


def test_missing_folders_say_where_they_are_looked_for(tmp_path, folder):
    with pytest.raises(InputError, match="--data-dir DIR where its unpacked Train and Test lie"):
        datasets.load("nmnist", data_dir=tmp_path / "elsewhere")
    shutil.rmtree(folder / "N-MNIST" / "Train" / "3")
    (folder / "N-MNIST" / "Train" / "7").rename(folder / "N-MNIST" / "Train" / "seven")
    with pytest.raises(InputError, match=r"holds no files 3/\*\.bin, 7/\*\.bin; unpack the data set again"):
        datasets.load("nmnist", data_dir=folder)
