import numpy as np
import pytest
from support.files import event_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import dvs_gesture
from autosnn_hw.training.data.sources.event_frames import EventStream, Framing
from autosnn_hw.training.data.sources.parts import shuffled


@pytest.fixture
def folder(tmp_path):
    event_files.dvs_gesture(tmp_path / "DvsGesture", users=(2, 1))
    return tmp_path


def cut_form(root, users=(2, 1)):
    """The same gestures as arrays, time in ms."""
    user = 0
    for (part, *_), count in zip(dvs_gesture.CUT, users):
        for _ in range(count):
            user += 1
            for label in range(11):
                events = event_files.random_events(40, seed=100 * user + label).astype(np.float64)
                events[:, 0], events[:, 3] = label, events[:, 3] // 1000
                path = root / part / f"user{user:02}_led" / f"{label}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, events)


def test_recordings_are_cut_into_gestures(folder):
    found = datasets.load("dvs128-gesture:4", data_dir=folder)
    assert found.image == (2, 128, 128) and found.timesteps == 4 and found.classes == 11
    assert datasets.timesteps_of("dvs128-gesture") == 20 and found.y_test.tolist() == shuffled(11).tolist()
    x, y = found.full_train()
    assert np.bincount(y).tolist() == [2] * 11 and (x.sum(axis=(2, 3, 4)) == 10).all()
    assert (x.sum(axis=(1, 2, 3)).argmax(axis=1) == y).all(), "only events of its own span"
    assert datasets.load("dvs128-gesture:4", data_dir=folder / "DvsGesture").sha256 == found.sha256


@pytest.mark.parametrize("place", ["DVSGesture", "."])
def test_gestures_that_are_cut_already(tmp_path, place):
    cut_form(tmp_path / place)
    found = datasets.load("dvs128-gesture:2:time", data_dir=tmp_path)
    x, y = found.full_train()
    assert np.bincount(y).tolist() == [2] * 11 and (x.sum(axis=(1, 2, 3)).argmax(axis=1) == y).all()
    events = np.load(tmp_path / place / "ibmGestureTest" / "user03_led" / "7.npy").astype(int)
    expected = Framing(2, "time").frames(EventStream(*events.T[:3], events[:, 3] * 1000), 128)
    np.testing.assert_array_equal(found.x_test[found.y_test == 7][0], expected)


def rewrite(path, change):
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda root: (root / "user02_fluorescent_labels.csv").unlink(), r"user02_fluorescent_labels\.csv, the table of gestures, is missing"),
        (lambda root: (root / "user02_fluorescent.aedat").unlink(), r"user02_fluorescent\.aedat, which .*trials_to_train\.txt lists, was not found"),
        (lambda root: (root / "trials_to_test.txt").unlink(), r"trials_to_test\.txt, the list of recordings, is missing"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: text.replace("\n11,", "\n12,")), "line 12: class 12 .* classes are 1 to 11"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: text.replace("\n1,1000,10000", "\n1,10000,1000")), "line 2: class 1 from 10000 to 1000"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: text.replace("\n1,1000,10000", "\n1,1000")), "line 2: three whole numbers"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: text.replace("\n1,1000", "\n1,\0")), "line 2: three whole numbers"),
        (lambda root: (root / "user01_fluorescent_labels.csv").write_bytes(b"\xff\xfe"), r"labels\.csv, the table of gestures, is missing or damaged"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: ""), "the first line must be class"),
        (lambda root: rewrite(root / "user01_fluorescent_labels.csv", lambda text: text[5:]), "the first line must be class,startTime_usec,endTime_usec"),
        (lambda root: rewrite(root / "user03_fluorescent_labels.csv", lambda text: text.replace("101000,110000", "901000,910000")), r"user03_fluorescent\.aedat has no events from \(901000, 910000\)"),
        (lambda root: [rewrite(root / f"user0{user}_fluorescent_labels.csv", lambda text: text[: text.index("\n10,") + 1]) for user in (1, 2)], "no training sample of air guitar, other gestures; 11 classes are needed"),
        (lambda root: (root / "user03_fluorescent.aedat").write_bytes((root / "user03_fluorescent.aedat").read_bytes()[:-9]), r"user03_fluorescent\.aedat ends in the middle of a packet"),
        (lambda root: rewrite(root / "trials_to_test.txt", lambda text: ""), "no gesture for testing"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_missing_is_named(folder, damage, said):
    damage(folder / "DvsGesture")
    with pytest.raises(InputError, match=said):
        datasets.load("dvs128-gesture:2", data_dir=folder)


class Trap:
    def __reduce__(self):
        return (print, ("sprung",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.zeros((5, 3)), r"float64 \(5, 3\); events \(events, 4\) are needed"),
        (np.full((5, 4), 128), "outside of 128 x 128"),
        (np.full((5, 4), np.nan), "outside of 128 x 128"),
        (np.array([Trap()]), "no numpy array, or is cut"),
    ],
)
def test_damaged_arrays_are_named_and_none_is_unpickled(tmp_path, capsys, content, said):
    cut_form(tmp_path)
    path = tmp_path / "ibmGestureTrain" / "user01_led" / "3.npy"
    np.save(path, content, allow_pickle=True)
    with pytest.raises(InputError, match=rf"3\.npy .*{said}.*unpack the data set again"):
        datasets.load("dvs128-gesture:2", data_dir=tmp_path)
    assert capsys.readouterr().out == ""
    np.save(path, np.zeros((90, 4)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"3\.npy is no numpy array, or is cut"):
        datasets.load("dvs128-gesture:2", data_dir=tmp_path)
    path.rename(path.with_name("11.npy"))
    with pytest.raises(InputError, match=r"11\.npy: its name must be a class, 0 to 10"):
        datasets.load("dvs128-gesture:2", data_dir=tmp_path)


def zipped(path):
    with open(path, "wb") as file:
        np.savez(file, a=np.zeros((5, 4)))


def promises_more(path):
    with open(path, "wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(64))


@pytest.mark.parametrize(
    "damage", [zipped, promises_more, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"\x93NUMPY\x01\x00\x05\x00{'a'(")]
)  # fmt: skip
def test_a_file_that_is_no_array_or_promises_more_than_it_holds_is_named(tmp_path, damage):
    cut_form(tmp_path)
    damage(tmp_path / "ibmGestureTest" / "user03_led" / "4.npy")
    with pytest.raises(InputError, match=r"4\.npy is no numpy array, or is cut; unpack"):
        datasets.load("dvs128-gesture:2", data_dir=tmp_path)


def test_nothing_there_says_where_it_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(dvs_gesture.archives, "fetch", lambda *_: None)
    with pytest.raises(InputError, match="say --data-dir DIR where the unpacked DvsGesture of IBM .*or --download"):
        datasets.load("dvs128-gesture", data_dir=tmp_path)
    (tmp_path / "DVSGesture" / "ibmGestureTrain").mkdir(parents=True)
    with pytest.raises(InputError, match=r"or remove .*ibmGestureTrain, and --download fetches it again\.$"):
        datasets.load("dvs128-gesture", data_dir=tmp_path, download=True)
