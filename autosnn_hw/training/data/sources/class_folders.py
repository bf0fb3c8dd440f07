"""A folder with a sub-folder a class: which classes there are, and the images of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.folder_parts import (
    SUFFIXES,
    files_in,
    folders_in,
    kinds,
    other_files_in,
    parts_of,
)
from autosnn_hw.words.quantities import numbered

Labelled = list[tuple[Path, int]]


def classes_in(folder: Path) -> tuple[str, ...]:
    """Names of the sub-folders, one a class.

    Raises:
        InputError: fewer than two; says where the classes lie instead, as far as that can be seen.
    """
    there = folders_in(folder)
    if len(there) > 1:
        return tuple(path.name for path in there)
    inside = [path for path in folders_in(there[0]) if files_in(path)] if there else []
    images = len(files_in(folder))
    if len(inside) > 1:
        other = f": take folder:{there[0]}, which has {len(inside)}"
    elif there and parts_of(there[0]):
        other = f": take folder:{there[0]}, which has {' and '.join(path.name for path in folders_in(there[0]))}"
    elif images:
        other = f": move its {numbered(images, 'image')} into them"
    else:
        other = ""
    raise InputError(
        f"{folder} has {numbered(len(there), 'sub-folder') if there else 'no sub-folders'}; one for each of at least 2 classes is needed{other}."
    )


def labelled_in(folder: Path, names: Sequence[str]) -> Labelled:
    """(image, class) of every image in the folders of the classes.

    Raises:
        InputError: a class without images; says where they lie, or of which other kinds they are.
    """
    found = []
    for index, name in enumerate(names):
        images = files_in(folder / name)
        if not images:
            raise InputError(_no_images(folder / name))
        found += [(path, index) for path in images]
    return found


def _no_images(folder: Path) -> str:
    deeper = [path for path in folders_in(folder) if files_in(path)]
    if deeper:
        return (
            f"{folder} holds no images itself: they lie one level deeper, in {numbered(len(deeper), 'sub-folder')} ({deeper[0].name}"
            f"{', ..' if len(deeper) > 1 else ''}); the images of a class must lie in its own folder: move them up into {folder}."
        )
    others = other_files_in(folder)
    if others:
        return (
            f"{folder} holds no images that are read ({', '.join(SUFFIXES)}), and {numbered(len(others), 'file')} of other kinds ({kinds(others)}); "
            'Image.open(path).convert("RGB").save(path.with_suffix(".png")) makes one that is of what Pillow reads.'
        )
    return f"{folder} holds no images ({', '.join(SUFFIXES)}); each class needs some: put them there, or remove the folder."
