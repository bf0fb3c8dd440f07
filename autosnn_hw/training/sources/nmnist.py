"""N-MNIST (Orchard et al. 2015): MNIST digits seen by an event camera that moves, in its own binary files.

Train/0/00002.bin .. hold five bytes an event: x, y, then 1 bit of polarity (1 is ON) and 23 bits of time in us, big-endian.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.sources.kept_frames import kept
from autosnn_hw.training.sources.parts import Parts, shuffled

SIDE, STEPS, EVENT_BYTES = 34, 10, 5
MOST = 255  # events that a value of a frame counts
OVERFLOW = 240  # y of entries that only say that the clock has turned over
CLASSES = tuple(map(str, range(10)))


def load(folder: Path, steps: int = STEPS) -> Parts:
    """All samples as frames of equal numbers of events.

    Raises:
        InputError: a folder is missing, or a file is damaged; names it.
    """
    parts = [_files(folder, part) for part in ("Train", "Test")]
    everything = [path for files in parts for path, _ in files]
    return kept(
        folder,
        f"nmnist-{steps}",
        everything,
        lambda: Parts(*_frames(parts[0], steps), *_frames(parts[1], steps), CLASSES),
    )


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
    if not files:
        raise InputError(f"{root} holds no files 0/*.bin to 9/*.bin.")
    return [files[index] for index in shuffled(len(files))]


def _frames(files: list[tuple[Path, int]], steps: int) -> tuple[np.ndarray, np.ndarray]:
    frames = np.stack([frames_of(*events_of(path), steps) for path, _ in files])
    return frames, np.array([label for _, label in files], np.int64)


def events_of(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, y, polarity) of the events of a file, in the order of their times.

    Raises:
        InputError: its length is no multiple of five, it is empty, or an event lies outside of 34 x 34 pixels.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    if data.size == 0 or data.size % EVENT_BYTES:
        raise InputError(
            f"{path} has {data.size} bytes; a multiple of {EVENT_BYTES}, an event each, is needed: it is damaged."
        )
    x, y, high, middle, low = data.reshape(-1, EVENT_BYTES).T
    time = ((high & 127).astype(np.int64) << 16) | (middle.astype(np.int64) << 8) | low
    time += np.cumsum(y == OVERFLOW) << 13  # each says that 2^13 us have gone by
    real = y != OVERFLOW
    if not real.any() or max(int(x[real].max()), int(y[real].max())) >= SIDE:
        raise InputError(f"{path} holds events outside of {SIDE} x {SIDE} pixels, or none: it is damaged.")
    order = np.argsort(time[real], kind="stable")
    return x[real][order], y[real][order], (high >> 7)[real][order]


def frames_of(x: np.ndarray, y: np.ndarray, polarity: np.ndarray, steps: int) -> np.ndarray:
    """Frames uint8 (T, 2, 34, 34) that count events, channel 0 ON and 1 OFF; each frame holds as many events as any other but for one."""
    step = np.arange(len(x)) * steps // len(x)
    frames = np.zeros((steps, 2, SIDE, SIDE), np.int64)
    np.add.at(frames, (step, 1 - polarity.astype(np.int64), y, x), 1)
    return np.minimum(frames, MOST).astype(np.uint8)
