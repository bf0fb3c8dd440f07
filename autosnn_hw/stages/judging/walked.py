"""What a walk found out, one file a subtree in the run folder: enough to price every candidate again without running it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autosnn_hw.deploy.planned_layers import Unit
from autosnn_hw.deploy.shared_prefixes.prefix import Found
from autosnn_hw.deploy.shared_prefixes.replay import found_sizes
from autosnn_hw.errors import InputError
from autosnn_hw.files.whole_file import replace

FOLDER = "walk"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Subtree:
    """What was found in a subtree.

    Args:
        nodes: `Found` of the stem, of the blocks that lead to the subtree, and of its own nodes, each before those behind it;
            a node without units has none.
        predictions: int64 (architectures, N), class of every image, the last gene changing fastest.
        driven: int64 (1, 1), active neurons of a stem that the host drives, over all images and the steps of the last read, else
            None.
        input_spikes: int64, the frames that were sent in, else None.
    """

    nodes: tuple[Found, ...]
    predictions: np.ndarray
    driven: np.ndarray | None
    input_spikes: np.ndarray | None

    def to_bytes(self) -> bytes:
        """A compressed .npz: all totals and statistics one after the other."""
        totals = [count.reshape(-1) for node in self.nodes for count in node.totals]
        statistics = [values for node in self.nodes for pair in node.statistics for values in pair]
        arrays = {
            "format": np.array(FORMAT),
            "totals": _narrow(np.concatenate(totals)),
            "statistics": np.concatenate([*statistics, np.zeros(0)]),
            "predictions": _narrow(self.predictions),
        }
        if self.driven is not None:
            arrays["driven"] = self.driven
        if self.input_spikes is not None:
            arrays["input_spikes"] = self.input_spikes
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()


def part_file(folder: Path, digits: Sequence[int]) -> Path:
    """Where a subtree stands; digits: numbers of its first slots' genes."""
    return folder / FOLDER / f"{'.'.join(map(str, digits))}.npz"


def write(path: Path, subtree: Subtree) -> None:
    """Write a subtree whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    replace(path, subtree.to_bytes())


class SubtreeReader:
    """Hands out what a subtree's file holds, node by node in the order it was written in.

    Args:
        reads: after how many numbers of steps the networks were read off.

    Raises:
        InputError: the file is missing, damaged, or of another format.
    """

    def __init__(self, path: Path, reads: int = 1) -> None:
        self._reads = reads
        try:
            with np.load(path, allow_pickle=False) as arrays:
                self._arrays = dict(arrays)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise InputError(f"{path} cannot be read ({error}); a run of `search --strategy walk` writes it.") from None
        if int(self._arrays.get("format", -1)) != FORMAT or not {"totals", "statistics", "predictions"} <= set(
            self._arrays
        ):
            raise InputError(f"{path} is of another format; version {FORMAT} of a walk's file is needed.")
        self._totals, self._statistics = (_Tape(self._arrays[name]) for name in ("totals", "statistics"))
        self._predictions = iter(self._arrays["predictions"])

    @property
    def samples(self) -> int:
        return int(self._arrays["predictions"].shape[1])

    @property
    def driven(self) -> np.ndarray | None:
        """int64 (1, 1): active neurons of a stem that the host drives, over all images and steps."""
        return self._arrays.get("driven")

    @property
    def input_spikes(self) -> np.ndarray | None:
        return self._arrays.get("input_spikes")

    def stem(self, channels: int, shape: tuple[int, int, int]) -> Found:
        """The first node where the host drives the stem."""
        return Found((self._read(shape),), (self._pair(channels),) if channels else ())

    def node(self, units: Sequence[Unit]) -> Found:
        """The next node, which has these units."""
        shapes, channels = found_sizes(units)
        totals = tuple(self._read(shape) for shape in shapes)
        return Found(totals, tuple(self._pair(count) for count in channels))

    def predictions(self) -> np.ndarray:
        """int64 (N,): classes of the images, of the next architecture."""
        return np.asarray(next(self._predictions), np.int64)

    def _read(self, shape: tuple[int, ...]) -> np.ndarray:
        """int64 (reads, *shape)."""
        return self._totals.take((self._reads, *shape)).astype(np.int64)

    def _pair(self, channels: int) -> tuple[np.ndarray, np.ndarray]:
        return self._statistics.take((channels,)), self._statistics.take((channels,))


class _Tape:
    """Takes arrays off a flat one, from its beginning on."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self._first = values, 0

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        part = self._values[self._first : self._first + size]
        if len(part) < size:
            raise InputError("a file of the walk is shorter than its space; it belongs to another run.")
        self._first += size
        return part.reshape(shape)


def _narrow(values: np.ndarray) -> np.ndarray:
    """Counts in the fewest bytes that hold them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
