"""The two npz forms of a data set: arrays `x_train ..`, and JPEG bytes with one split a file.

A file comes from outside: headers are checked against the archive before anything is allocated, and nothing is unpickled.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files import npz_arrays
from autosnn_hw.files.input_file import regular

NEEDED = ("x_train", "y_train", "x_test", "y_test")
ARRAY_NAMES = (*NEEDED, "x_val", "y_val")
JPEG_NAMES = ("jpeg", "offset", "label", "classes")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of either form that the file has, checked against what its archive can hold before it is allocated.

    Raises:
        InputError: missing, not an npz, damaged, an object array, or an array that is not as large as its header says.
    """
    return npz_arrays.read(path, (ARRAY_NAMES + JPEG_NAMES).__contains__)


def shape_of(path: Path, name: str) -> tuple[int, ...] | None:
    """Shape that the file says of one array, without reading it; None where it has none that can be read."""
    try:
        with _archive(path) as archive, archive.open(f"{name}.npy") as stream:
            version = np.lib.format.read_magic(stream)
            shape, _, _ = (
                np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            )(stream)
            return tuple(int(n) for n in shape)
    except Exception:  # whatever is wrong with the file is said when it is read
        return None


def names_of(path: Path) -> tuple[str, ...]:
    """Names of the arrays of a file; none where it cannot be read."""
    try:
        with _archive(path) as archive:
            return tuple(name.removesuffix(".npy") for name in archive.namelist())
    except Exception:  # whatever is wrong with the file is said when it is read
        return ()


def _archive(path: Path) -> zipfile.ZipFile:
    """Opened for a look; of a pipe or a device, which would wait or never end, nothing is read."""
    return zipfile.ZipFile(regular(path, "an .npz file", most=npz_arrays.LARGEST_FILE))


def is_jpeg(arrays: dict[str, np.ndarray]) -> bool:
    return "jpeg" in arrays


def decode_jpeg(arrays: dict[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Images uint8 (N, C, H, W), labels int64 (N,) and class names of the JPEG form.

    Raises:
        InputError: a missing array, offsets that do not lie in the bytes, a damaged JPEG, or images of several sizes.
    """
    for name in JPEG_NAMES:
        if name not in arrays:
            raise InputError(f"{path} has no array {name!r}; the JPEG form needs {', '.join(JPEG_NAMES)}.")
    data, offset, label, classes = (arrays[name] for name in JPEG_NAMES)
    if data.ndim != 1 or data.dtype != np.uint8 or offset.ndim != 1 or offset.dtype.kind not in "iu":
        raise InputError(f"{path}: jpeg must be uint8 (bytes,) and offset integers (N + 1,).")
    if label.ndim != 1 or label.dtype.kind not in "iu" or classes.ndim != 1 or classes.dtype.kind not in "SU":
        raise InputError(
            f"{path}: label is {label.dtype} {label.shape} and classes {classes.dtype} {classes.shape}; integers (N,) and names "
            "(classes,) are needed."
        )
    count = len(label)
    limits = offset.astype(np.int64)
    if len(limits) != count + 1 or (np.diff(limits) <= 0).any() or limits[0] < 0 or limits[-1] > len(data):
        raise InputError(
            f"{path}: offset must hold N + 1 = {count + 1} increasing positions within the {len(data)} JPEG bytes."
        )
    first = _decode(data[limits[0] : limits[1]].tobytes(), 0, path) if count else np.zeros((0, 0, 0), np.uint8)
    if count * first.size > max(npz_arrays.HONEST_BYTES, npz_arrays.HONEST_RATIO * len(data)):
        raise InputError(
            f"{path}: {len(data)} JPEG bytes would unpack to {count * first.size}; that is taken for a trap."
        )
    images = np.empty((count, *first.shape), np.uint8)
    for i in range(count):
        image = _decode(data[limits[i] : limits[i + 1]].tobytes(), i, path)
        if image.shape != first.shape:
            raise InputError(f"{path}: image {i} is {image.shape} and image 0 {first.shape}; all must have one size.")
        images[i] = image
    return (
        images,
        label.astype(np.int64),
        tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in classes),
    )


def _decode(data: bytes, index: int, path: Path) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=("JPEG",))
            pixels = np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise InputError(f"{path}: image {index} is not a readable JPEG ({error}).") from error
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
