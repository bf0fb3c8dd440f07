"""Images as files: a folder with a sub-folder a class, and Tiny-ImageNet-200 in the layout that it is handed out in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import text
from autosnn_hw.training.data.sources.class_folders import Labelled, classes_in, labelled_in
from autosnn_hw.training.data.sources.folder_parts import files_in, left_out, parts_of
from autosnn_hw.training.data.sources.kept_samples import Recipe, kept
from autosnn_hw.training.data.sources.parts import Parts, shuffled
from autosnn_hw.words.quantities import numbered

FORMATS = ("PNG", "JPEG", "BMP", "PPM", "WEBP", "TIFF")
TINY_IMAGENET = "tiny-imagenet-200"
HELD_BACK = 5  # of so many images of a class one is for testing, where the folder has no test images of its own


def image_folder(folder: Path, labelled: bool = True) -> Parts:
    """Images of `folder`/train/CLASS and `folder`/test/CLASS (or val/CLASS), or of `folder`/CLASS, of which every fifth is for testing.

    Args:
        labelled: require a training and a test part. Without, a folder without one of them is samples, all for testing.

    Raises:
        InputError: no such folder, no or too few classes, other classes in the parts, a file that is no image, or images of
            several sizes or kinds; names the file. No training or no test part where both are required.
    """
    if not folder.is_dir():
        raise InputError(f"folder:{folder}: {_no_folder(folder)}; it needs a sub-folder for each class.")
    parts = parts_of(folder)
    if parts and labelled and (missing := _missing(parts)) is not None:
        there = " and ".join(path.name for path in parts.values())
        alone = next(iter(parts.values()))
        raise InputError(
            f"{folder} has {there} and {missing} is needed to train. folder:{alone} would split its images by itself."
        )
    if parts:
        return _of_parts(folder, parts)
    names = classes_in(folder)
    found = labelled_in(folder, names)
    place = np.concatenate([np.arange(n) for n in np.bincount([label for _, label in found], minlength=len(names))])
    test, train = (
        [one for one, number in zip(found, place) if (number % HELD_BACK == HELD_BACK - 1) == wanted]
        for wanted in (True, False)
    )
    if not test:
        raise InputError(
            f"{folder}: {len(train)} training images and none for testing were found; every fifth image of a class is for testing, so at least "
            f"{HELD_BACK} of a class are needed, or sub-folders train (with 5 images at least) and test, and a sub-folder for each class in both."
        )
    split = "every fifth image of a class in the order of file names"
    return _parts("images", LabelledFiles(folder, train, test, names, split, notes=_left_out(folder, [folder], names)))


def lacking(folder: Path) -> tuple[str, ...]:
    """What training needs and a folder has not; nothing where there is no such folder, which reading it says."""
    parts = parts_of(folder) if folder.is_dir() else {}
    if not parts or _missing(parts) is None:
        return ()
    return ("test images" if "train" in parts else "training images",)


def _missing(parts: Mapping[str, Path]) -> str | None:
    """What training needs and parts have not, as it is said."""
    if "train" not in parts:
        return "no train; it"
    return None if len(parts) > 1 else "neither test nor val; one of them"


def _no_folder(path: Path) -> str:
    if not path.is_file():
        return "there is no such folder"
    return (
        f"that is a file (npz:{path} reads an npz file), and no folder"
        if is_zipfile(path)
        else "that is a file, and no folder"
    )


def _left_out(folder: Path, parts: Sequence[Path], names: Sequence[str]) -> tuple[str, ...]:
    note = left_out(folder, parts, [part / name for part in parts for name in names])
    return () if note is None else (note,)


def _of_parts(folder: Path, parts: Mapping[str, Path]) -> Parts:
    """val is for testing where there is no test; what is alone is, whatever it is called."""
    tested = next(part for part in ("test", "val", "train") if part in parts)
    others = {part: path for part, path in parts.items() if part != tested}
    first = parts.get("train", parts[tested])
    names = classes_in(first)
    for path in parts.values():
        if differing := sorted(set(names) ^ set(classes_in(path))):
            raise InputError(f"{path} and {first} have other classes: {', '.join(differing[:5])}.")
    images = {part: labelled_in(path, names) for part, path in parts.items()}
    split = f"the folder {parts[tested].name}{', which is alone' if not others else ''}"
    held_out = parts.get("val") if tested == "test" else None
    notes = _left_out(folder, list(parts.values()), names)
    if held_out is not None:
        notes = (f"the folder {held_out.name} is the validation part", *notes)
    train = images.get("train", []) if "train" in others else []
    return _parts(
        "images",
        LabelledFiles(
            folder,
            train,
            images[tested],
            names,
            split,
            validation=images["val"] if held_out is not None else None,
            notes=notes,
        ),
    )


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
    names = tuple(sorted(set(text(listing, "the list of its classes, as it lies in the unpacked data set,").split())))
    if len(names) < 2:
        raise InputError(
            f"{listing} holds {len(names)} ids of classes; one for each of at least 2 is needed: unpack the data set again."
        )
    label = {name: index for index, name in enumerate(names)}
    train = [(path, label[name]) for name in names for path in files_in(root / "train" / name / "images")]
    if missing := sorted(set(names) - {names[index] for _, index in train}):
        raise InputError(
            f"{root / 'train'} holds no images of {len(missing)} of the {len(names)} classes of {listing.name} ({', '.join(missing[:5])}); "
            "unpack the data set again."
        )
    test: Labelled = []
    for number, line in enumerate(
        text(annotations, "the table of its images, as it lies in the unpacked data set,").splitlines(), 1
    ):
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] not in label:
            raise InputError(
                f"{annotations}, line {number}: FILE, a tab and one of {len(names)} ids of {listing.name} are needed."
            )
        path = root / "val" / "images" / Path(fields[0]).name
        if not path.is_file():
            raise InputError(f"{path}, which {annotations} lists, was not found; unpack the data set again.")
        test.append((path, label[fields[1]]))
    if not test:
        raise InputError(f"{annotations} lists no images, and they are for testing; unpack the data set again.")
    split = "val of the data set"
    return _parts(
        "tiny-imagenet",
        LabelledFiles(
            root,
            train,
            test,
            names,
            split,
            colour=True,
            mend="unpack the data set again",
            listings=(listing, annotations),
        ),
    )


@dataclass(frozen=True)
class LabelledFiles:
    """Files with their labels, and what of them is made.

    Args:
        root: of the files.
        train, test: (file, label).
        names: one a class.
        split: which images are for testing, in words.
        colour: grey images are made colour, too.
        mend: what is to be done about an image that cannot be read.
        listings: files that say labels.
        validation: (file, label) of what the folder itself holds out; None where that is a part of train.
        notes: what was made of the folder, in sentences.
    """

    root: Path
    train: Labelled
    test: Labelled
    names: tuple[str, ...]
    split: str
    colour: bool = False
    mend: str = "remove it, or write it again"
    listings: tuple[Path, ...] = ()
    validation: Labelled | None = None
    notes: tuple[str, ...] = ()


def _parts(name: str, images: LabelledFiles) -> Parts:
    train, validation, test = (_mixed(part) for part in (images.train, images.validation or [], images.test))
    paths = [path for path, _ in train + validation + test]

    def samples() -> Iterator[tuple[int, np.ndarray]]:
        first = _pixels(paths[0], images)
        for place, path in enumerate(paths):
            image = _pixels(path, images)
            if image.shape != first.shape:
                raise InputError(
                    f"{path} is {_size(image)} and {paths[0]} {_size(first)}; all images must have one size and kind: "
                    f"{_made_alike(image, first)}, for every file, makes them so."
                )
            yield place, image

    y_train, y_val, y_test = (np.array([label for _, label in part], np.int64) for part in (train, validation, test))
    return kept(
        Recipe(
            name, images.root, [*paths, *images.listings], "grey made colour" if images.colour else "none",
            y_train, y_test, images.names, samples, split=images.split,
            y_val=None if images.validation is None else y_val, notes=images.notes,
        )
    )  # fmt: skip


def _mixed(part: Labelled) -> Labelled:
    return [part[index] for index in shuffled(len(part))]


def _pixels(path: Path, images: LabelledFiles) -> np.ndarray:
    """uint8 (C, H, W): C is 1 for grey images, else 3."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                mode, grey = image.mode, image.mode in ("1", "L") and not images.colour
                pixels = np.asarray(image if _is_wide(mode) else image.convert("L" if grey else "RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is not a readable image ({reason}); {images.mend}.") from error
    if _is_wide(mode):
        # Pillow would cut them at 255, of floats from 0 to 1 leave nothing: how they become bytes is for their owner to say.
        raise InputError(
            f"{path} holds {pixels.dtype} pixels, {pixels.min():g} to {pixels.max():g} (mode {mode}), and images of bytes are read. With MOST for the "
            "largest of all images, Image.fromarray((np.asarray(Image.open(path)) * (255 / MOST)).clip(0, 255).astype(np.uint8)).save(path) "
            "makes bytes of them; an npz file keeps them as they are, as float32 (N, 1, H, W)."
        )
    return pixels[None] if grey else np.moveaxis(pixels, -1, 0)


def _is_wide(mode: str) -> bool:
    """Whether Pillow's mode is one of grey pixels of more than a byte."""
    return mode in ("I", "F") or mode.startswith("I;16")


def _made_alike(image: np.ndarray, first: np.ndarray) -> str:
    """The line that gives files one size and kind."""
    kind = "L" if len(image) == len(first) == 1 else "RGB"
    resized = "" if image.shape[1:] == first.shape[1:] else f".resize(({first.shape[2]}, {first.shape[1]}))"
    return f'Image.open(path).convert("{kind}"){resized}.save(path)'


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[2]} with {numbered(image.shape[0], 'channel')}"
