"""Data sets by name, image folders and npz files; splits: docs/training.md.

Pixels are handed on as they are stored. Normalisation is (x / pixel_max - pixel_mean) / pixel_std, its constants taken from
the training part alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import embedded
from autosnn_hw.training.data.fetched_names import not_fetched
from autosnn_hw.training.data.graded_frames import cut_notes, graded_payload, without_cuts
from autosnn_hw.training.data.meant_names import meant
from autosnn_hw.training.data.sources import (
    cifar10_dvs,
    downloaded,
    dvs_gesture,
    event_camera,
    image_folder,
    nmnist,
    npz_file,
)  # fmt: skip
from autosnn_hw.training.data.sources.event_frames import Framing
from autosnn_hw.training.data.sources.parts import Parts
from autosnn_hw.training.data.sources.sample_values import holds_frames
from autosnn_hw.training.data.splits import channel_statistics, float_range, joined, sha256
from autosnn_hw.words.quantities import numbered

FRAMED = {
    "nmnist": nmnist.STEPS,
    "cifar10-dvs": cifar10_dvs.STEPS,
    "dvs128-gesture": dvs_gesture.STEPS,
}  # T where none is said
FILES = (*downloaded.LAYOUTS, "tiny-imagenet", *FRAMED)  # whose files lie in a folder
DATASETS = ("digits", "events", *FILES)
FORMS = (*DATASETS, *(f"{name}:T" for name in FRAMED), "folder:PATH", "npz:PATH", "npz:TRAIN,TEST")
LEAST_TRAINING = 5  # of which a fifth is held out
DATA_DIR_VARIABLE = "AUTOSNN_HW_DATA"
_HANDED_OVER: dict[str, Dataset] = {}


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """One data set in three disjoint parts.

    Args:
        name: one of `FORMS`.
        x_train, x_val, x_test: images uint8 or float32 (N, C, H, W), or event frames uint8 or int32 (N, T, C, H, W). Loaded
            with `labelled=False` also (N, T, F) or grey images (N, H, W), and flat inputs (N, F).
            x_val is the file's own, else the last 20 % of the training images; the full training set is `full_train()`.
        y_train, y_val, y_test: int64 (N,); of length 0 where a file without labels was loaded with `labelled=False`.
        classes: number of classes.
        image: (Cin, H, W); (F, 1, 1) for frames (N, T, F).
        pixel_mean, pixel_std: float64 (Cin,) of x_train / pixel_max; the mean of float images is taken as 0; 0 and 1 for
            event frames, which are not normalised.
        pixel_max: 255 for bytes, 16 for digits, 1 for float images and event frames.
        sha256: of every array, hexadecimal.
        class_names: one a class where the source has them.
        notes: what was made of the arrays, in sentences: axes in another order, counts cut to spikes.
        split: which samples are for testing, in words.
        preprocessing: what was done with a sample before normalisation, in words.
        payload: largest value of a frame that the network takes: 1 for spikes; more where it takes counts (graded spikes).
        pixel_range: lowest and highest pixel of training and validation images that are floats, whose type says no range.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int
    image: tuple[int, int, int]
    pixel_mean: np.ndarray
    pixel_std: np.ndarray
    pixel_max: float
    sha256: str
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    payload: int = 1
    pixel_range: tuple[float, float] | None = None
    split: str = "the source's own"
    preprocessing: str = "none"

    @property
    def is_frames(self) -> bool:
        """True for event frames: axis 1 is time."""
        return holds_frames(self.x_test)

    @property
    def timesteps(self) -> int | None:
        """T of event frames, None for images."""
        return int(self.x_test.shape[1]) if self.is_frames else None

    def samples(self) -> dict[str, np.ndarray]:
        """Those of each part, by what they are for."""
        return {"training": self.x_train, "validation": self.x_val, "test": self.x_test}

    def full_train(self) -> tuple[np.ndarray, np.ndarray]:
        """Training and validation images with labels, in the order of the source; no copy where they lie in one array."""
        return joined(self.x_train, self.x_val), np.concatenate([self.y_train, self.y_val])

    def normalise(self, x: np.ndarray) -> np.ndarray:
        """float32 array of x's shape: (x / pixel_max - mean) / std per channel; of event frames what the network takes: 1 where x > 0, or
        counts up to `payload`."""
        if self.is_frames:
            return x.clip(0, self.payload).astype(np.float32)
        gain = (1 / (self.pixel_max * self.pixel_std)).astype(np.float32).reshape(-1, 1, 1)
        shift = (self.pixel_mean / self.pixel_std).astype(np.float32).reshape(-1, 1, 1)
        return x.astype(np.float32) * gain - shift


