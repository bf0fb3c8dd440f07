"""DVS128-Gesture (Amir et al. 2017): eleven gestures before an event camera.

As IBM hands it out: recordings in AEDAT 3.1, for each a table of gestures with their begin and end, and lists of the recordings for training
and for testing. Or cut into gestures, a numpy array (events, 4) each of x, y, polarity and time in ms, as tonic's archives have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources import aedat, archives
from autosnn_hw.training.data.sources.event_frames import EventStream, Framing
from autosnn_hw.training.data.sources.kept_samples import Recipe, kept
from autosnn_hw.training.data.sources.parts import Parts, shuffled

STEPS = 20
CLASSES = (
    "hand clapping", "right hand wave", "left hand wave", "right arm clockwise", "right arm counter clockwise",
    "left arm clockwise", "left arm counter clockwise", "arm roll", "air drums", "air guitar", "other gestures",
)  # fmt: skip
LISTS = ("trials_to_train.txt", "trials_to_test.txt")
COLUMNS = ("class", "startTime_usec", "endTime_usec")
# The cut form: folder, file, its number at figshare, its MD5.
CUT = (
    ("ibmGestureTrain", "ibmGestureTrain.tar.gz", "38022171", "3a8f0d4120a166bac7591f77409cb105"),
    ("ibmGestureTest", "ibmGestureTest.tar.gz", "38020584", "56070e45dadaa85fff82e0fbfbc06de5"),
)


@dataclass(frozen=True)
class Gesture:
    """One sample: where its events lie, and from when to when (us; None: all of the file)."""

    path: Path
    label: int
    span: tuple[int, int] | None = None


def load(folder: Path, framing: Framing, download: bool) -> Parts:
    """All gestures as frames, in the form that is there; recordings first.

    Raises:
        InputError: files are missing, or one is damaged; names it.
        RunError: they cannot be fetched.
    """
    recordings = next(
        (place for place in (folder / "DvsGesture", folder) if any((place / name).is_file() for name in LISTS)), None
    )
    if recordings is not None:
        root = recordings
        train, test = (_listed(root, name) for name in LISTS)
    else:
        root = next(
            (place for place in (folder / "DVSGesture", folder) if (place / CUT[0][0]).is_dir()), folder / "DVSGesture"
        )
        for name, archive, number, md5 in CUT:
            if download and not (root / name).is_dir():
                archives.fetch(f"https://figshare.com/ndownloader/files/{number}", root, archive, md5)
        train, test = (_cut(root / part[0], download) for part in CUT)
    if missing := sorted(set(range(len(CLASSES))) - {one.label for one in train}):
        raise InputError(
            f"{root} has no training sample of {', '.join(CLASSES[label] for label in missing)}; {len(CLASSES)} classes are needed: unpack the "
            "data set again."
        )
    if not test:
        raise InputError(f"{root} has no gesture for testing; unpack the data set again.")
    train, test = ([part[index] for index in shuffled(len(part))] for part in (train, test))
    y_train, y_test = (np.array([one.label for one in part], np.int64) for part in (train, test))
    files = [*dict.fromkeys(one.path for one in train + test)]
    if recordings is not None:
        files += [_table_of(path) for path in files]
    return kept(
        Recipe(
            "dvs128-gesture", root, files, str(framing), y_train, y_test, CLASSES, lambda: _samples(train + test, framing),
            split="the test users of the data set",
        )
    )  # fmt: skip


def _samples(gestures: list[Gesture], framing: Framing) -> Iterator[tuple[int, np.ndarray]]:
    """(place, frames), recording by recording, so that each is read once."""
    places: dict[Path, list[int]] = {}
    for place, one in enumerate(gestures):
        places.setdefault(one.path, []).append(place)
    for path, there in places.items():
        events = aedat.read_3(path) if path.suffix == ".aedat" else _array(path)
        for place in there:
            span = gestures[place].span
            part = events if span is None else events.within(*span)
            if not len(part):
                raise InputError(
                    f"{path} has no events from {span} us, where its table has a gesture: it is damaged; fetch it again."
                )
            yield place, framing.frames(part, aedat.SIDE)


def _table_of(recording: Path) -> Path:
    return recording.with_name(f"{recording.stem}_labels.csv")


def _listed(root: Path, name: str) -> list[Gesture]:
    """The gestures of the recordings of a list."""
    found = []
    for line in _lines(root / name, "the list of recordings"):
        path = root / Path(line.strip()).name
        if not path.is_file():
            raise InputError(f"{path}, which {root / name} lists, was not found; unpack the data set again.")
        found += [Gesture(path, label, span) for label, span in _table(_table_of(path))]
    return found


def _table(path: Path) -> Iterator[tuple[int, tuple[int, int]]]:
    """(label, (begin, end) in us) of every gesture of a recording."""
    rows = [line.split(",") for line in _lines(path, "the table of gestures")]
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"{path}: the first line must be {','.join(COLUMNS)}; fetch it again.")
    for number, row in enumerate(rows[1:], 2):
        try:
            label, begin, end = map(int, row)
        except ValueError:
            raise InputError(
                f"{path}, line {number}: three whole numbers are needed, found {','.join(row)!r}; fetch it again."
            ) from None
        if not (1 <= label <= len(CLASSES) and begin < end):
            raise InputError(
                f"{path}, line {number}: class {label} from {begin} to {end} us; classes are 1 to {len(CLASSES)}, and a gesture ends after it "
                "begins; fetch it again."
            )
        yield label - 1, (begin, end)


def _lines(path: Path, what: str) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}, {what}, is missing or damaged; unpack the data set again.") from error


def _cut(folder: Path, download: bool) -> list[Gesture]:
    """Gestures that lie in files of their own, one.label for one in part.npy in a folder a user and light."""
    found = sorted(folder.glob("user*/*.npy"))
    if not found:
        fetch = f"or remove {folder}, and --download fetches it again" if download else "or --download"
        raise InputError(
            f"DVS128-Gesture was not found in {folder.parent}: say --data-dir DIR where the unpacked DvsGesture of IBM "
            f"({LISTS[0]}, user01_fluorescent.aedat ..) or {folder.name} lies, {fetch}."
        )
    for path in found:
        if not path.stem.isdecimal() or int(path.stem) >= len(CLASSES):
            raise InputError(f"{path}: its name must be a class, 0 to {len(CLASSES) - 1}; unpack the data set again.")
    return [Gesture(path, int(path.stem)) for path in found]


def _array(path: Path) -> EventStream:
    try:
        # Mapped, so that a header that promises more than the file holds is found out before anything is allocated.
        values = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # numpy, tokenize and mmap each raise what they like at a damaged file
        raise InputError(f"{path} is no numpy array, or is cut; unpack the data set again.") from error
    if values.ndim != 2 or values.shape[1] != 4 or values.dtype.kind not in "iuf" or not len(values):
        raise InputError(
            f"{path} is {values.dtype} {values.shape}; events (events, 4) are needed; unpack the data set again."
        )
    x, y, polarity, _ = values.T
    if not ((values >= 0) & (values < 1 << 40)).all() or max(x.max(), y.max()) >= aedat.SIDE or polarity.max() > 1:
        raise InputError(
            f"{path} holds events outside of {aedat.SIDE} x {aedat.SIDE} pixels: it is damaged; unpack the data set again."
        )
    x, y, polarity, time = values.astype(np.int64).T
    return EventStream(x, y, polarity, time * 1000)
