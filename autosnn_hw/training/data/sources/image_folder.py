"""Images as files: a folder with a sub-folder a class, and Tiny-ImageNet-200 in the layout that it is handed out in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.kept_samples import Recipe, kept
from autosnn_hw.training.data.sources.parts import Parts, shuffled

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "BMP", "PPM", "WEBP", "TIFF")
TINY_IMAGENET = "tiny-imagenet-200"
HELD_BACK = 5  # of so many images of a class one is for testing, where the folder has no test images of its own

Labelled = list[tuple[Path, int]]


def image_folder(folder: Path, labelled: bool = True) -> Parts:
    """Images of `folder`/train/CLASS and `folder`/test/CLASS (or val/CLASS), or of `folder`/CLASS, of which every fifth is for testing.

    Args:
        labelled: require a training and a test part. Without, a folder that has one of the parts alone is samples, all for testing.

    Raises:
        InputError: no such folder, no or too few classes, other classes in the parts, a file that is no image, or images of
            several sizes or kinds; names the file. One part alone where both are required.
    """
    if not folder.is_dir():
        raise InputError(f"folder:{folder}: there is no such folder; it needs a sub-folder for each class.")
    if (alone := _only_part(folder)) is not None:
        if labelled:
            raise InputError(
                f"{folder} has {alone.name} and {'neither test nor val; one of them' if alone.name == 'train' else 'no train; it'} is needed "
                f"to train. folder:{alone} would split its images by itself."
            )
        names = _classes(alone)
        images = LabelledFiles(folder, [], _labelled(alone, names), names, f"the folder {alone.name}, which is alone")
        return _parts("images", images)
    if (folder / "train").is_dir():
        test_folder = next(folder / part for part in ("test", "val") if (folder / part).is_dir())
        names = _classes(folder / "train")
        if (others := _classes(test_folder)) != names:
            differing = sorted(set(names) ^ set(others))
            raise InputError(f"{test_folder} and {folder / 'train'} have other classes: {', '.join(differing[:5])}.")
        train, test = (_labelled(part, names) for part in (folder / "train", test_folder))
        split = f"the folder {test_folder.name}"
    else:
        names = _classes(folder)
        found = _labelled(folder, names)
        place = np.concatenate([np.arange(n) for n in np.bincount([label for _, label in found], minlength=len(names))])
        test, train = (
            [one for one, number in zip(found, place) if (number % HELD_BACK == HELD_BACK - 1) == wanted]
            for wanted in (True, False)
        )
        split = "every fifth image of a class in the order of file names"
    return _parts("images", LabelledFiles(folder, train, test, names, split))


def lacking(folder: Path) -> tuple[str, ...]:
    """What training needs and a folder has not; nothing where there is no such folder, which reading it says."""
    alone = _only_part(folder) if folder.is_dir() else None
    return () if alone is None else ("test images" if alone.name == "train" else "training images",)


def _only_part(folder: Path) -> Path | None:
    """The sub-folder train, test or val where the others are missing; None of a folder of classes, one of which may be called test."""
    there = {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")}
    if "train" in there:
        return None if there & {"test", "val"} else folder / "train"
    return folder / min(there) if len(there) == 1 and there <= {"test", "val"} else None


def tiny_imagenet(folder: Path) -> Parts:
    """Tiny-ImageNet-200: train/WORDNET_ID/images/*.JPEG, and val/images with the labels in val/val_annotations.txt, which are tested on.

    Raises:
        InputError: the folder is missing, or a file of it is, or is damaged.
    """
    root = folder / TINY_IMAGENET if (folder / TINY_IMAGENET).is_dir() else folder
    listing, annotations = root / "wnids.txt", root / "val" / "val_annotations.txt"
    for path in (listing, annotations):
        if not path.is_file():
            raise InputError(
                f"{path} was not found; say --data-dir DIR where the unpacked {TINY_IMAGENET} lies (cs231n.stanford.edu hands it out as a zip)."
            )
    names = tuple(sorted(listing.read_text(encoding="utf-8").split()))
    label = {name: index for index, name in enumerate(names)}
    train = [(path, label[name]) for name in names for path in _files(root / "train" / name / "images")]
    if missing := sorted(set(names) - {names[index] for _, index in train}):
        raise InputError(
            f"{root / 'train'} holds no images of {len(missing)} of the {len(names)} classes of {listing.name} ({', '.join(missing[:5])}); "
            "unpack the data set again."
        )
    test: Labelled = []
    for number, line in enumerate(annotations.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] not in label:
            raise InputError(
                f"{annotations}, line {number}: FILE, a tab and one of {len(names)} ids of {listing.name} are needed."
            )
        test.append((root / "val" / "images" / Path(fields[0]).name, label[fields[1]]))
    split = "val of the data set"
    return _parts(
        "tiny-imagenet", LabelledFiles(root, train, test, names, split, colour=True, listings=(listing, annotations))
    )


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        raise InputError(f"{folder} has {len(names)} sub-folders; one for each of at least 2 classes is needed.")
    return names


def _labelled(folder: Path, names: Sequence[str]) -> Labelled:
    found = [(path, index) for index, name in enumerate(names) for path in _files(folder / name)]
    for index, name in enumerate(names):
        if not any(label == index for _, label in found):
            raise InputError(f"{folder / name} holds no images ({', '.join(SUFFIXES)}).")
    return found


def _files(folder: Path) -> list[Path]:
    # Of a pipe or a device nothing is read: it would wait, or never end.
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


@dataclass(frozen=True)
class LabelledFiles:
    """Files with their labels, and what of them is made.

    Args:
        root: of the files.
        train, test: (file, label).
        names: one a class.
        split: which images are for testing, in words.
        colour: grey images are made colour, too.
        listings: files that say labels.
    """

    root: Path
    train: Labelled
    test: Labelled
    names: tuple[str, ...]
    split: str
    colour: bool = False
    listings: tuple[Path, ...] = ()


def _parts(name: str, images: LabelledFiles) -> Parts:
    if not images.test:
        raise InputError(
            f"{images.root}: {len(images.train)} training images and none for testing were found; both are needed."
        )
    train, test = [images.train[index] for index in shuffled(len(images.train))], images.test
    paths = [path for path, _ in train + test]

    def samples() -> Iterator[tuple[int, np.ndarray]]:
        first = _pixels(paths[0], images.colour)
        for place, path in enumerate(paths):
            image = _pixels(path, images.colour)
            if image.shape != first.shape:
                raise InputError(
                    f"{path} is {_size(image)} and {paths[0]} {_size(first)}; all images must have one size and kind."
                )
            yield place, image

    y_train, y_test = (np.array([label for _, label in part], np.int64) for part in (train, test))
    return kept(
        Recipe(
            name, images.root, [*paths, *images.listings], "grey made colour" if images.colour else "none",
            y_train, y_test, images.names, samples, split=images.split,
        )
    )  # fmt: skip


def _pixels(path: Path, colour: bool) -> np.ndarray:
    """uint8 (C, H, W): C is 1 for grey images, else 3."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                grey = image.mode in ("1", "L") and not colour
                pixels = np.asarray(image.convert("L" if grey else "RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is not a readable image ({reason}).") from error
    return pixels[None] if grey else np.moveaxis(pixels, -1, 0)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[2]} with {image.shape[0]} channel{'' if image.shape[0] == 1 else 's'}"
