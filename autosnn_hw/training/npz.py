"""The two npz forms of a data set: arrays `x_train ..`, and JPEG bytes with one split a file.

A file comes from outside: headers are checked against the archive before anything is allocated, and nothing is unpickled.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError

LARGEST_ARRAY = 16 << 30  # bytes; a larger claim is taken for a damaged or hostile file
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
JPEG_NAMES = ("jpeg", "offset", "label", "classes")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of either form that the file has, checked against the sizes its archive declares.

    Raises:
        InputError: missing, not an npz, damaged, an object array, or an array that is not as large as its header says.
    """
    if not path.is_file():
        raise InputError(f"no data file at {path}; npz:PATH needs an existing .npz file.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            return {name: _read_array(archive, members[name]) for name in ARRAY_NAMES + JPEG_NAMES if name in members}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path} is not a readable npz file ({error}); write it with numpy.savez.") from error


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ValueError(f"array {info.filename} has npy version {version}; 1.0 and 2.0 are read")
        shape, _, dtype = read_header(stream)
        claimed = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject:
            raise ValueError(f"array {info.filename} holds Python objects, which are never unpickled")
        if claimed > LARGEST_ARRAY or claimed != info.file_size - stream.tell():
            raise ValueError(
                f"array {info.filename} claims {claimed} bytes and has {info.file_size - stream.tell()}; "
                f"at most {LARGEST_ARRAY} are read"
            )
    with archive.open(info) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


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
    data, offset, label = (arrays[name] for name in JPEG_NAMES[:3])
    count = len(label)
    if data.ndim != 1 or data.dtype != np.uint8 or offset.ndim != 1 or offset.dtype.kind not in "iu":
        raise InputError(f"{path}: jpeg must be uint8 (bytes,) and offset integers (N + 1,).")
    limits = offset.astype(np.int64)
    if len(limits) != count + 1 or (np.diff(limits) <= 0).any() or limits[0] < 0 or limits[-1] > len(data):
        raise InputError(
            f"{path}: offset must hold N + 1 = {count + 1} increasing positions within the {len(data)} JPEG bytes."
        )
    first = _decode(data[limits[0] : limits[1]].tobytes(), 0, path) if count else np.zeros((0, 0, 0), np.uint8)
    images = np.empty((count, *first.shape), np.uint8)
    for i in range(count):
        image = _decode(data[limits[i] : limits[i + 1]].tobytes(), i, path)
        if image.shape != first.shape:
            raise InputError(f"{path}: image {i} is {image.shape} and image 0 {first.shape}; all must have one size.")
        images[i] = image
    return images, label.astype(np.int64), tuple(str(name) for name in arrays["classes"])


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