def load(
    name: str,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = False,
    labelled: bool = True,
    graded: bool = False,
) -> Dataset:
    """Load a dataset of `FORMS`.

    Args:
        name: which data set. The events of an event camera's become T frames of equal numbers of events, `NAME:T`, or of equal times,
            `NAME:T:time`; `npz:TRAIN,TEST` has one JPEG split a file.
        data_dir: where the files of a dataset lie or go; default the environment variable AUTOSNN_HW_DATA, else ./data.
        download: fetch them where they are missing and are handed out without asking.
        labelled: require labels and a training part, and put axes in order: grey images (N, H, W), and channels or time that are
            written last. Without, a file needs x_test alone, and it is as it is: the network says what it takes.
        graded: the network takes event frames as counts, up to the largest of the training part (`graded_payload`).

    Raises:
        InputError: unknown name, missing or damaged file, arrays of the wrong shape or type; images with `graded`.
    """
    if name in _HANDED_OVER:
        return _HANDED_OVER[name]
    try:
        data = of_parts(name, _parts(name, data_dir, download, labelled), labelled)
    except PermissionError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}; let it be read by this user.") from None
    except InputError as refusal:
        if not download:
            raise
        raise not_fetched(name, refusal) from refusal.__cause__
    if not graded:
        return data
    if not data.is_frames:
        raise InputError(f"{name} holds images; --graded is for event frames (N, T, C, H, W), whose values are counts.")
    payload = graded_payload(data.x_train)
    return replace(data, payload=payload, notes=(*without_cuts(data.notes), *cut_notes(data.samples(), payload)))


def _parts(name: str, data_dir: str | os.PathLike[str] | None, download: bool, labelled: bool) -> Parts:
    if name == "digits":
        return embedded.digits()
    if name == "events":
        return embedded.events()
    if name.startswith(npz_file.PREFIX) and len(name) > len(npz_file.PREFIX):
        return npz_file.load(name, labelled)
    if (images := _images(name)) is not None:
        return image_folder.image_folder(images, labelled)
    return _of_files(
        name, Path(data_dir if data_dir is not None else os.environ.get(DATA_DIR_VARIABLE, "data")), download
    )


def _images(name: str) -> Path | None:
    """The folder of `folder:PATH`."""
    path = name.removeprefix("folder:")
    return Path(path).expanduser() if path not in ("", name) else None


def _of_files(name: str, folder: Path, download: bool) -> Parts:
    if name in downloaded.LAYOUTS:
        return downloaded.load(name, folder, download)
    if name == "tiny-imagenet":
        return image_folder.tiny_imagenet(folder)
    if (framing := _framing(name)) is not None:
        if name.startswith("nmnist"):
            return nmnist.load(folder, framing)
        reader = cifar10_dvs.load if name.startswith("cifar10-dvs") else dvs_gesture.load
        return reader(folder, framing, download)
    raise InputError(f"unknown data set {name!r}; {meant(name, DATASETS, FORMS)}")


def hand_over(dataset: Dataset) -> str:
    """The name by which `load` gives this very data set in this process: a worker gets it whole from elsewhere."""
    name = f"sha256:{dataset.sha256}-{dataset.payload}"
    _HANDED_OVER[name] = dataset
    return name


