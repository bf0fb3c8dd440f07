"""Small npz data sets."""

import io

import numpy as np
from PIL import Image


def write(path, **arrays):
    np.savez(path, **arrays)
    return f"npz:{path}"


def arrays(count=10, shape=(1, 6, 6), dtype=np.uint8):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 200, (count, *shape)).astype(dtype)
    y = np.arange(count) % 3
    return {"x_train": x, "y_train": y, "x_test": x[:4], "y_test": y[:4]}


def jpeg_file(path, count=6, side=8, classes=("a", "b"), sizes=None):
    chunks = []
    for i in range(count):
        picture = Image.fromarray(np.full((side if sizes is None else sizes[i], side, 3), 40 * i, np.uint8))
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=95)
        chunks.append(stream.getvalue())
    offset = np.cumsum([0, *map(len, chunks)])
    arrays = {
        "jpeg": np.frombuffer(b"".join(chunks), np.uint8),
        "offset": offset,
        "label": np.arange(count, dtype=np.uint8) % len(classes),
        "classes": np.array(classes),
    }
    np.savez(path, **arrays)
    return arrays
