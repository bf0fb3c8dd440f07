"""N-MNIST (Orchard et al. 2015): MNIST digits seen by an event camera that moves, in its own binary files.

Train/0/00002.bin .. hold five bytes an event: x, y, then 1 bit of polarity (1 is ON) and 23 bits of time in us, big-endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import regular
from autosnn_hw.training.data.sources.event_frames import EventStream, Framing
from autosnn_hw.training.data.sources.kept_samples import Recipe, kept
from autosnn_hw.training.data.sources.parts import Parts, shuffled

SIDE, STEPS, EVENT_BYTES = 34, 10, 5
LARGEST_FILE = 1 << 30  # bytes; those of the data set have a few thousand
OVERFLOW = 240  # y of entries that only say that the clock has turned over
CLASSES = tuple(map(str, range(10)))


def load(folder: Path, framing: Framing) -> Parts:
    """All samples as frames.

    Raises:
        InputError: a folder is missing, or a file is damaged; names it.
    """
    train, test = (_files(folder, part) for part in ("Train", "Test"))

    def samples() -> Iterator[tuple[int, np.ndarray]]:
        for place, (path, _) in enumerate(train + test):
            yield place, framing.frames(events_of(path), SIDE)

    y_train, y_test = (np.array([label for _, label in part], np.int64) for part in (train, test))
    return kept(
        Recipe(
            "nmnist", folder, [path for path, _ in train + test], str(framing), y_train, y_test, CLASSES, samples,
            split="Test of the data set",
        )
    )  # fmt: skip


def _files(folder: Path, part: str) -> list[tuple[Path, int]]:
    """(file, label) of a part, in the order in which they are taken."""
    places = (folder / "N-MNIST" / part, folder / "NMNIST" / part, folder / part)
    root = next((path for path in places if path.is_dir()), None)
    if root is None:
        raise InputError(
            f"N-MNIST was not found in {folder}; say --data-dir DIR where its unpacked Train and Test lie (garrickorchard.com, or Mendeley "
            "data 468j46mzdv, hand them out as zips)."
        )
    files = [(path, label) for label, name in enumerate(CLASSES) for path in sorted((root / name).glob("*.bin"))]
    if missing := sorted(set(CLASSES) - {path.parent.name for path, _ in files}):
        raise InputError(
            f"{root} holds no files {', '.join(f'{name}/*.bin' for name in missing)}; unpack the data set again."
        )
    return [files[index] for index in shuffled(len(files))]


def events_of(path: Path) -> EventStream:
    """The events of a file.

    Raises:
        InputError: it cannot be read, its length is no multiple of five, it is empty, or an event lies outside of 34 x 34 pixels.
    """
    data = np.frombuffer(regular(path, "a file of events", most=LARGEST_FILE).read_bytes(), np.uint8)
    if data.size == 0 or data.size % EVENT_BYTES:
        raise InputError(
            f"{path} has {data.size} bytes; a multiple of {EVENT_BYTES}, an event each, is needed: it is damaged; fetch it again."
        )
    x, y, high, middle, low = data.reshape(-1, EVENT_BYTES).T
    time = ((high & 127).astype(np.int64) << 16) | (middle.astype(np.int64) << 8) | low
    time += np.cumsum(y == OVERFLOW) << 13  # each says that 2^13 us have gone by
    real = y != OVERFLOW
    if not real.any() or max(int(x[real].max()), int(y[real].max())) >= SIDE:
        raise InputError(
            f"{path} holds events outside of {SIDE} x {SIDE} pixels, or none: it is damaged; fetch it again."
        )
    return EventStream(x[real], y[real], (high >> 7)[real], time[real])