def timesteps_of(name: str) -> int | None:
    """T of a dataset's event frames, found without loading them; None for images and what is not known yet."""
    if name == "events":
        return event_camera.STEPS
    if (framing := _framing(name)) is not None:
        return framing.steps
    return npz_file.timesteps_of(name) if name.startswith(npz_file.PREFIX) else None


def require_steps(name: str, found: int | None, timesteps: int) -> None:
    """Refuse event frames of another number of steps.

    Args:
        found: steps of the frames, None of images and where it is not known yet.

    Raises:
        InputError: with both numbers, and where the name can say how many, the name that would.
    """
    if found is None or found == timesteps:
        return
    kind, *_ = name.split(":")
    other = f", or take --dataset {':'.join([kind, str(timesteps), *name.split(':')[2:]])}" if kind in FRAMED else ""
    raise InputError(
        f"{name} has frames of {numbered(found, 'step')}; {timesteps} were asked for; leave --timesteps out{other}."
    )


def lacking(name: str) -> tuple[str, ...]:
    """What training needs and a data set has not: of an npz file of samples alone, and of a folder of one part."""
    if (images := _images(name)) is not None:
        return image_folder.lacking(images)
    return npz_file.lacking(name) if name.startswith(npz_file.PREFIX) else ()


def _framing(name: str) -> Framing | None:
    """How the events of `nmnist`, `nmnist:T`, `nmnist:T:time` .. become frames; None for other data sets."""
    kind = name.partition(":")[0]
    return Framing.of(name, FRAMED[kind]) if kind in FRAMED else None


def of_parts(name: str, parts: Parts, labelled: bool = False) -> Dataset:
    """What a reader, or a caller, has handed on, in three parts.

    Args:
        name: for errors, and of the data set.
        labelled: require a training part.

    Raises:
        InputError: too few training samples, or none for testing.
    """
    x_train, y_train, x_test, y_test = parts.x_train, parts.y_train, parts.x_test, parts.y_test
    if not len(x_test) or (labelled and not len(x_train)):
        raise InputError(
            f"{name} has {len(x_train)} training and {len(x_test)} test samples; at least {LEAST_TRAINING} and 1 are needed (for testing: {parts.split})."
        )
    if 0 < len(x_train) < LEAST_TRAINING:
        raise InputError(f"{name}: {len(x_train)} training samples are too few; at least {LEAST_TRAINING} are needed.")
    kept = len(x_train) - (len(x_train) // 5 if parts.validation is None else 0)
    x_val, y_val = (x_train[kept:], y_train[kept:]) if parts.validation is None else parts.validation
    frames = holds_frames(x_test)
    flat = x_test.ndim == 2 or (frames and x_test.ndim == 3)
    image = (x_test.shape[-1], 1, 1) if flat else (1, *x_test.shape[1:])[-3:]
    pixel_max = parts.pixel_max
    if pixel_max is None:
        pixel_max = 255.0 if x_test.dtype == np.uint8 and not frames else 1.0
    mean, std = np.zeros(image[0]), np.ones(image[0])
    if len(x_train) and x_train.ndim == 4:
        mean, std = channel_statistics(x_train[:kept], pixel_max)
    largest = max([-1, *(int(y.max()) for y in (y_train, y_val, y_test) if len(y))])
    return Dataset(
        name=name,
        x_train=x_train[:kept],
        y_train=y_train[:kept],
        x_val=x_val,
        y_val=y_val,
        x_test=x_test,
        y_test=y_test,
        classes=len(parts.class_names) or largest + 1,
        image=(int(image[0]), int(image[1]), int(image[2])),
        pixel_mean=mean,
        pixel_std=std,
        pixel_max=pixel_max,
        sha256=parts.sha256 or sha256((x_train, y_train, *(parts.validation or ()), x_test, y_test)),
        class_names=parts.class_names,
        notes=parts.notes,
        split=parts.split,
        preprocessing=parts.preprocessing,
        pixel_range=float_range(x_train, x_val),
    )
