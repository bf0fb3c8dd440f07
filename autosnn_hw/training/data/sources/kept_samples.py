"""Samples made of many files, made once and kept in one file, which every process of a search maps into its memory.

The file is safetensors: `x` uint8 (samples, ...), those for training, for validation, for testing, one after the other, `y_train`, `y_test`,
`y_val` where the data set has a validation part of its own, and words in its metadata. Its name has the hash of the contents it was made of and of how; it is there whole or not at all. What is kept may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from autosnn_hw.files import whole_file
from autosnn_hw.training.data.sources.contents import content_hash
from autosnn_hw.training.data.sources.parts import Parts
from autosnn_hw.training.data.sources.sample_arrays import as_spikes
from autosnn_hw.training.data.splits import sha256

FOLDER = ".autosnn-hw"
VERSION = 5  # counted up where what is made of the same files changes
ROOM = 4096  # bytes of the header for notes, which are known last


@dataclass(frozen=True, eq=False)
class Recipe:
    """What samples are made of, and how.

    Args:
        name: of the data set, as a file may be called.
        root: folder of the files.
        files: everything that decides what is made.
        preprocessing: what is done with a sample, in words.
        y_train, y_test: labels int64, in the order of the samples.
        class_names: one a class.
        samples: gives (place, sample uint8) for every sample, in any order; training samples have the first places, then come those
            for validation.
        split: which samples are for testing, in words.
        y_val: labels of the samples that the data set itself holds out; None where it holds out none.
        notes: what was made of the files, in sentences.
    """

    name: str
    root: Path
    files: Sequence[Path]
    preprocessing: str
    y_train: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    samples: Callable[[], Iterator[tuple[int, np.ndarray]]]
    split: str
    y_val: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """Those that there are, in the order of the samples."""
        validation = {} if self.y_val is None else {"y_val": self.y_val}
        return {"y_train": self.y_train, **validation, "y_test": self.y_test}


def kept(recipe: Recipe) -> Parts:
    """The samples of a recipe, mapped read-only from the file that keeps them; made first where there is none.

    They are kept in `.autosnn-hw` beside the files, or in the user's cache where that cannot be written, or in a file without a name.
    """
    places = _places(recipe.root)
    contents = content_hash(recipe.root, recipe.files, [place / f"{recipe.name}-files.json" for place in places])
    labels = sha256(recipe.labels.values())
    words = f"{VERSION}\0{recipe.preprocessing}\0{recipe.split}\0{contents}\0{labels}\0{recipe.notes}"
    key = hashlib.blake2b(words.encode(), digest_size=8).hexdigest()
    paths = [place / f"{recipe.name}-{key}.safetensors" for place in places]
    for path in paths:
        with suppress(OSError, SafetensorError, ValueError, KeyError):  # a damaged one is made again
            return _read(path)
    for path in paths:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file.beside(path) as beside:
                _write(recipe, beside)
            return _read(path)
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as nameless:
        _write(recipe, Path(nameless.name))
        return _read(Path(nameless.name))


def _places(root: Path) -> list[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return [root / FOLDER, Path(cache) / "autosnn-hw"]


def _write(recipe: Recipe, path: Path) -> None:
    """Samples go to their places as they are made: memory holds one at a time."""
    labels = {name: y.astype("<i8") for name, y in recipe.labels.items()}
    count = sum(map(len, labels.values()))
    words = {
        "class_names": json.dumps(recipe.class_names),
        "preprocessing": recipe.preprocessing,
        "split": recipe.split,
    }
    with open(path, "wb") as file:
        shape: tuple[int, ...] = ()
        start = made = 0
        for place, sample in recipe.samples():
            if not made:
                shape, size = sample.shape, sample.nbytes
                start = 8 + -(-len(_header(words, labels, (count, *shape))) // 8) * 8 + ROOM
                file.truncate(start + count * size + sum(y.nbytes for y in labels.values()))
            file.seek(start + place * size)
            file.write(np.ascontiguousarray(sample).data)
            made += 1
        if made != count:
            raise ValueError(f"{recipe.name}: {made} samples were made of {count}")
        file.seek(start + count * size)
        for y in labels.values():
            file.write(y.tobytes())
        file.flush()
        x = np.memmap(path, np.uint8, "r", start, (count, *shape))
        samples = _cut(x, labels)
        lost = [note for name, part in samples.items() if (note := as_spikes(part, f"x{name[1:]}")) is not None]
        words |= {
            "sha256": sha256(array for name, y in labels.items() for array in (samples[name], y)),
            "notes": json.dumps([*recipe.notes, *lost]),
        }
        file.seek(0)
        header = _header(words, labels, x.shape)
        file.write((start - 8).to_bytes(8, "little") + header.ljust(start - 8))


def _header(words: dict[str, str], labels: dict[str, np.ndarray], shape: tuple[int, ...]) -> bytes:
    """The header of safetensors: where each array begins and ends behind it."""
    end = int(np.prod(shape, dtype=np.int64))
    entries: dict[str, Any] = {"__metadata__": words, "x": {"dtype": "U8", "shape": shape, "data_offsets": [0, end]}}
    for name, y in labels.items():
        entries[name] = {"dtype": "I64", "shape": y.shape, "data_offsets": [end, end + y.nbytes]}
        end += y.nbytes
    return json.dumps(entries).encode()


def _cut(x: np.ndarray, labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The samples that belong to each of the labels, which lie in the same order."""
    ends = np.cumsum([len(y) for y in labels.values()])
    return {name: x[end - len(y) : end] for (name, y), end in zip(labels.items(), ends)}


def _read(path: Path) -> Parts:
    with safe_open(path, framework="numpy") as file:  # refuses what is cut or does not agree with its header
        words, shape, there = file.metadata(), tuple(file.get_slice("x").get_shape()), set(file.keys())
        names = [name for name in ("y_train", "y_val", "y_test") if name != "y_val" or name in there]
        labels = {name: np.array(file.get_tensor(name)) for name in names}
    with open(path, "rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
    x = np.memmap(path, np.uint8, "r", start, shape)
    if len(x) != sum(map(len, labels.values())):
        raise ValueError(f"{path}: {len(x)} samples and {sum(map(len, labels.values()))} labels")
    samples = _cut(x, labels)
    return Parts(
        samples["y_train"], labels["y_train"], samples["y_test"], labels["y_test"],
        validation=(samples["y_val"], labels["y_val"]) if "y_val" in labels else None,
        class_names=tuple(json.loads(words["class_names"])), notes=tuple(json.loads(words["notes"])),
        sha256=words["sha256"], preprocessing=words["preprocessing"], split=words["split"],
    )  # fmt: skip
