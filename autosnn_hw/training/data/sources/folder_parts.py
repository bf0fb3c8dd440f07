"""The parts of a folder of images: sub-folders for training, validation and testing, as people call them, or none: classes alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from autosnn_hw.errors import InputError
from autosnn_hw.words.quantities import numbered

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
    return [path for path in _shown(folder) if path.is_dir()]


def files_in(folder: Path) -> list[Path]:
    """Images in a folder that are not hidden, in the order of their names."""
    # Of a pipe or a device nothing is read: it would wait, or never end.
    return [path for path in _shown(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]


def other_files_in(folder: Path) -> list[Path]:
    """What is neither an image that is read nor a sub-folder, nor hidden: files of other kinds, links to nowhere, pipes."""
    images = set(files_in(folder))
    return [path for path in _shown(folder) if path not in images and not path.is_dir()]


def left_out(folder: Path, parts: Sequence[Path], classes: Sequence[Path]) -> str | None:
    """What of a folder is not read, as a note; None where all of it is.

    Args:
        parts: sub-folders in which classes lie: the folder itself where it has no parts.
        classes: folders in which images lie.
    """
    above = list(dict.fromkeys([folder, *parts]))
    folders = [path for one in classes for path in folders_in(one)]
    known = {*above, *classes}
    folders += [path for one in above for path in folders_in(one) if path not in known]
    beside = [path for one in above for path in files_in(one)]
    others = [path for one in classes for path in other_files_in(one)]
    found = [
        *([numbered(len(folders), "sub-folder")] if folders else []),
        *([f"{numbered(len(beside), 'image')} beside the folders of classes"] if beside else []),
        *([f"{numbered(len(others), 'file')} ({kinds(others)})"] if others else []),
    ]
    if not found:
        return None
    return f"left out of {folder}: {', '.join(found)}; read are {', '.join(SUFFIXES)} in the folder of a class itself"


def kinds(files: Sequence[Path]) -> str:
    """The endings of files, and of images that are no regular files what they are."""
    endings = {path.suffix.lower() or "no ending" for path in files if path.suffix.lower() not in SUFFIXES}
    irregular = any(path.suffix.lower() in SUFFIXES for path in files)
    return ", ".join([*sorted(endings), *(["links to nowhere or pipes"] if irregular else [])])


def _shown(folder: Path) -> list[Path]:
    """What lies in a folder and is not hidden: macOS writes ._x.png beside x.png, which is no image."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _part(folder: Path) -> str | None:
    match = NAMED.fullmatch(folder.name)
    return None if match is None else next(part for part, names in CALLED.items() if match[1].lower() in names)
