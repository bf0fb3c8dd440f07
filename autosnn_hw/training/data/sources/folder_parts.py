"""The parts of a folder of images: sub-folders for training, validation and testing, as people call them, or none: classes alone."""

from __future__ import annotations

import re
from pathlib import Path

from autosnn_hw.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff")
CALLED = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
NAMED = re.compile(rf"({'|'.join(name for names in CALLED.values() for name in names)})([ _-]?set)?", re.IGNORECASE)


def parts_of(folder: Path) -> dict[str, Path]:
    """{"train", "val", "test": sub-folder}, as far as there are any; empty of a folder of classes, one of which may be called test.

    Raises:
        InputError: two sub-folders that are one part, such as val and validation.
    """
    there = folders_in(folder)
    named = [path for path in there if _part(path) is not None]
    if len(named) < len(there):  # a part among others has classes in it, and a class images
        named = [path for path in named if not files_in(path)]
        if not any(_part(path) == "train" for path in named):
            return {}
    found: dict[str, Path] = {}
    for path in named:
        part = _part(path) or ""
        if part in found:
            raise InputError(
                f"{folder} has {found[part].name} and {path.name}, and only one of them can be the part {part}; put them together, or take one away."
            )
        found[part] = path
    return found


def folders_in(folder: Path) -> list[Path]:
    """Sub-folders that are not hidden, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def files_in(folder: Path) -> list[Path]:
    """Images in a folder, in the order of their names."""
    # Of a pipe or a device nothing is read: it would wait, or never end.
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _part(folder: Path) -> str | None:
    match = NAMED.fullmatch(folder.name)
    return None if match is None else next(part for part, names in CALLED.items() if match[1].lower() in names)
